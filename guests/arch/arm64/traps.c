/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest gets when it touches what may not be its own: every class of system register, instructions that
 * belong to higher exception levels, calls with unusual immediates, addresses where nothing is. One line each:
 * the value where it can't vary, else the name of what happened.
 */
#include "guest.h"

/* MRS Xt: 0xd53..., MSR: 0xd51..., SYS: 0xd50 with op0 = 1; Arm ARM C5.1.2. */
#define SYSREG(op0, op1, crn, crm, op2) ((op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define MRS(r) (0xd5200000u | (r))
#define MSR(r) (0xd5000000u | (r))

static uint64_t buffer[64] __attribute__((aligned(64)));

/* Req: BH-TRAP-005 */
static void report(const char *what, const struct caught *c, bool show, uint64_t value)
{
    if (c->taken) {
        say("%s: %s esr 0x%lx%s\n", what, caught_name(c), c->esr & ~(uint64_t)0x1ff,
            c->displaced != 0 ? ", return address beside the instruction" : "");
    } else if (show) {
        say("%s: 0x%lx\n", what, value);
    } else {
        say("%s: ok\n", what);
    }
}

static void name_of(char out[32], const char *verb, unsigned r)
{
    format_to(out, 32, "%s S%u_%u_C%u_C%u_%u", verb, r >> 19 & 3, r >> 16 & 7, r >> 12 & 15, r >> 8 & 15, r >> 5 & 7);
}

static void read_register(unsigned r, bool show)
{
    char name[32];
    struct caught c;
    uint64_t value = run_instruction(MRS(r), 0, 0, &c);

    name_of(name, "mrs", r);
    report(name, &c, show, value);
}

static void write_register(unsigned r, uint64_t value, bool show)
{
    char name[32];
    struct caught c;

    run_instruction(MSR(r), value, 0, &c);
    name_of(name, "msr", r);
    if (!c.taken && show) {
        value = run_instruction(MRS(r), 0, 0, &c);
    }
    report(name, &c, show, value);
}

/* Req: BH-TRAP-002 */
/* ID registers: the whole space CRn = 0, which reads as 0 where nothing is allocated (Arm ARM D17.1.2). */
static void id_registers(void)
{
    for (unsigned crm = 0; crm < 8; crm++) {
        for (unsigned op2 = 0; op2 < 8; op2++) {
            read_register(SYSREG(3, 0, 0, crm, op2), true);
        }
    }
    write_register(SYSREG(3, 0, 0, 4, 0), 0, false);
    read_register(SYSREG(3, 1, 0, 0, 0), false); /* CCSIDR_EL1 */
    read_register(SYSREG(3, 1, 0, 0, 1), true);  /* CLIDR_EL1 */
    read_register(SYSREG(3, 1, 0, 0, 7), true);  /* AIDR_EL1 */
    write_register(SYSREG(3, 2, 0, 0, 0), 1, true); /* CSSELR_EL1 */
    read_register(SYSREG(3, 3, 0, 0, 1), true);  /* CTR_EL0 */
    read_register(SYSREG(3, 3, 0, 0, 7), true);  /* DCZID_EL0 */
}

/* Req: BH-TRAP-007 */
/* A guest's own registers keep what was written. */
static void own_registers(void)
{
    static const unsigned kept[] = {
        SYSREG(3, 0, 4, 1, 0),   /* SP_EL0 */
        SYSREG(3, 0, 5, 1, 0),   /* AFSR0_EL1 */
        SYSREG(3, 0, 5, 1, 1),   /* AFSR1_EL1 */
        SYSREG(3, 0, 5, 2, 0),   /* ESR_EL1 */
        SYSREG(3, 0, 6, 0, 0),   /* FAR_EL1 */
        SYSREG(3, 0, 7, 4, 0),   /* PAR_EL1 */
        SYSREG(3, 0, 10, 3, 0),  /* AMAIR_EL1 */
        SYSREG(3, 0, 13, 0, 1),  /* CONTEXTIDR_EL1 */
        SYSREG(3, 3, 13, 0, 2),  /* TPIDR_EL0 */
        SYSREG(3, 3, 13, 0, 3),  /* TPIDRRO_EL0 */
        SYSREG(3, 0, 1, 0, 2),   /* CPACR_EL1 */
        SYSREG(3, 0, 2, 0, 1),   /* TTBR1_EL1 */
        SYSREG(3, 0, 14, 1, 0),  /* CNTKCTL_EL1 */
    };

    for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        struct caught c;
        uint64_t old = run_instruction(MRS(kept[i]), 0, 0, &c);

        write_register(kept[i], 0x300000, true);
        run_instruction(MSR(kept[i]), old, 0, &c);
    }
    write_register(SYSREG(3, 0, 1, 0, 1), 0, true); /* ACTLR_EL1 */
}

