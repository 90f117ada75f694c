/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug keys: what the hypervisor says of itself on the console when they are typed there, while the input is its own, or
 * a control domain asks for it (sysctl debug_keys, xl debug-keys). Only if CONFIG_DEBUG_KEYS.
 */
#ifndef BH_DEBUG_KEY_H
#define BH_DEBUG_KEY_H

/* What KEY stands for is said, one line at least. Bound: the domains and their vCPUs. */
void debug_key(char key);

#endif
