/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model-specific registers: for each of a table, whether it can be read, whether what was read can be written back, and
 * for those where it says something, what a wrong value does. A value is told only where it is the same everywhere.
 */
#include "xen_guest.h"

enum { SHOW = 1, KEEP = 2 }; /* the value is told; it is not written */

static const struct { uint32_t index; const char *name; unsigned flags; } list[] = {
    { 0x000, "P5_MC_ADDR", 0 }, { 0x001, "P5_MC_TYPE", 0 }, { 0x010, "TSC", KEEP }, { 0x017, "PLATFORM_ID", 0 },
    { 0x01b, "APIC_BASE", SHOW }, { 0x02a, "EBL_CR_POWERON", 0 }, { 0x034, "SMI_COUNT", 0 },
    { 0x03a, "FEATURE_CONTROL", SHOW }, { 0x03b, "TSC_ADJUST", 0 }, { 0x048, "SPEC_CTRL", 0 },
    { 0x049, "PRED_CMD", KEEP }, { 0x079, "UCODE_WRITE", KEEP }, { 0x08b, "UCODE_REV", 0 }, { 0x0c1, "PMC0", 0 },
    { 0x0ce, "PLATFORM_INFO", 0 }, { 0x0cf, "CORE_CAPABILITIES", 0 }, { 0x0e2, "PKG_CST_CONFIG", 0 },
    { 0x0e7, "MPERF", 0 }, { 0x0e8, "APERF", 0 }, { 0x0fe, "MTRR_CAP", SHOW }, { 0x10a, "ARCH_CAPABILITIES", 0 },
    { 0x10b, "FLUSH_CMD", KEEP }, { 0x122, "TSX_CTRL", 0 }, { 0x140, "MISC_FEATURES", 0 },
    { 0x174, "SYSENTER_CS", SHOW }, { 0x175, "SYSENTER_ESP", SHOW }, { 0x176, "SYSENTER_EIP", SHOW },
    { 0x179, "MCG_CAP", 0 }, { 0x17a, "MCG_STATUS", SHOW }, { 0x17b, "MCG_CTL", 0 }, { 0x186, "PERFEVTSEL0", 0 },
    { 0x198, "PERF_STATUS", 0 }, { 0x199, "PERF_CTL", 0 }, { 0x19a, "CLOCK_MODULATION", 0 },
    { 0x19b, "THERM_INTERRUPT", 0 }, { 0x19c, "THERM_STATUS", 0 }, { 0x1a0, "MISC_ENABLE", 0 },
    { 0x1d9, "DEBUGCTL", SHOW }, { 0x1db, "LAST_BRANCH_FROM", 0 }, { 0x200, "MTRR_PHYSBASE0", SHOW },
    { 0x201, "MTRR_PHYSMASK0", SHOW }, { 0x250, "MTRR_FIX64K", SHOW }, { 0x26f, "MTRR_FIX4K_F8000", SHOW },
    { 0x277, "PAT", SHOW }, { 0x2ff, "MTRR_DEF_TYPE", SHOW }, { 0x309, "FIXED_CTR0", 0 }, { 0x345, "PERF_CAPS", 0 },
    { 0x38f, "PERF_GLOBAL_CTRL", 0 }, { 0x400, "MC0_CTL", 0 }, { 0x401, "MC0_STATUS", SHOW }, { 0x480, "VMX_BASIC", 0 },
    { 0x606, "RAPL_UNIT", 0 }, { 0x6e0, "TSC_DEADLINE", SHOW }, { 0x802, "X2APIC_ID", 0 }, { 0xc80, "DEBUG_IFACE", 0 },
    { 0xd90, "BNDCFGS", 0 }, { 0xda0, "XSS", 0 }, { 0x40000000, "XEN_HYPERCALL", KEEP }, { 0x40000001, "XEN_1", 0 },
    { 0xc0000080, "EFER", 0 }, { 0xc0000081, "STAR", SHOW }, { 0xc0000082, "LSTAR", SHOW },
    { 0xc0000083, "CSTAR", SHOW }, { 0xc0000084, "SFMASK", SHOW }, { 0xc0000100, "FS_BASE", SHOW },
    { 0xc0000101, "GS_BASE", SHOW }, { 0xc0000102, "KERNEL_GS_BASE", SHOW }, { 0xc0000103, "TSC_AUX", SHOW },
    { 0xc0000104, "TSC_RATIO", 0 }, { 0xc0010000, "K7_EVNTSEL0", 0 }, { 0xc0010004, "K7_PERFCTR0", 0 },
    { 0xc0010010, "SYSCFG", 0 }, { 0xc0010015, "HWCR", 0 }, { 0xc001001a, "TOP_MEM", 0 }, { 0xc001001f, "NB_CFG", 0 },
    { 0xc0010055, "INT_PENDING", 0 }, { 0xc0010062, "PSTATE_CTL", 0 }, { 0xc0010064, "PSTATE_DEF0", 0 },
    { 0xc0010111, "SMM_BASE", 0 }, { 0xc0010114, "VM_CR", 0 }, { 0xc0010117, "VM_HSAVE_PA", 0 },
    { 0xc001011f, "VIRT_SPEC_CTRL", 0 }, { 0xc0010140, "OSVW_ID_LENGTH", 0 }, { 0xc0011020, "LS_CFG", 0 },
    { 0xc0011022, "DC_CFG", 0 }, { 0xc0011029, "DE_CFG", 0 }, { 0x12345678, "nothing", 0 },
};

