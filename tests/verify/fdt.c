/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, up to 512 of them, as a device tree: opened, which looks at all of them. */
#include "lib/fdt.h"

#include "__fc_builtin.h"

static uint32_t blob[128] __attribute__((aligned(8)));

int main(void)
{
    struct fdt t;
    size_t size = Frama_C_size_t_interval(0, sizeof(blob));

    Frama_C_make_unknown((char *)blob, sizeof(blob));
    return fdt_open(&t, blob, size);
}
