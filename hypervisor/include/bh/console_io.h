/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input that the initial domain gets by console_io: kernels that know themselves to be Xen's dom0 have no other
 * console.
 */
#ifndef BH_CONSOLE_IO_H
#define BH_CONSOLE_IO_H

#include "bh/types.h"

struct domain;

/*
 * A character for D. False: it does not take its input here, but from its PV console or UART. Takes it while it listens
 * to VIRQ_CONSOLE, or where nobody has a PV console; what it does not read in time is lost.
 */
bool console_io_input(struct domain *d, char c);

#endif
