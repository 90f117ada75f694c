/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this is. The version is that of the ABI, Xen's 4.17.
 */
#ifndef BH_VERSION_H
#define BH_VERSION_H

#define VERSION_MAJOR    4
#define VERSION_MINOR    17
#define VERSION_EXTRA    ".0-bulkhead"
#define VERSION_COMPILER "gcc"

#endif
