/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug keys: what a control domain has the hypervisor say of itself on the console (sysctl debug_keys, xl debug-keys).
 */
#ifndef BH_DEBUG_KEY_H
#define BH_DEBUG_KEY_H

/* What KEY stands for is said, one line at least. Bound: the domains and their vCPUs. */
void debug_key(char key);

#endif
