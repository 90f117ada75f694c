/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The geometry of the caches: CLIDR_EL1, CSSELR_EL1 and CCSIDR_EL1 (Arm ARM D19.2).
 */
#include "arch/arch.h"
#include "sysreg.h"

#define CLIDR_TYPE(clidr, level) (((clidr) >> (3 * ((level) - 1))) & 7) /* levels from 1 */
#define CLIDR_UNIFIED            4
#define CLIDR_LEVELS             7

uint64_t arch_cache_way_size(void)
{
    uint64_t clidr = sysreg_read(clidr_el1), ccsidr, sets;
    unsigned level = CLIDR_LEVELS;
    bool has_ccidx = ((sysreg_read(id_aa64mmfr2_el1) >> 20) & 0xf) != 0;

    while (level > 0 && CLIDR_TYPE(clidr, level) != CLIDR_UNIFIED) {
        level--;
    }
    if (level == 0) {
        return 0;
    }
    sysreg_write(csselr_el1, (uint64_t)(level - 1) << 1);
    isb();
    ccsidr = sysreg_read(ccsidr_el1);
    sets = has_ccidx ? (ccsidr >> 32) & 0xffffff : (ccsidr >> 13) & 0x7fff;
    return (sets + 1) << (4 + (ccsidr & 7));
}
