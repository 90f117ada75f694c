/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other names for the freestanding string routines, so that they and the C library's can be in one program. Ahead of
 * everything in lib/string.c and its test only; the C library's <string.h> is read first, under its own names.
 */
#ifndef BH_TEST_RENAME_H
#define BH_TEST_RENAME_H

#include <string.h>

#define memcpy  hypervisor_memcpy
#define memmove hypervisor_memmove
#define memset  hypervisor_memset
#define memcmp  hypervisor_memcmp
#define strlen  hypervisor_strlen
#define strnlen hypervisor_strnlen
#define strcmp  hypervisor_strcmp
#define strncmp hypervisor_strncmp

#endif
