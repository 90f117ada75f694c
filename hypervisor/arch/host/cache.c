/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"
#include "host.h"

uint64_t host_cache_way_size;

uint64_t arch_cache_way_size(void)
{
    return host_cache_way_size;
}