/* Req: BH-TRAP-001 */
/* Debug (op0 = 2), the performance monitors, and what later extensions added. */
static void optional_registers(void)
{
    static const struct { unsigned r; bool show; } list[] = {
        { SYSREG(2, 0, 0, 2, 0), true },  { SYSREG(2, 0, 0, 2, 2), true },  /* MDCCINT_EL1, MDSCR_EL1 */
        { SYSREG(2, 0, 0, 3, 2), true },  { SYSREG(2, 0, 0, 6, 2), true },  /* OSDTRTX_EL1, OSECCR_EL1 */
        { SYSREG(2, 0, 0, 0, 2), true },  { SYSREG(2, 3, 0, 1, 0), true },  /* OSDTRRX_EL1, MDCCSR_EL0 */
        { SYSREG(2, 3, 0, 4, 0), true },  { SYSREG(2, 3, 0, 5, 0), true },  /* DBGDTR_EL0, DBGDTRRX_EL0 */
        { SYSREG(2, 0, 1, 0, 0), true },  { SYSREG(2, 0, 1, 1, 4), true },  /* MDRAR_EL1, OSLSR_EL1 */
        { SYSREG(2, 0, 1, 3, 4), true },  { SYSREG(2, 0, 1, 4, 4), true },  /* OSDLR_EL1, DBGPRCR_EL1 */
        { SYSREG(2, 0, 7, 8, 6), true },  { SYSREG(2, 0, 7, 9, 6), true },  /* DBGCLAIMSET, DBGCLAIMCLR */
        { SYSREG(2, 0, 7, 14, 6), true }, { SYSREG(2, 4, 0, 7, 0), true },  /* DBGAUTHSTATUS, DBGVCR32_EL2 */
        { SYSREG(2, 1, 0, 0, 0), true },  { SYSREG(2, 2, 0, 0, 0), true },  /* trace, Jazelle/ThumbEE */
        { SYSREG(3, 3, 9, 12, 0), true }, { SYSREG(3, 3, 9, 12, 1), true }, /* PMCR_EL0, PMCNTENSET_EL0 */
        { SYSREG(3, 3, 9, 12, 2), true }, { SYSREG(3, 3, 9, 12, 3), true }, /* PMCNTENCLR_EL0, PMOVSCLR_EL0 */
        { SYSREG(3, 3, 9, 12, 5), true }, { SYSREG(3, 3, 9, 12, 6), true }, /* PMSELR_EL0, PMCEID0_EL0 */
        { SYSREG(3, 3, 9, 12, 7), true }, { SYSREG(3, 3, 9, 13, 0), true }, /* PMCEID1_EL0, PMCCNTR_EL0 */
        { SYSREG(3, 3, 9, 13, 1), true }, { SYSREG(3, 3, 9, 13, 2), true }, /* PMXEVTYPER_EL0, PMXEVCNTR_EL0 */
        { SYSREG(3, 3, 9, 14, 0), true }, { SYSREG(3, 3, 9, 14, 3), true }, /* PMUSERENR_EL0, PMOVSSET_EL0 */
        { SYSREG(3, 0, 9, 14, 1), true }, { SYSREG(3, 0, 9, 14, 2), true }, /* PMINTENSET_EL1, PMINTENCLR_EL1 */
        { SYSREG(3, 3, 14, 8, 0), true }, { SYSREG(3, 3, 14, 12, 0), true }, /* PMEVCNTR0, PMEVTYPER0 */
        { SYSREG(3, 3, 14, 15, 7), true }, { SYSREG(3, 0, 9, 14, 6), true }, /* PMCCFILTR_EL0, PMMIR_EL1 */
        { SYSREG(3, 0, 9, 9, 0), true },  { SYSREG(3, 0, 9, 10, 7), true }, /* PMSCR_EL1, PMBIDR_EL1 */
        { SYSREG(3, 0, 9, 11, 0), true }, { SYSREG(3, 0, 9, 11, 7), true }, /* TRBLIMITR_EL1, TRBIDR_EL1 */
        { SYSREG(3, 0, 1, 2, 0), true },  { SYSREG(3, 0, 1, 2, 1), true },  /* ZCR_EL1, TRFCR_EL1 */
        { SYSREG(3, 0, 1, 2, 6), true },  { SYSREG(3, 0, 1, 0, 5), true },  /* SMCR_EL1, RGSR_EL1 */
        { SYSREG(3, 0, 2, 1, 0), true },  { SYSREG(3, 0, 2, 3, 1), true },  /* APIAKeyLo_EL1, APGAKeyHi_EL1 */
        { SYSREG(3, 0, 5, 3, 0), true },  { SYSREG(3, 0, 5, 4, 0), true },  /* ERRIDR_EL1, ERXFR_EL1 */
        { SYSREG(3, 0, 10, 4, 0), true }, { SYSREG(3, 0, 10, 4, 7), true }, /* LORSA_EL1, LORID_EL1 */
        { SYSREG(3, 0, 10, 5, 0), true }, { SYSREG(3, 0, 10, 4, 4), true }, /* MPAM1_EL1, MPAMIDR_EL1 */
        { SYSREG(3, 0, 12, 1, 0), true }, { SYSREG(3, 0, 12, 1, 1), true }, /* ISR_EL1, DISR_EL1 */
        { SYSREG(3, 0, 12, 0, 1), true }, { SYSREG(3, 0, 12, 0, 2), true }, /* RVBAR_EL1, RMR_EL1 */
        { SYSREG(3, 0, 13, 0, 7), true }, { SYSREG(3, 3, 13, 0, 7), true }, /* SCXTNUM_EL1, SCXTNUM_EL0 */
        { SYSREG(3, 0, 13, 0, 5), true }, { SYSREG(3, 3, 13, 0, 5), true }, /* ACCDATA_EL1, TPIDR2_EL0 */
        { SYSREG(3, 3, 13, 2, 0), true }, { SYSREG(3, 3, 2, 4, 0), true },  /* AMCR_EL0, RNDR */
        { SYSREG(3, 0, 5, 6, 0), true },  { SYSREG(3, 0, 1, 0, 6), true },  /* TFSR_EL1, GCR_EL1 */
        { SYSREG(3, 3, 4, 2, 1), false }, { SYSREG(3, 0, 4, 2, 2), true },  /* DAIF, CurrentEL */
        { SYSREG(3, 3, 4, 4, 0), true },  { SYSREG(3, 3, 4, 4, 1), true },  /* FPCR, FPSR */
        { SYSREG(3, 0, 11, 0, 0), true }, { SYSREG(3, 0, 15, 0, 0), true }, /* implementation defined */
        { SYSREG(3, 1, 11, 0, 2), true }, { SYSREG(3, 1, 15, 2, 1), true }, /* L2CTLR_EL1, CPUECTLR_EL1 of A57 */
        { SYSREG(3, 3, 15, 0, 0), true }, { SYSREG(3, 7, 15, 7, 7), true },
        { SYSREG(3, 3, 14, 0, 0), true }, { SYSREG(3, 3, 14, 0, 1), false }, /* CNTFRQ_EL0, CNTPCT_EL0 */
        { SYSREG(3, 3, 14, 0, 2), false }, { SYSREG(3, 3, 14, 0, 5), false }, /* CNTVCT_EL0, CNTPCTSS_EL0 */
        { SYSREG(3, 3, 14, 2, 0), false }, { SYSREG(3, 3, 14, 2, 1), true }, /* CNTP_TVAL_EL0, CNTP_CTL_EL0 */
        { SYSREG(3, 3, 14, 3, 0), false }, { SYSREG(3, 3, 14, 3, 1), true }, /* CNTV_TVAL_EL0, CNTV_CTL_EL0 */
        { SYSREG(3, 7, 14, 2, 1), true }, { SYSREG(3, 7, 14, 2, 2), true }, /* CNTPS_CTL_EL1, CNTPS_CVAL_EL1 */
        { SYSREG(3, 4, 1, 1, 0), true },  { SYSREG(3, 4, 12, 11, 0), true }, /* HCR_EL2, ICH_HCR_EL2 */
        { SYSREG(3, 5, 1, 0, 0), true },  { SYSREG(3, 6, 1, 1, 0), true },  /* SCTLR_EL12, SCR_EL3 */
        { SYSREG(3, 0, 7, 7, 7), true },  { SYSREG(3, 2, 3, 3, 3), true },  /* unallocated */
        { SYSREG(3, 3, 11, 1, 1), true }, { SYSREG(2, 7, 15, 15, 7), true },
    };

    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        read_register(list[i].r, list[i].show);
    }
    for (unsigned n = 0; n < 16; n++) {
        for (unsigned op2 = 4; op2 < 8; op2++) {
            read_register(SYSREG(2, 0, 0, n, op2), true); /* DBGBVR, DBGBCR, DBGWVR, DBGWCR */
        }
    }
}

