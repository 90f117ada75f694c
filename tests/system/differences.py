# SPDX-License-Identifier: Apache-2.0
"""Where a guest may see something else on Bulkhead than on Debian's Xen 4.17, and why. Everything else is a bug.

A row whose difference no longer shows up fails test_every_explanation_is_used: it must go.
"""
import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Difference:
    """GUEST and KEY are regular expressions for the program and the whole name of a result line (its "#2" taken off);
    OURS for the whole value on Bulkhead, where None means that the line is missing there; GIC restricts the row to a
    version."""
    guest: str
    key: str
    ours: str
    reason: str
    gic: int = None

    def covers(self, guest, gic, key, ours):
        key = re.sub(r" #\d+$", "", key)
        return (re.fullmatch(self.guest, guest) is not None and re.fullmatch(self.key, key) is not None
                and (self.gic is None or self.gic == gic)
                and (ours is None if self.ours is None else ours is not None and bool(re.fullmatch(self.ours, ours))))


UNDEFINED = "undefined esr 0x2000000"
OK = "ok"
ENOSYS = "-38"
EPERM = "-1"
EINVAL = "-22"

# In reasons: "Arm ARM" is DDI 0487, where each register has a description under its name; IHI 0048 is GICv2's
# architecture, IHI 0069 GICv3's, DDI 0183 the PL011's manual, DEN 0029 SBSA, whose appendix has the generic UART,
# DEN 0028 SMCCC. Names with ".h" are Xen's public headers.
DIFFERENCES = [
    # --- traps -------------------------------------------------------------------------------------------------------
    Difference("traps", "mrs S3_0_C0_C1_1", "0x10000",
               "ID_PFR1_EL1: of its fields only GenTimer is not 0 where EL1 cannot use AArch32 (Arm ARM, "
               "ID_PFR1_EL1)."),
    Difference("traps", "mrs S3_0_C0_C1_2", "0x6",
               "ID_DFR0_EL1: CopDbg as ID_AA64DFR0_EL1.DebugVer, but no PMU and no trace (Arm ARM, ID_DFR0_EL1)."),
    Difference("traps", "mrs S3_0_C0_C4_0", "0x(10000)?22",
               "ID_AA64PFR0_EL1.EL2 is 0: a guest has no EL2 (Arm ARM, ID_AA64PFR0_EL1); Xen shows the CPU's."),
    Difference("traps", "mrs S3_0_C0_C5_0", "0x10305006",
               "ID_AA64DFR0_EL1.PMUVer is 0: there is no PMU. Xen announces it, then answers with zeros."),
    Difference("traps", "mrs S3_0_C0_C7_0", "0x1122",
               "ID_AA64MMFR0_EL1.PARange: the 40 bits that stage 2 takes (VTCR_EL2.T0SZ, PS), not the CPU's 44."),
    Difference("traps", "(mrs|msr) S3_[03]_C9_C1[234]_\\d", UNDEFINED,
               "Without FEAT_PMUv3 access to a PMU register is UNDEFINED (Arm ARM, each one's accessibility); Xen "
               "reads zeros and drops writes."),
    Difference("traps", "msr S2_0_C0_C0_[45]", "0x1000|0x1e4",
               "DBGBVR0_EL1, DBGBCR0_EL1 keep what is written but for RES0 bits (Arm ARM, under their names); Xen "
               "drops it."),
    Difference("traps", "msr S3_0_C12_C11_[67]", OK, gic=3,
               reason="ICC_ASGI1R_EL1, ICC_SGI0R_EL1 exist with the system register interface (IHI 0069, 12.2); Xen "
                      "4.17 gives undefined."),
    Difference("traps", "str post-index to the uart", OK, "A reserved register of the page, as below."),
    Difference("traps|user", r"ldrs[bhw] .*\],.*|(ld|st)r.*\]!", "0x.*, base .0x.*|x0 0x.*, x1 .0x.*, the register 0x.*",
               "To Device memory they are ordinary accesses; ESR_EL2.ISV is 0 for them (Arm ARM, ESR_EL2, ISS of a "
               "data abort). Xen 4.17 decodes post-indexed ones only, and none that extend a sign."),
    Difference("traps", "ldrsb from the uart", "0xffffffffffffff90",
               "UARTFR.TXFE is set when the transmit FIFO is empty (DDI 0183, 3.3.3); Xen shows it only later."),
    Difference("traps", "ldrh from the uart", "0x90", "The same register."),
    # --- psci --------------------------------------------------------------------------------------------------------
    Difference("psci", "call SMCCC_ARCH_FEATURES of (SMCCC_VERSION|itself)", "0x0",
               "From version 1.1 on both calls are mandatory (DEN 0028, SMCCC_VERSION, SMCCC_ARCH_FEATURES); Xen 4.17 "
               "denies them."),
    Difference("psci", "call SMCCC_ARCH_FEATURES of ARCH_WORKAROUND_[12]|call ARCH_WORKAROUND_1", "0xffffffffffffffff",
               "NOT_SUPPORTED where firmware does not implement it (DEN 0028, SMCCC_ARCH_WORKAROUND_1 and 2), as on "
               "this board; Xen claims them by itself."),
    # --- vgic: what both versions share ------------------------------------------------------------------------------
    Difference("vgic", "GICD 0x4( writable)?", "0x3480002|0x22",
               "GICD_TYPER: 64 SPIs, not the board's number. Version 3: 10 bits of interrupt id, no 1-of-N, affinity 3 "
               "valid, and CPUNumber 0 as affinity routing is always on (IHI 0069, GICD_TYPER; IHI 0048, 4.3.2)."),
    Difference("vgic", "GICD 0x8|GICR 0x4", "0x4200043b",
               "IIDR: implementer Arm, a product of our own (IHI 0048, 4.3.3; IHI 0069, GICD_IIDR, GICR_IIDR)."),
    Difference("vgic", "GICD 0x0( writable)?", "0x50|0x53|0x3",
               "GICD_CTLR with one Security state: DS reads as one, and both groups have an enable bit (IHI 0069, "
               "GICD_CTLR; IHI 0048, 4.3.1)."),
    Difference("vgic", "GICD 0x84( writable)?|GICR SGI 0x80( writable)?", "0xffffffff",
               "IGROUPR: with one Security state each interrupt has its bit (IHI 0069, GICD_IGROUPR; IHI 0048, 4.3.4); "
               "Xen reads zero."),
    Difference("vgic", "GIC[DR]( SGI)? 0x4[02]0 writable", "0xf8f8f8f8",
               "IPRIORITYR: as many bits as the CPU interface has, five; the others are RAZ/WI (IHI 0069, 4.8; IHI "
               "0048, 3.3)."),
    Difference("vgic", "GIC[DR]( SGI)? 0xc0[048]( writable)?", "0xaaaaaaaa|0x0",
               "ICFGR: SGIs are edge-triggered, PPIs may be fixed, the lower bit of a pair is reserved (IHI 0069, "
               "GICD_ICFGR, GICR_ICFGR0 and 1; IHI 0048, 4.3.13)."),
    Difference("vgic", "GIC[DR] 0xf?fe8", "0x3b|0x2b",
               "PIDR2: ArchRev, and Arm's JEP106 identity with its flag, the same as in IIDR (IHI 0069, GICD_PIDR2)."),
    Difference("vgic", "GICR_TYPER size (8|16|32|64)", ".*",
               "GICR_TYPER has 64 bits, by 32 and by 64, and is read-only (IHI 0069, GICR_TYPER; 12.1, access "
               "sizes): a write of the right size is ignored. Xen has it reversed."),
    Difference("vgic", "GICD 0x100", "0xffff", gic=2,
               reason="Whether SGIs are always enabled is the implementation's choice (IHI 0048, 4.3.5), as on a "
                      "GIC-400."),
    Difference("vgic", "GICD 0xf00", "0x0", gic=2, reason="GICD_SGIR is write-only (IHI 0048, 4.3.15)."),
    Difference("vgic", "16 SGIs to self, in order of number", "16 taken: 0 1 2 3 .*",
               "Which of equal priorities comes first is the implementation's choice (IHI 0048, 3.3; IHI 0069, 4.8)."),
    Difference("vgic", "16 SGIs, the last with the highest priority", "16 taken: 15 14 13 .*",
               "The highest priority pending interrupt is signalled (IHI 0048, 3.3; IHI 0069, 4.8): more than there "
               "are list registers still come in that order; Xen's do not."),
    Difference("vgic", "a disabled SGI|the same, enabled", "[01] taken.*", gic=2,
               reason="SGIs are always enabled, as above."),
    Difference("vgic", "it is pending|pending bits|pending while disabled", "1|0xffffff00 0xffff",
               "ISPENDR reads the pending state (IHI 0048, 4.3.7; IHI 0069, GICD_ISPENDR); Xen reads zero."),
    Difference("vgic", "pending and cleared", "0 taken",
               "ICPENDR takes it away (IHI 0048, 4.3.8; IHI 0069, GICD_ICPENDR); Xen ignores it."),
    Difference("vgic", "active while handled|pending and active", "1",
               "ISACTIVER and ISPENDR read the state (IHI 0048, 4.3.9, 4.3.7; IHI 0069, GICD_ISACTIVER)."),
    Difference("vgic", "write of the active state", OK,
               "ISACTIVER can be written (IHI 0048, 4.3.9; IHI 0069, GICD_ISACTIVER); Xen aborts."),
    Difference("vgic", "made active by software|pending behind an active state set by software|made inactive|then",
               "1|0|0 taken|1 taken: 40", "What follows from it."),
    # --- timer -------------------------------------------------------------------------------------------------------
    Difference("timer", "virtual \\d+ ms (busy|asleep)", "fired yes, not early yes, within 50 ms yes, status 0x5",
               "CNTV_CTL_EL0.IMASK is software's (Arm ARM, CNTV_CTL_EL0): Xen sets it behind the guest's back when the "
               "timer fires."),
    Difference("timer", "virtual interrupt disabled", "fired no, control 0x5", "The same."),
    # --- vpl011 ------------------------------------------------------------------------------------------------------
    Difference("vpl011", "uart 0x18", "ok 0x90",
               "UARTFR.TXFE is set when the transmit FIFO is empty (DDI 0183, 3.3.3)."),
    Difference("vpl011", "uart 0x[0-9a-f]+( write)?", "ok 0x0|ok",
               "What the generic UART leaves out of the PL011's page must not be used (DEN 0029, generic UART; DDI "
               "0183, 3.2): here it reads as zero and ignores writes, Xen aborts."),
    Difference("vpl011", "uart size 8 at an odd address", OK,
               "An access that does not begin where a register does is nowhere defined (DEN 0029, generic UART)."),
    Difference("vpl011", "mask keeps", "0x7f0",
               "UARTIMSC: the generic UART has bits 4 to 10 (DDI 0183, 3.3.10; DEN 0029); the others are reserved."),
    # --- xenabi ------------------------------------------------------------------------------------------------------
    Difference("xenabi", "hypervisor node", "yes",
               "Xen 4.17 adds the node only with xen,enhanced (its booting.txt), which needs a dom0; here Linux always "
               "sees Xen."),
    Difference("xenabi", "capabilities", "xen-3.0-aarch64 ?", "Kinds of guests (version.h): no AArch32 ones."),
    Difference("xenabi", "platform parameters", "0x0",
               "XENVER_platform_parameters is where the hypervisor begins (version.h), which is none of a guest's "
               "business."),
    Difference("xenabi", "domctl|sysctl|platform_op", EPERM,
               "domctl.h, sysctl.h: for control domains. Xen answers before it looks whether the caller may."),
    # --- evtchn, evtchn_fifo -----------------------------------------------------------------------------------------
    Difference("evtchn", "bind_(interdomain|virq), structure read-only", "-14",
               "A port and a virq that the call before has bound: here it is looked first whether the result can be "
               "told, with Xen last. event_channel.h has no word on it."),
    Difference("evtchn", "status of the port that nobody was told", "0, is 0, vcpu 0, u 0x7777 0x8888",
               "The port of a call that was answered -EFAULT: with Xen it is there, here it is not."),
    Difference("evtchn", "operation 14 at null|reset, continued from outside", ENOSYS,
               "EVTCHNOP_reset_cont is for Xen itself (event_channel.h, within __XEN__): how it continues a reset. "
               "Here a call continues as itself."),
    Difference("evtchn", "bind_pirq \\d+", EINVAL,
               "For privileged domains (event_channel.h, note 2 of bind_pirq), and there is no such PIRQ; Xen says "
               "that memory is short."),
    Difference("evtchn", "vCPU 1 (without|gets) a place", r"cpu 1, [01] upcalls, ports none",
               "The shared page has the vcpu_info of XEN_LEGACY_MAX_VCPUS vCPUs (arch-arm.h): of vCPU 0. Another one "
               "is not interrupted for what it could not read anyhow."),
    Difference("evtchn_fifo", "init_control in the shared page", EINVAL,
               "control_gfn is a page of the guest's (event_channel.h); the shared page is the hypervisor's."),
    # --- vcpu --------------------------------------------------------------------------------------------------------
    Difference("vcpu", "vcpu_op 5 of vCPU 0x1|run-state area of a vCPU that is off", "-22.*",
               "A virtual address (vcpu.h) means something by the vCPU's own tables only, so each registers its own "
               "area."),
    Difference("vcpu", "run-state area( at .*|, read-only)", "-14",
               "The area is looked at when it is registered; Xen ignores what it cannot write, and vcpu.h has no "
               "word on it."),
    Difference("vcpu", "a third watchdog", "-28",
               "Results are of 64 bits, errors negative (xen.h on Arm's convention, arch-arm.h); Xen's loses the "
               "sign."),
    # --- calls -------------------------------------------------------------------------------------------------------
    Difference("calls", "console write", None, "Text by console_io goes on the line that the UART began."),
    Difference("calls", "written by the callconsole write", "0", "The same."),
    Difference("calls", "(domctl|sysctl|platform_op) .*", ".*-1.*",
               "domctl.h, sysctl.h, platform.h: for control domains. Xen reads the arguments of all others, too."),
    Difference("calls", "argo_op \\d", "-(95|14)", "Argo is there (argo.h); Debian's Xen is built without it."),
    Difference("calls", "hypercall 39", "-95", "The same."),
    Difference("calls", "hypercall (7|35|36)", EPERM, "The same."),
    # --- grant -------------------------------------------------------------------------------------------------------
    Difference("grant", "place frame 2\\^32", EINVAL,
               "xen_add_to_physmap.idx is xen_ulong_t, 64 bits on Arm (memory.h, arch-arm.h); Xen looks at 32 of "
               "them."),
    Difference("grant", "setup after that", "0, status 0, frames 0xf{16} 0xa{16} 0xa{16}", "So frame 0 is nowhere."),
    Difference("grant", "place frame 0 beyond addresses", EINVAL,
               "2^28 is beyond the 40 bits of ID_AA64MMFR0_EL1.PARange that the guest is shown; with Xen it has 44."),
    Difference("grant", "take back frame (2\\^32|0 beyond addresses)", None, "What was not placed is not taken back."),
    Difference("grant", "copy from the grant table", "0, status -9",
               "grant_table.h copies pages of a domain's memory; the grant table's frames are the hypervisor's."),
    Difference("grant", "set version 0x2", "0, 2",
               "grant_table.h has version 2 (GNTTABOP_set_version); Xen on Arm has not."),
    Difference("grant", "set version 0x(3|ffffffff)", "-22, 2",
               "The structure gets the version that holds, as with Xen."),
    Difference("grant", "entry (1|10)", "access, frame 0x1234|invalid, frame 0x0",
               "A change of version empties the table but for the reserved entries, of which none is in use then."),
    # --- grant_map ---------------------------------------------------------------------------------------------------
    Difference("grant_map", "map the grant table", "0, status -9, no handle",
               "Its frames are the hypervisor's, as above."),
    Difference("grant_map", "entry the grant table", "access", "What follows from it."),
    Difference("grant_map", "unmap the grant table", None, "The same."),
    Difference("grant_map", "mappings of one entry", "399, then 0, status 0",
               "grant_table.h has no limit of uses; Xen's counters have eight bits."),
    Difference("grant_map", "unmap at (a wrong place|the other's place)", "0, status -1",
               "host_addr \"must refer to a mapping that is tracked by <handle>\" (grant_table.h); Xen forgets the "
               "handle, says okay, and the page stays mapped."),
    Difference("grant_map", "unmap where (it|the second) is, after that", "0, status 0",
               "So the handle is still there."),
    Difference("grant_map", "map over a mapping", "0, status -1, no handle",
               "A mapping ends by GNTTABOP_unmap_grant_ref only (grant_table.h, note 3 of map_grant_ref)."),
    # --- state -------------------------------------------------------------------------------------------------------
    Difference("state", "(MDSCR|DBG[BW][VC]R[01])_EL1 takes", "0x(9000|fffffffffffc|1e6|1ffe)",
               "They keep what is written (Arm ARM D17.3); Xen reads zero and drops writes."),
    Difference("state", "AP(IA|IB|DA|DB|GA)Key(Lo|Hi)_EL1", None,
               "Where the CPU has pointer authentication (ID_AA64ISAR1_EL1.APA) a guest has it; with Xen 4.17 it has "
               "not."),
    Difference("state", "AP(IA|IB|DA|DB|GA)Key(Lo|Hi)_EL1 (takes|kept)", "0xf{16}|yes", "The same."),
    # --- memory ------------------------------------------------------------------------------------------------------
    Difference("memory", "populated pages are zero|it is zero", "yes",
               "Nobody sees what a page held before; Xen shows it."),
    Difference("memory", "pages by populate (beyond addresses|at the last gfn)", "0",
               "A page that could not be put there is not charged; with Xen it is, and is nowhere."),
    Difference("memory", "(pages by )?populate where memory is", "0",
               "Memory does not take the place of memory: Xen's old page stays charged, and is nowhere."),
    Difference("memory", "it is another page", "no", "The same."),
    Difference("memory", "(pages by )?increase with room", "0",
               "The new page would be at no address of a translated guest, which has populate_physmap for that "
               "(memory.h)."),
    Difference("memory", "exchange (of .*|with another|at null)|memory_op 11 .*", "-95",
               "\"Only PV guests can use this operation\" (memory.h): refused without a look at what is asked."),
    Difference("memory", "shared page with (an extent|extent 65536)", EINVAL,
               "The upper bits say where a list goes on; one page is no list."),
    Difference("memory", "decrease of the shared page", "0", "It is not memory of the guest's reservation (memory.h)."),
    Difference("memory", "what is there after the decrease", "zero", "So it is still there."),
    Difference("memory", "acquire_resource (of oneself|by number)", "0|-16",
               "A domain may map its own grant table anyhow; -16: it is mapped already. Xen gives it to others only."),
    Difference("memory", "get_vnumainfo .*|memory_op 26 .*", "-95",
               "No partition has a NUMA layout: refused without a look at what is asked, as Xen refuses what is "
               "right."),
    Difference("memory", "claim_pages.*|memory_op (24|27) .*", ENOSYS,
               "For tool stacks (memory.h, within __XEN_TOOLS__)."),
]
