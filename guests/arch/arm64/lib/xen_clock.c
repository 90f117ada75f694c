/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain's system time is that of its virtual counter.
 */
#include "xen_guest.h"

uint64_t system_time(void)
{
    return now() * 1000 / (READ_SYSREG(cntfrq_el0) / 1000000);
}