/* Req: BH-TRAP-008 */
static void optional_writes(void)
{
    static const struct { unsigned r; uint64_t value; bool show; } list[] = {
        { SYSREG(2, 0, 1, 0, 4), 1, false },      /* OSLAR_EL1 */
        { SYSREG(2, 0, 0, 2, 2), 0, true },       /* MDSCR_EL1 */
        { SYSREG(2, 0, 1, 3, 4), 1, true },       /* OSDLR_EL1 */
        { SYSREG(2, 0, 0, 0, 4), 0x1000, true },  /* DBGBVR0_EL1 */
        { SYSREG(2, 0, 0, 0, 5), 0x1e4, true },   /* DBGBCR0_EL1, not enabled */
        { SYSREG(2, 0, 0, 5, 6), 0x1000, true },  /* DBGWVR5_EL1: beyond the implemented ones on a Cortex-A57 */
        { SYSREG(2, 3, 0, 5, 0), 0x55, false },   /* DBGDTRTX_EL0 */
        { SYSREG(3, 3, 9, 12, 0), 0x41, true },   /* PMCR_EL0 */
        { SYSREG(3, 3, 9, 12, 1), 0xffffffff, true }, /* PMCNTENSET_EL0 */
        { SYSREG(3, 3, 9, 12, 4), 1, false },     /* PMSWINC_EL0 */
        { SYSREG(3, 3, 9, 12, 5), 31, true },     /* PMSELR_EL0 */
        { SYSREG(3, 3, 9, 13, 0), 5, false },     /* PMCCNTR_EL0 */
        { SYSREG(3, 3, 9, 14, 0), 0xf, true },    /* PMUSERENR_EL0 */
        { SYSREG(3, 0, 9, 14, 2), 0xffffffff, true }, /* PMINTENCLR_EL1 */
        { SYSREG(3, 0, 2, 1, 0), 5, false },      /* APIAKeyLo_EL1 */
        { SYSREG(3, 0, 1, 2, 0), 1, false },      /* ZCR_EL1 */
        { SYSREG(3, 0, 10, 4, 3), 1, false },     /* LORC_EL1 */
        { SYSREG(3, 1, 15, 2, 1), 0x40, false },  /* CPUECTLR_EL1 */
        { SYSREG(3, 3, 14, 0, 0), 1, false },     /* CNTFRQ_EL0: EL3's */
        { SYSREG(3, 4, 1, 1, 0), 0, false },      /* HCR_EL2 */
        { SYSREG(3, 4, 14, 0, 3), 0, false },     /* CNTVOFF_EL2 */
        { SYSREG(3, 0, 12, 0, 2), 2, false },     /* RMR_EL1 */
        { SYSREG(1, 0, 7, 6, 2), 0, false },      /* DC ISW */
        { SYSREG(1, 0, 7, 10, 2), 0, false },     /* DC CSW */
        { SYSREG(1, 0, 7, 14, 2), 0, false },     /* DC CISW */
        { SYSREG(1, 0, 8, 7, 0), 0, false },      /* TLBI VMALLE1 */
        { SYSREG(1, 0, 8, 3, 0), 0, false },      /* TLBI VMALLE1IS */
        { SYSREG(1, 4, 8, 7, 0), 0, false },      /* TLBI ALLE2 */
        { SYSREG(1, 4, 8, 7, 4), 0, false },      /* TLBI ALLE1 */
        { SYSREG(1, 4, 8, 4, 1), 0, false },      /* TLBI IPAS2E1 */
        { SYSREG(1, 6, 8, 7, 0), 0, false },      /* TLBI ALLE3 */
        { SYSREG(1, 4, 7, 8, 0), 0, false },      /* AT S1E2R */
        { SYSREG(1, 4, 7, 8, 4), 0, false },      /* AT S12E1R */
        { SYSREG(1, 3, 11, 0, 0), 0, false },     /* implementation defined */
    };

    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        write_register(list[i].r, list[i].value, list[i].show);
    }
    write_register(SYSREG(2, 0, 1, 0, 4), 0, false);
    write_register(SYSREG(2, 0, 1, 3, 4), 0, false);
}

