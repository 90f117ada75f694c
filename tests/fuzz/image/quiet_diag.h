/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of image/diag.c: nobody reads what is said, but it is formatted, and counts.
 */
#ifndef BH_FUZZ_QUIET_DIAG_H
#define BH_FUZZ_QUIET_DIAG_H

/* No errors so far. */
void quiet_diag_reset(void);

#endif
