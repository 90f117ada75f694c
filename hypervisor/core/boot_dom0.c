/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dom0: its modules are in /chosen itself, the rest is on the hypervisor's command line.
 */
#include "arch/arch_types.h"
#include "bh/boot_reading.h"
#include "bh/boot_words.h"
#include "bh/domain.h"

#define DOM0_MEMORY_KIB (512U << 10) /* if the command line says nothing: as Xen */

bool boot_dom0_is_module(const struct fdt *t, const struct fdt_node *node)
{
    return fdt_is_compatible(t, node, "multiboot,module") || fdt_is_compatible(t, node, "xen,multiboot-module");
}

/* Req: BH-BOOT-041 */
/* booting.txt, "Command lines": dom0's is in /chosen, or with its kernel. */
static void read_dom0_arguments(struct boot_reading *r)
{
    struct boot_domain *d = r->d;
    const char *name = "xen,dom0-bootargs", *text;
    uint32_t size;
    int err = fdt_text(r->t, &r->board->chosen, name, &text, &size);

    if (err == -XEN_ENOENT && d->bootargs == NULL) {
        struct fdt_property p;

        /* What is the hypervisor's if it has no property of its own. */
        name = "bootargs";
        err = fdt_find_property(r->t, &r->board->chosen, "xen,xen-bootargs", &p)
                  ? fdt_text(r->t, &r->board->chosen, name, &text, &size) : -XEN_ENOENT;
    }
    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || size >= BOOT_ARGS_SIZE) {
        boot_reading_error(r, &r->board->chosen, name, "expected one terminated string of less than %u characters",
                           BOOT_ARGS_SIZE);
        return;
    }
    d->bootargs = text;
    d->bootargs_size = size;
}

/* Req: BH-BOOT-041 */
void boot_dom0_read(struct boot_reading *r)
{
    struct boot_domain *d = r->d;
    struct fdt_node child;
    uint64_t vcpus = 0;

    *d = (struct boot_domain){
        .name = "dom0", .node = r->board->chosen, .is_initial = true, .memory_kib = DOM0_MEMORY_KIB,
        .capabilities = DOMAIN_CONTROL | DOMAIN_HARDWARE | DOMAIN_XENSTORE,
    };
    for (bool more = fdt_first_child(r->t, &d->node, &child); more; more = fdt_next_sibling(r->t, &child, &child)) {
        if (boot_dom0_is_module(r->t, &child)) {
            boot_config_read_child(r, &child);
        }
    }
    read_dom0_arguments(r);
    if (!boot_words_size(r->config->bootargs, r->config->bootargs_size, "dom0_mem", &d->memory_kib)) {
        boot_config_report(LOG_WARNING, r->t, &d->node, NULL, "no dom0_mem=SIZE for the hypervisor: dom0 gets %u MiB",
                           DOM0_MEMORY_KIB >> 10);
    }
    d->memory_kib = ALIGN_DOWN(d->memory_kib, PAGE_SIZE >> 10);
    if (d->memory_kib == 0 || d->memory_kib > MIN(board_memory_size(r->board), ARCH_GUEST_RAM_MAX) >> 10) {
        boot_reading_error(r, &d->node, NULL, "dom0_mem: more than the board has, or nothing");
    }
    if (boot_words_number(r->config->bootargs, r->config->bootargs_size, "dom0_max_vcpus", &vcpus) && vcpus == 0) {
        boot_reading_error(r, &d->node, NULL, "dom0_max_vcpus: expected a number from 1");
    }
    d->vcpu_count = (uint16_t)MIN(vcpus != 0 ? vcpus : r->board->cpu_count, (uint64_t)CONFIG_MAX_VCPUS);
    if (d->kernel.size == 0 && !r->failed) {
        boot_reading_error(r, &d->node, NULL, "a module for a dom0, but no kernel");
    }
}

bool boot_dom0_has_arguments(const struct fdt *t, const struct fdt_node *chosen)
{
    struct fdt_property p;
    struct fdt_node node;
    bool has = fdt_find_property(t, chosen, "xen,dom0-bootargs", &p);

    for (bool more = fdt_first_child(t, chosen, &node); more && !has && CONFIG_CONTROL;
         more = fdt_next_sibling(t, &node, &node)) {
        has = boot_dom0_is_module(t, &node) && fdt_find_property(t, &node, "bootargs", &p) && p.size > 1;
    }
    return has;
}
