/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the virtual local APIC share: its modes, and the parts behind single registers.
 */
#ifndef BH_VDEV_VLAPIC_INTERNAL_H
#define BH_VDEV_VLAPIC_INTERNAL_H

#include "bh/domain.h"
#include "bh/vcpu.h"
#include "bh/vlapic.h"

/* IA32_APIC_BASE: SDM 3A 10.4.4, 10.12.1. */
#define BASE_BSP    BIT(8)
#define BASE_EXTEND BIT(10)
#define BASE_ENABLE BIT(11)
#define BASE_MODE   (BASE_EXTEND | BASE_ENABLE)
#define MODE_XAPIC  BASE_ENABLE
#define MODE_X2APIC (BASE_EXTEND | BASE_ENABLE)

/* In xAPIC mode it is no vCPU's id, but that of all. */
#define XAPIC_ID_ALL 0xffu

/* ICR and LVT entries: SDM 3A 10.5.1, 10.6.1. */
#define DELIVERY_FIXED   0u
#define DELIVERY_LOWEST  1u
#define DELIVERY_NMI     4u
#define DELIVERY_INIT    5u
#define DELIVERY_STARTUP 6u
#define DELIVERY_OF(x)   ((unsigned)((x) >> 8) & 7)
#define LVT_MASKED       (1u << 16)
#define LVT_TIMER_MODE   (3u << 17)
#define TIMER_ONE_SHOT   (0u << 17)
#define TIMER_PERIODIC   (1u << 17)
#define TIMER_DEADLINE   (2u << 17)

/* SVR: SDM 3A 10.9. */
#define SVR_ENABLE (1u << 8)
#define SVR_RESET  0xffu

/* ESR: SDM 3A 10.5.3. */
#define ERROR_SEND_VECTOR    (1u << 5)
#define ERROR_RECEIVE_VECTOR (1u << 6)
#define ERROR_REGISTER       (1u << 7)

#define VECTOR_FIRST 16 /* vectors below are no interrupts */

static inline uint64_t vlapic_mode(const struct vlapic *a)
{
    return __atomic_load_n(&a->base, __ATOMIC_RELAXED) & BASE_MODE;
}

/* V's APIC found an error; it interrupts V if it is the first since the guest last looked. Any CPU. */
void vlapic_error(struct vcpu *v, uint32_t error);

/* The class of vectors above which V may be interrupted, in bits 7:4 (10.8.3.1). */
uint8_t vlapic_processor_priority(const struct vlapic *a);
/* The interrupt in service with the highest vector ends; nothing if there is none. */
void vlapic_end(struct vlapic *a);
/* SVR or IA32_APIC_BASE was written. */
void vlapic_update_enabled(struct vlapic *a);
/* The guest writes VALUE to IA32_APIC_BASE. -XEN_EINVAL: it may not. */
MUST_USE int vlapic_write_base(struct vcpu *v, uint64_t value);

/* Sends what ICR holds now. */
void vlapic_send(struct vcpu *v);

/* The timer stops, and its registers are as after reset. */
void vlapic_timer_reset(struct vcpu *v);
/* LVT_TIMER is VALUE from now on. */
void vlapic_timer_set_lvt(struct vcpu *v, uint32_t value);
void vlapic_timer_set_initial(struct vcpu *v, uint32_t count);
void vlapic_timer_set_divide(struct vcpu *v, uint32_t value);
void vlapic_timer_set_deadline(struct vcpu *v, uint64_t tsc);
uint32_t vlapic_timer_current(const struct vcpu *v);

#endif
