/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PSCI and SMCCC for guests. Owns no state: a vCPU is on or off as vcpu.h says. Turning one on is done under the
 * domain's lock, so that of two calls one finds it on already.
 */
#include "bh/psci.h"

#include "arch/arch.h"
#include "arch/arch_psci.h"
#include "bh/domain.h"
#include "bh/vcpu.h"

/* DEN 0022, 5.1. Functions with an address or a CPU also exist with 64-bit arguments. */
#define SMCCC_64                0x40000000u
#define PSCI_VERSION            0x84000000u
#define PSCI_CPU_SUSPEND        0x84000001u
#define PSCI_CPU_OFF            0x84000002u
#define PSCI_CPU_ON             0x84000003u
#define PSCI_AFFINITY_INFO      0x84000004u
#define PSCI_MIGRATE_INFO_TYPE  0x84000006u
#define PSCI_SYSTEM_OFF         0x84000008u
#define PSCI_SYSTEM_RESET       0x84000009u
#define PSCI_FEATURES           0x8400000au

/* DEN 0028, 7 and 6.1. */
#define SMCCC_VERSION           0x80000000u
#define SMCCC_ARCH_FEATURES     0x80000001u
#define STANDARD_CALL_COUNT     0x8400ff00u
#define STANDARD_UID            0x8400ff01u
#define STANDARD_REVISION       0x8400ff03u
#define HYPERVISOR_CALL_COUNT   0x8500ff00u
#define HYPERVISOR_UID          0x8500ff01u
#define HYPERVISOR_REVISION     0x8500ff03u

#define VERSION_1_1             0x10001 /* of PSCI and of SMCCC alike */

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON         (-4)
#define PSCI_INTERNAL_FAILURE   (-6)
#define PSCI_INVALID_ADDRESS    (-9)

#define AFFINITY_ON             0
#define AFFINITY_OFF            1
#define NO_MIGRATION_NEEDED     2 /* MIGRATE_INFO_TYPE: no Trusted OS that has to move */

/*
 * What the identification calls of Xen answer. Numbers as in Xen's arch-arm/smccc.h, which cannot be included: it
 * asks for a header that is not installed.
 */
#define XEN_STANDARD_CALL_COUNT   15 /* twelve of PSCI, and three to identify the service */
#define XEN_HYPERVISOR_CALL_COUNT 3
#define XEN_REVISION_MAJOR        0 /* of both services */
#define XEN_REVISION_MINOR        1
#define XEN_STANDARD_UID          XEN_DEFINE_UUID(0xf863386f, 0x4b39, 0x4cbd, 0x9220, \
                                                  0xce, 0x16, 0x41, 0xe5, 0x9f, 0x6f)
#define XEN_HYPERVISOR_UID        XEN_DEFINE_UUID(0xa71812dc, 0xc698, 0x4369, 0x9acf, \
                                                  0x79, 0xd1, 0x8d, 0xde, 0xe6, 0x67)

#define MPIDR_AFFINITY 0xff00ffffffULL

/* Affinity fields of vCPU number ID, as its MPIDR_EL1 has them. */
static uint64_t affinity_of(unsigned id)
{
    return (uint64_t)(id / 16) << 8 | id % 16;
}

static bool is_on(const struct vcpu *v)
{
    return __atomic_load_n(&v->state, __ATOMIC_RELAXED) != VCPU_OFFLINE;
}

static struct vcpu *vcpu_of_affinity(struct domain *d, uint64_t target)
{
    uint64_t id;

    target &= MPIDR_AFFINITY;
    id = (target >> 8) * 16 + (target & 0xff);
    return (target & 0xff) < 16 && id < d->vcpu_count ? d->vcpus[id] : NULL;
}

/* Req: BH-PSCI-002, BH-PSCI-003, BH-PSCI-004 */
static int cpu_on(struct domain *d, uint64_t target, uint64_t entry, uint64_t context)
{
    struct vcpu *t = vcpu_of_affinity(d, target);
    int result;

    if (t == NULL) {
        return PSCI_INVALID_PARAMETERS;
    }
    if ((entry & 3) != 0 || !domain_gfn_is_ram(d, gfn(entry >> PAGE_SHIFT))) {
        return PSCI_INVALID_ADDRESS;
    }
    spin_lock(&d->lock);
    if (is_on(t)) {
        result = PSCI_ALREADY_ON;
    } else if (d->phase != DOMAIN_RUNNING) {
        result = PSCI_INTERNAL_FAILURE; /* it is being shut down, and its caller with it */
    } else {
        arch_vcpu_reset(t, entry, context);
        result = vcpu_online(t) == 0 ? PSCI_SUCCESS : PSCI_ALREADY_ON;
    }
    spin_unlock(&d->lock);
    return result;
}

/* Req: BH-PSCI-005 */
/* On if any vCPU of the affinity instance is on; as with Xen, an instance without vCPUs is off. */
static int affinity_info(const struct domain *d, uint64_t target, uint64_t level)
{
    static const uint64_t mask[] = { 0xff00ffffff, 0xff00ffff00, 0xff00ff0000, 0xff00000000 };

    if (level >= ARRAY_COUNT(mask)) {
        return PSCI_INVALID_PARAMETERS;
    }
    for (unsigned id = 0; id < d->vcpu_count; id++) { /* at most CONFIG_MAX_VCPUS */
        if (((affinity_of(id) ^ target) & mask[level]) == 0 && d->vcpus[id] != NULL && is_on(d->vcpus[id])) {
            return AFFINITY_ON;
        }
    }
    return AFFINITY_OFF;
}