/* The GIC's CPU interface by system registers; on a GICv2 board a guest has none. */
static void gic_registers(void)
{
    static const unsigned readable[] = {
        SYSREG(3, 0, 4, 6, 0),                                 /* PMR */
        SYSREG(3, 0, 12, 8, 0), SYSREG(3, 0, 12, 8, 2), SYSREG(3, 0, 12, 8, 3), /* IAR0, HPPIR0, BPR0 */
        SYSREG(3, 0, 12, 8, 4), SYSREG(3, 0, 12, 8, 5), SYSREG(3, 0, 12, 9, 0), /* AP0R0, AP0R1, AP1R0 */
        SYSREG(3, 0, 12, 9, 1), SYSREG(3, 0, 12, 11, 3), SYSREG(3, 0, 12, 12, 0), /* AP1R1, RPR, IAR1 */
        SYSREG(3, 0, 12, 12, 2), SYSREG(3, 0, 12, 12, 3), SYSREG(3, 0, 12, 12, 4), /* HPPIR1, BPR1, CTLR */
        SYSREG(3, 0, 12, 12, 5), SYSREG(3, 0, 12, 12, 6), SYSREG(3, 0, 12, 12, 7), /* SRE, IGRPEN0, IGRPEN1 */
    };

    for (unsigned i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
        read_register(readable[i], true);
    }
    write_register(SYSREG(3, 0, 4, 6, 0), 0xa5, true);   /* PMR: how many priority bits */
    write_register(SYSREG(3, 0, 12, 12, 3), 0, true);    /* BPR1: its minimum */
    write_register(SYSREG(3, 0, 12, 8, 3), 0, true);     /* BPR0 */
    write_register(SYSREG(3, 0, 12, 12, 5), 0, true);    /* SRE: can it be turned off */
    write_register(SYSREG(3, 0, 12, 12, 4), 3, true);    /* CTLR: CBPR, EOImode */
    write_register(SYSREG(3, 0, 12, 12, 4), 0, true);
    write_register(SYSREG(3, 0, 12, 12, 6), 1, true);    /* IGRPEN0 */
    write_register(SYSREG(3, 0, 12, 12, 6), 0, true);
    write_register(SYSREG(3, 0, 12, 11, 6), 0, false);   /* ASGI1R */
    write_register(SYSREG(3, 0, 12, 11, 7), 0, false);   /* SGI0R */
    write_register(SYSREG(3, 0, 12, 11, 5), 0, false);   /* SGI1R, to nobody */
    write_register(SYSREG(3, 0, 12, 11, 1), 1023, false); /* DIR */
    write_register(SYSREG(3, 0, 12, 12, 1), 1023, false); /* EOIR1 */
    write_register(SYSREG(3, 0, 12, 8, 1), 1023, false); /* EOIR0 */
    write_register(SYSREG(3, 4, 12, 9, 5), 0, false);    /* ICC_SRE_EL2 */
}

