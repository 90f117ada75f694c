/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that test the audit: CONFIG_AUDIT_SELFTEST.
 */
#ifndef BH_ARM64_PLANT_H
#define BH_ARM64_PLANT_H

/* Does now what arch_plant_fault() asked for, if its time has come. */
void plant_due(void);

#endif