/* Values that the architecture refuses (Intel SDM, volume 4; AMD APM, volume 2, appendix A). */
static const struct { uint32_t index; uint64_t value; const char *name; } wrong[] = {
    { 0x01b, 0xfee00d00ull | 1ull << 1, "APIC_BASE with a reserved bit" },
    { 0x277, 0x0202020202020202ull, "PAT of type 2" }, { 0x277, 0x0606060606060608ull, "PAT of type 8" },
    { 0x2ff, 0x2, "MTRR_DEF_TYPE of type 2" }, { 0x200, 0x2, "MTRR_PHYSBASE0 of type 2" },
    { 0xc0000080, 1ull << 1, "EFER with a reserved bit" }, { 0xc0000080, 1ull << 63, "EFER with bit 63" },
    { 0x401, 1, "MC0_STATUS with a bit" }, { 0x179, 1, "MCG_CAP" }, { 0x0fe, 0, "MTRR_CAP" },
    { 0x40000000, 1, "hypercall page 1" }, { 0x40000000, 0xfffffffffffff000ull, "hypercall page nowhere" },
};

static const char *write_result(uint32_t index, uint64_t value)
{
    struct caught c;

    catch_begin();
    msr_write(index, value);
    catch_end(&c);
    return caught_name(&c);
}

void guest_main(void)
{
    struct caught c;
    uint64_t value;

    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        catch_begin();
        value = msr_read(list[i].index);
        if (catch_end(&c)) {
            say("0x%08x %s: read %s, write of 0 %s\n", list[i].index, list[i].name, caught_name(&c),
                list[i].flags & KEEP ? "not tried" : write_result(list[i].index, 0));
            continue;
        }
        say("0x%08x %s: read ok", list[i].index, list[i].name);
        if (list[i].flags & SHOW) {
            say(", 0x%lx", value);
        }
        say(", write %s\n", list[i].flags & KEEP ? "not tried" : write_result(list[i].index, value));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(wrong); i++) {
        say("%s: %s\n", wrong[i].name, write_result(wrong[i].index, wrong[i].value));
    }
    if (sizeof(void *) == 8) {
        say("LSTAR that is not canonical: %s\n", write_result(0xc0000082, 1ull << 62));
        say("FS_BASE that is not canonical: %s\n", write_result(0xc0000100, 1ull << 62));
        say("SYSENTER_EIP that is not canonical: %s\n", write_result(0x176, 1ull << 62));
    }
    /* Only now: what was wrong above must not have taken effect. */
    say("hypercalls still answer: %s\n",
        hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0) > 0 ? "yes" : "no");
}