static void instruction(const char *what, uint32_t word, uint64_t x0, uint64_t x1, bool show)
{
    struct caught c;
    uint64_t value = run_instruction(word, x0, x1, &c);

    report(what, &c, show, value);
}

/* Req: BH-TRAP-004 */
static void calls_and_encodings(void)
{
    instruction("hvc 0 version", 0xd4000002, 0x84000000, 0, true);
    instruction("hvc 0 unknown", 0xd4000002, 0x12345678, 0, true);
    if (arg_number("harsh", 0) != 0) { /* Xen 4.17 ends the partition for these */
        instruction("hvc 1", 0xd4000022, 0x84000000, 0, true);
        instruction("hvc 0xea0", 0xd4000002 | 0xea0 << 5, 0, 0, true);
        instruction("hvc 0xea2", 0xd4000002 | 0xea2 << 5, 0, 0, true);
        instruction("hvc 0xffff", 0xd4000002 | 0xffffu << 5, 0, 0, true);
    }
    instruction("smc 0 version", 0xd4000003, 0x84000000, 0, true);
    instruction("smc 0 unknown", 0xd4000003, 0x12345678, 0, true);
    instruction("smc 1", 0xd4000023, 0x84000000, 0, true);
    instruction("smc 0xffff", 0xd4000003 | 0xffffu << 5, 0, 0, true);
    instruction("svc 0", 0xd4000001, 0, 0, true);
    instruction("svc 0xffff", 0xd4000001 | 0xffffu << 5, 0, 0, true);
    instruction("brk 0", 0xd4200000, 0, 0, true);
    instruction("hlt 0", 0xd4400000, 0, 0, true);
    instruction("dcps1", 0xd4a00001, 0, 0, true);
    instruction("dcps2", 0xd4a00002, 0, 0, true);
    instruction("dcps3", 0xd4a00003, 0, 0, true);
    instruction("udf", 0, 0, 0, true);
    instruction("all ones", 0xffffffff, 0, 0, true);
    instruction("sve rdvl", 0x04bf5020, 0, 0, false);
    instruction("sme smstart", 0xd503477f, 0, 0, false);
    instruction("mte irg", 0x9ac01000, 0, 0, false);
    instruction("pauth pacia", 0xdac10000, 0x1234, 0, true);
    instruction("pauth pacga", 0x9ac03000, 0x1234, 0, false);
    instruction("lse ldadd", 0xf8200020, 0, (uint64_t)buffer, false);
    instruction("crc32b", 0x1ac04000, 1, 0, false);
    instruction("rev of fp: fmov x0, d0", 0x9e660000, 0, 0, false);
    instruction("wfe", 0xd503205f, 0, 0, false); /* run_instruction() left an event, or it is trapped and returns */
    instruction("yield", 0xd503203f, 0, 0, false);
    instruction("esb", 0xd503221f, 0, 0, false);
    instruction("dc zva", 0xd50b7420, (uint64_t)buffer, 0, false);
    instruction("dc ivac", 0xd5087620, (uint64_t)buffer, 0, false);
    instruction("dc civac", 0xd50b7e20, (uint64_t)buffer, 0, false);
    instruction("ic iallu", 0xd508751f, 0, 0, false);
    instruction("ic ialluis", 0xd508711f, 0, 0, false);
    instruction("at s1e1r", 0xd5087800, (uint64_t)buffer, 0, false);
}

