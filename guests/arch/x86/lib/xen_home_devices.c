/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest still needs when it has moved home: the local APIC, if it is used by its registers in memory, and the
 * page of the PV console.
 */
#include "xen_home.h"

void home_map_devices(void)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CONSOLE_PFN };

    home_map(SPACE_HOME, APIC_ADDRESS, APIC_ADDRESS >> PAGE_SHIFT, PAGE_WRITE | PAGE_DEVICE);
    if (hvm_op(HVMOP_get_param, &p) == 0 && p.value != 0) {
        home_map(SPACE_HOME, p.value << PAGE_SHIFT, p.value, PAGE_WRITE);
    }
}
