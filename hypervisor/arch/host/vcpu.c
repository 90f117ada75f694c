/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: stage-2 entries, and vCPUs without registers.
 */
#include "arch/arch.h"
#include "arch/arch_psci.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/device.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/partition.h"
#include "bh/partition_devices.h"
#include "bh/vcpu.h"
#include "bh/vioapic.h"
#include "lib/string.h"

/* Entry: frame number << 12, type in bits 4..7, bit 1 table, bit 0 valid. */
uint64_t arch_pte_leaf(mfn_t m, enum p2m_type type, unsigned level)
{
    (void)level;
    return m.n << PAGE_SHIFT | (uint64_t)type << 4 | 1;
}

uint64_t arch_pte_table(mfn_t m)
{
    return m.n << PAGE_SHIFT | 3;
}

bool arch_pte_is_valid(uint64_t pte)
{
    return (pte & 1) != 0;
}

bool arch_pte_is_table(uint64_t pte, unsigned level)
{
    return level < 3 && (pte & 3) == 3;
}

mfn_t arch_pte_mfn(uint64_t pte)
{
    return mfn(pte >> PAGE_SHIFT);
}

enum p2m_type arch_pte_type(uint64_t pte)
{
    return (enum p2m_type)(pte >> 4 & 0xf);
}

/* An entry was taken away, and what may be cached of it is not invalidated yet. */
static bool is_stale;

/* Checks that an entry never changes from one valid mapping to another (Arm ARM D8.14.1, break before make). */
void arch_pte_store(uint64_t *slot, uint64_t pte)
{
    if ((pte & 1) != 0 && ((*slot & 1) != 0 || is_stale)) {
        panic("host: stage-2 entry %lx becomes %lx without invalidation", (unsigned long)*slot, (unsigned long)pte);
    }
    is_stale = is_stale || ((*slot & 1) != 0 && (pte & 1) == 0);
    *slot = pte;
}

int arch_p2m_init(struct p2m *p)
{
    p->arch.is_live = true;
    return 0;
}

void arch_p2m_invalidate(struct p2m *p, gfn_t g, unsigned order)
{
    (void)g;
    (void)order;
    is_stale = false;
    p->arch.invalidations++;
}

void arch_p2m_retire(struct p2m *p)
{
    ASSERT(p->arch.is_live);
    p->arch.is_live = false;
}

bool host_interrupt_is_pending;

int arch_vcpu_create(struct vcpu *v)
{
    int err = frame_alloc_state(v->domain->id, &v->arch.state);

    if (err == 0) {
        timer_init(&v->arch.timer, TIMER_VTIMER, v);
        vlapic_init(v);
        v->arch.has_state = true;
    }
    return err;
}

void arch_vcpu_destroy(struct vcpu *v)
{
    if (v->arch.loaded_on != NULL) {
        panic("host: a loaded vCPU is destroyed");
    }
    timer_cancel(&v->arch.timer);
    vlapic_stop(v);
    frame_put(v->arch.state);
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t argument)
{
    v->arch.entry = entry;
    v->arch.argument = argument;
    v->arch.resets++;
}

void arch_vcpu_unload(struct vcpu *v)
{
    if (v->arch.loaded_on != this_cpu()) {
        panic("host: the vCPU is not loaded here");
    }
    v->arch.loaded_on = NULL;
}

void arch_vcpu_load(struct vcpu *v)
{
    if (v->arch.loaded_on != NULL || v->state != VCPU_RUNNING || v->sched.cpu != this_cpu()) {
        panic("host: the vCPU is loaded elsewhere, or not picked");
    }
    v->arch.loaded_on = this_cpu();
    v->arch.loads++;
}

void arch_vcpu_sync(struct vcpu *v)
{
    if (v->arch.loaded_on != this_cpu()) {
        panic("host: the vCPU is not loaded here");
    }
    v->arch.syncs++;
}

void arch_vcpu_upcall(struct vcpu *v)
{
    v->arch.upcalls++;
    v->arch.event = true;
    vcpu_kick(v);
}

bool arch_vcpu_has_event(struct vcpu *v)
{
    return v->arch.event;
}

void arch_vcpu_timer_expired(struct vcpu *v, enum timer_kind kind)
{
    if (kind == TIMER_VLAPIC) {
        vlapic_timer_expired(v);
        return;
    }
    v->arch.event = true;
    vcpu_kick(v);
}

