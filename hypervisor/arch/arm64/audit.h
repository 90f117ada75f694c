/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the hypervisor's own tables while it runs: CONFIG_AUDIT_EL2, CONFIG_AUDIT_SELFTEST.
 */
#ifndef BH_ARM64_AUDIT_H
#define BH_ARM64_AUDIT_H

/*
 * Walks all live tables of this CPU at a trap. Panics on a window that is open, a frame of a partition or another vCPU's
 * registers anywhere, and a page that is writable and executable.
 */
void mmu_audit(void);

/* With CONFIG_AUDIT_SELFTEST: does now what arch_plant_fault() asked for, if its time has come. */
void plant_due(void);

#endif