/* Req: BH-TRAP-003, BH-TRAP-006 */
/* Accesses where no device and no memory is, and of kinds that can't be emulated. */
static void accesses(void)
{
    static const struct { const char *name; uint64_t at; } holes[] = {
        { "0", 0 }, { "below the gic", 0x03000000 }, { "behind the gic", 0x03f00000 }, { "behind the uart", 0x22001000 },
        { "1 MiB", 0x100000 }, { "host uart", 0x09000000 }, { "host gic", 0x08000000 },
        { "host rtc", 0x09010000 }, { "host virtio", 0x0a000000 }, { "host flash", 0x04000000 },
        { "behind memory", 0 /* filled in */ }, { "256 GiB", 0x4000000000ull - 0x1000 },
    };
    struct caught c;

    for (unsigned i = 0; i < sizeof(holes) / sizeof(holes[0]); i++) {
        uint64_t at = holes[i].at, value;
        char name[48];

        if (i == 10) {
            at = board.memory_base + board.memory_size;
        }
        value = run_instruction(0xf9400020, 0, at, &c); /* ldr x0, [x1] */
        format_to(name, sizeof(name), "read %s", holes[i].name);
        report(name, &c, true, value);
        run_instruction(0xf9000020, 0, at, &c);         /* str x0, [x1] */
        format_to(name, sizeof(name), "write %s", holes[i].name);
        report(name, &c, false, 0);
    }
    instruction("fetch behind memory", 0xd61f0000, board.memory_base + board.memory_size, 0, false); /* br x0 */
    instruction("ldr post-index from the uart", 0xb8404420, 0, board.uart, false);   /* ldr w0, [x1], #4 */
    instruction("str post-index to the uart", 0xb8004420, 0, board.uart + 0x34, false);
    instruction("ldp from the uart", 0x29400020, 0, board.uart, false);              /* ldp w0, w0, [x1] */
    instruction("ldxr from the uart", 0x885f7c20, 0, board.uart + 0x18, false);
    instruction("fp load from the uart", 0xbd400020, 0, board.uart + 0x18, false);
    instruction("ldrsb from the uart", 0x39800020, 0, board.uart + 0x18, true);
    instruction("ldrh from the uart", 0x79400020, 0, board.uart + 0x18, true);
    instruction("ldr x from the uart", 0xf9400020, 0, board.uart + 0x18, true);
    instruction("ldr xzr from the uart", 0xb940003f, 7, board.uart + 0x18, true);
    instruction("dc civac on the uart", 0xd50b7e21, 0, board.uart, false);
    instruction("dc zva on the uart", 0xd50b7421, 0, board.uart + 0x100, false);
    instruction("prfm on the uart", 0xf9800020, 0, board.uart, false);
}