/* Guests' virtual addresses are their physical ones. */
int arch_guest_translate(struct vcpu *v, uint64_t address, bool to_write, uint64_t *gpa)
{
    (void)v;
    (void)to_write;
    *gpa = address;
    return 0;
}

int arch_domain_add_uart(struct domain *d)
{
    if (d->arch.has_vpl011 || vgic_line_is_attached(d, VPL011_SPI)) {
        return -XEN_EINVAL;
    }
    vpl011_init(d);
    d->arch.has_vpl011 = true;
    return 0;
}

int arch_domain_create(struct domain *d, const struct boot_domain *config)
{
    int err = vgic_domain_init(d, 3, config->spi_count);

    if (err != 0) {
        return err;
    }
    if (config->vpl011) {
        (void)!arch_domain_add_uart(d);
    }
    if ((config->capabilities & DOMAIN_HARDWARE) != 0) {
        (void)!device_give(d);
    }
    return 0;
}

size_t arch_hardware_description_max(void)
{
    return ARCH_GUEST_DESCRIPTION_MAX;
}

/* Its partial device tree is the one device that it names: an address, a page and an interrupt. */
int arch_guest_find_devices(struct domain *d, const struct partition_layout *l)
{
    const uint64_t *device = l->partial;
    int err = partition_devices_add_registers(d, gfn(device[0]), device[1], device[2]);

    return err != 0 ? err : partition_devices_add_line(d, (unsigned)device[3]);
}

void arch_domain_start(struct domain *d)
{
    (void)d;
}

void arch_domain_width_changed(struct domain *d)
{
    d->arch.width_changes++;
}

void arch_domain_close_lines(struct domain *d)
{
    vioapic_end(d);
}

void arch_domain_destroy(struct domain *d)
{
    vgic_domain_release(d);
}

void arch_domain_console_input(struct domain *d, char c)
{
    if (d->arch.input_count < sizeof(d->arch.input)) {
        d->arch.input[d->arch.input_count++] = c;
    }
}

void arch_domain_console_ready(struct domain *d)
{
    if (d->arch.has_vpl011) {
        vpl011_transmit_ready(d);
    }
}

int arch_guest_describe(struct domain *d, const struct partition_layout *layout, void *buffer, size_t size,
                        size_t *used)
{
    (void)d;
    (void)layout;
    if (size < 8) {
        return -XEN_ENOSPC;
    }
    memcpy(buffer, "describe", 8);
    *used = 8;
    return 0;
}

void arch_guest_start(struct domain *d, const struct partition_layout *layout)
{
    arch_vcpu_reset(d->vcpus[0], layout->entry, layout->description);
}

uint64_t arch_time_of_domain(const struct domain *d, uint64_t ns)
{
    (void)d;
    return ns;
}

bool arch_interrupt_is_pending(void)
{
    return host_interrupt_is_pending;
}

int arch_guest_frame(struct vcpu *v, uint64_t address, bool to_write, mfn_t *m, bool *is_memory)
{
    enum p2m_type type;
    unsigned order;
    mfn_t there;

    if (p2m_lookup(&v->domain->p2m, gfn(address >> PAGE_SHIFT), &there, &type, &order) != 0 ||
        !(type == P2M_MMIO || type == P2M_RESERVED || (to_write ? p2m_is_writable(type) : p2m_is_readable(type)))) {
        return -XEN_EFAULT;
    }
    *m = there;
    /* A guest can map memory as a device's, too. */
    *is_memory = p2m_is_counted(type) && (address & PAGE_SIZE) == 0;
    return 0;
}

/* ---- What control domains say of a domain and its vCPUs ---- */

/* As Arm's, whose vCPUs have registers; here the entry is all that is remembered. */
int arch_domctl_create(struct xen_domctl_createdomain *c, struct boot_domain *config)
{
    (void)c;
    (void)config;
    return 0;
}

int arch_vcpu_set_context(struct vcpu *v, struct vcpu *target, struct guest_handle h, bool *is_online)
{
    uint64_t context[2];
    int err = guest_copy_from(v, context, h, sizeof(context));

    if (err == 0) {
        arch_vcpu_reset(target, context[0], 0);
        *is_online = (context[1] & 1) != 0;
    }
    return err;
}

int arch_vcpu_get_context(struct vcpu *v, struct vcpu *target, struct guest_handle h)
{
    uint64_t context[2] = { target->arch.entry, target->state != VCPU_OFFLINE };

    return guest_copy_to(v, h, context, sizeof(context));
}
