/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the hypervisor's own tables while it runs: CONFIG_AUDIT.
 */
#ifndef BH_HYP_AUDIT_H
#define BH_HYP_AUDIT_H

/*
 * Walks all live tables of this CPU at a trap. Panics on a window that is open, a frame of a partition or another vCPU's
 * state anywhere, and a page that is writable and executable.
 */
void hyp_audit(void);

#endif