/* One that moves its base x1 by what is reported behind its value; x0 is loaded or stored. */
static void moving_access(const char *what, uint32_t word, uint64_t x0, uint64_t at)
{
    uint64_t x[2] = { x0, at };
    struct caught c;

    run_instruction_on(word, x, &c);
    if (c.taken) {
        report(what, &c, false, 0);
    } else {
        say("%s: 0x%lx, base %s0x%lx\n", what, x[0], x[1] < at ? "-" : "+", x[1] < at ? at - x[1] : x[1] - at);
    }
}

/* The stack pointer as base: "ldr w0, [sp], #4" with SP at AT, which must not abort. */
static void access_by_stack_pointer(uint64_t at)
{
    register uint64_t x0 __asm__("x0") = 0;
    register uint64_t x1 __asm__("x1") = at;

    __asm__ volatile("mov x2, sp\n\tmov sp, x1\n\tldr w0, [sp], #16\n\tmov x1, sp\n\tmov sp, x2"
                     : "+r"(x0), "+r"(x1) :: "x2", "memory");
    say("ldr w0, [sp], #16: 0x%lx, base +0x%lx\n", x0, x1 - at);
}

/* Req: BH-TRAP-009 */
/* Loads and stores that write their base back have no syndrome. On a register that keeps what is written: IMSC. */
static void moving_accesses(void)
{
    static const struct { const char *name; uint32_t word; int offset; } list[] = {
        { "str w0, [x1], #4", 0xb8004420, 0 },      { "ldr w0, [x1], #4", 0xb8404420, 0 },
        { "strh w0, [x1], #2", 0x78002420, 0 },     { "ldrh w0, [x1], #2", 0x78402420, 0 },
        { "strb w0, [x1], #-1", 0x381ff420, 0 },    { "ldrb w0, [x1], #-1", 0x385ff420, 0 },
        { "ldrsb x0, [x1], #1", 0x38801420, 0 },    { "ldrsb w0, [x1], #1", 0x38c01420, 0 },
        { "ldrsh x0, [x1], #255", 0x788ff420, 0 },  { "ldrsh w0, [x1], #-256", 0x78d00420, 0 },
        { "ldrsw x0, [x1], #8", 0xb8808420, 0 },    { "ldr x0, [x1], #8", 0xf8408420, 0 },
        { "str w0, [x1, #4]!", 0xb8004c20, -4 },    { "ldr w0, [x1, #4]!", 0xb8404c20, -4 },
        { "ldrh w0, [x1, #-2]!", 0x785fec20, 2 },   { "ldrsb x0, [x1, #8]!", 0x38808c20, -8 },
        { "ldrsb w0, [x1, #8]!", 0x38c08c20, -8 },  { "ldr x0, [x1, #8]!", 0xf8408c20, -8 },
        { "ldr w1, [x1], #4", 0xb8404421, 0 },      { "str w1, [x1, #4]!", 0xb8004c21, -4 },
    };
    uint64_t mask = board.uart + 0x38;

    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        moving_access(list[i].name, list[i].word, 0x680 + 0x10 * (i % 2), mask + (uint64_t)(int64_t)list[i].offset);
    }
    write32(mask, 0x90);
    access_by_stack_pointer(mask);
    moving_access("str wzr, [x1], #4", 0xb800443f, 0, mask);
    say("and it reads: 0x%x\n", read32(mask));
    moving_access("ldr w0, [x1], #4 where nothing is", 0xb8404420, 0, 0x100000);
}

void guest_main(void)
{
    WRITE_SYSREG(cpacr_el1, 3u << 20); /* FP/SIMD */
    isb();
    say("gic: version %u\n", board.gic_version);
    id_registers();
    own_registers();
    optional_registers();
    optional_writes();
    gic_registers();
    calls_and_encodings();
    accesses();
    moving_accesses();
}