/* Req: BH-PSCI-009 */
static int psci_features(uint32_t function)
{
    switch (function) {
    case PSCI_VERSION:
    case PSCI_CPU_SUSPEND: /* StateID in its original form, no OS-initiated mode: flags are zero */
    case PSCI_CPU_SUSPEND | SMCCC_64:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | SMCCC_64:
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | SMCCC_64:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
    case SMCCC_VERSION:
        return PSCI_SUCCESS;
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

/* Req: BH-PSCI-011 */
static int arch_features(uint32_t function)
{
    switch (function) {
    case SMCCC_VERSION:
    case SMCCC_ARCH_FEATURES:
        return PSCI_SUCCESS;
    case SMCCC_ARCH_WORKAROUND_1:
    case SMCCC_ARCH_WORKAROUND_2:
    case SMCCC_ARCH_WORKAROUND_3:
        return arch_smccc_workaround_query(function);
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

static int arch_workaround(uint32_t function, uint64_t x1)
{
    if (arch_smccc_workaround_query(function) < 0) {
        return PSCI_NOT_SUPPORTED;
    }
    arch_smccc_workaround(function, x1);
    return PSCI_SUCCESS;
}

/* A UUID in four registers, byte 0 in the lowest bits of x0 (DEN 0028, 6.2). */
static void uid_return(xen_uuid_t uid, uint64_t x[4])
{
    for (unsigned i = 0; i < 4; i++) {
        x[i] = uid.a[i * 4] | (uint32_t)uid.a[i * 4 + 1] << 8 | (uint32_t)uid.a[i * 4 + 2] << 16 |
               (uint32_t)uid.a[i * 4 + 3] << 24;
    }
}

/* Req: BH-PSCI-012 */
/* Calls that do not end in one number. False: FUNCTION is none of them. */
static bool identify(uint32_t function, uint64_t x[4])
{
    switch (function) {
    case STANDARD_UID:
        uid_return(XEN_STANDARD_UID, x);
        return true;
    case HYPERVISOR_UID:
        uid_return(XEN_HYPERVISOR_UID, x);
        return true;
    case STANDARD_REVISION:
    case HYPERVISOR_REVISION:
        x[0] = XEN_REVISION_MAJOR;
        x[1] = XEN_REVISION_MINOR;
        return true;
    default:
        return false;
    }
}

/* Req: BH-PSCI-006, BH-PSCI-007, BH-PSCI-008, BH-PSCI-010 */
/* The calls that return one number. Arguments of a 32-bit call are the lower halves of the registers. */
static int number_call(struct vcpu *v, uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    struct domain *d = v->domain;

    switch (function) {
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_SUSPEND | SMCCC_64:
        /* A power-down state is entered as standby, as 5.4.2 allows: the call then returns. */
        vcpu_block_current();
        return PSCI_SUCCESS;
    case PSCI_CPU_OFF:
        vcpu_offline_current();
        return PSCI_SUCCESS;
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | SMCCC_64:
        return cpu_on(d, x1, x2, x3);
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | SMCCC_64:
        return affinity_info(d, x1, (uint32_t)x2);
    case PSCI_MIGRATE_INFO_TYPE:
        return NO_MIGRATION_NEEDED;
    case PSCI_SYSTEM_OFF:
        domain_shutdown(d, SHUTDOWN_poweroff);
        return PSCI_INTERNAL_FAILURE; /* nobody sees it */
    case PSCI_SYSTEM_RESET:
        domain_shutdown(d, SHUTDOWN_reboot);
        return PSCI_INTERNAL_FAILURE;
    case PSCI_FEATURES:
        return psci_features((uint32_t)x1);
    case SMCCC_VERSION:
        return VERSION_1_1;
    case SMCCC_ARCH_FEATURES:
        return arch_features((uint32_t)x1);
    case SMCCC_ARCH_WORKAROUND_1:
    case SMCCC_ARCH_WORKAROUND_2:
    case SMCCC_ARCH_WORKAROUND_3:
        return arch_workaround(function, x1);
    case STANDARD_CALL_COUNT:
        return CONFIG_XEN_GUEST ? XEN_STANDARD_CALL_COUNT : PSCI_NOT_SUPPORTED;
    case HYPERVISOR_CALL_COUNT:
        return CONFIG_XEN_GUEST ? XEN_HYPERVISOR_CALL_COUNT : PSCI_NOT_SUPPORTED;
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

COLD static void smccc_other_call(struct vcpu *v, uint64_t x[4])
{
    uint32_t function = (uint32_t)x[0]; /* DEN 0028, 3.1: the upper half is ignored */
    uint64_t mask = (function & SMCCC_64) != 0 ? ~0ULL : 0xffffffff;

    if (CONFIG_XEN_GUEST && identify(function, x)) {
        return;
    }
    x[0] = (uint64_t)(int64_t)number_call(v, function, x[1] & mask, x[2] & mask, x[3] & mask);
}

/* Req: BH-PSCI-001 */
void smccc_call(struct vcpu *v, uint64_t x[4])
{
    if (likely((uint32_t)x[0] == PSCI_VERSION)) {
        x[0] = VERSION_1_1;
    } else {
        smccc_other_call(v, x);
    }
}
