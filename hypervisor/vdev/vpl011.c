/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual UART, with the registers that Xen's has. Transmission is instantaneous: a character written is in the
 * console at once, so the transmit FIFO is empty, unless the console is congested: then it reads as full, and the
 * transmit interrupt is held back until there is room. The same if another domain is its other end (bh/vuart.h) and the
 * ring there is full.
 *
 * The lock is held while the virtual GIC is told of the line: its changes are in the order of the states they show.
 */
#include "bh/vpl011.h"

#include "bh/console.h"
#include "bh/domain.h"
#include "bh/mmio.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"
#include "bh/vuart.h"

/* DDI 0183, 3.2. Others read as zero and ignore writes, as with Xen. */
#define UART_DR   0x00
#define UART_FR   0x18
#define UART_IMSC 0x38
#define UART_RIS  0x3c
#define UART_MIS  0x40
#define UART_ICR  0x44

#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)

#define INT_RX  BIT(4)  /* the receive FIFO is half full */
#define INT_TX  BIT(5)  /* the transmit FIFO has room */
#define INT_RT  BIT(6)  /* something is in the receive FIFO */
#define INT_OE  BIT(10) /* a character was lost */
#define INT_ALL 0x7f0

#define RX_TRIGGER (VPL011_FIFO_SIZE / 2)

void vpl011_init(struct domain *d)
{
    d->arch.vpl011 = (struct vpl011){ 0 };
    spinlock_init(&d->arch.vpl011.lock, LOCK_VUART);
}

/* Req: BH-UART-004 */
/* Tells the virtual GIC if the interrupt line changed. */
static void line_update(struct domain *d) REQUIRES(d->arch.vpl011.lock)
{
    struct vpl011 *u = &d->arch.vpl011;
    bool up = (u->raw & u->mask) != 0;

    if (up == u->line_is_up) {
        return;
    }
    u->line_is_up = up;
    if (up) {
        vgic_raise_spi(d, VPL011_SPI);
    } else {
        vgic_lower_spi(d, VPL011_SPI);
    }
}

/* Is the other end another domain, and not the console? */
static bool is_served(const struct domain *d)
{
    return CONFIG_VUART && d->vuart.is_there;
}

static bool is_congested(const struct domain *d)
{
    return is_served(d) ? __atomic_load_n(&d->vuart.is_full, __ATOMIC_RELAXED) : console_is_congested();
}

/* The transmit interrupt that was held back comes as soon as there is room again. */
static void transmit_update(struct domain *d) REQUIRES(d->arch.vpl011.lock)
{
    struct vpl011 *u = &d->arch.vpl011;

    if (u->transmit_waits && !is_congested(d)) {
        __atomic_store_n(&u->transmit_waits, false, __ATOMIC_RELAXED);
        u->raw |= INT_TX;
    }
}

/* Req: BH-UART-006 */
void vpl011_transmit_ready(struct domain *d)
{
    struct vpl011 *u = &d->arch.vpl011;

    if (!__atomic_load_n(&u->transmit_waits, __ATOMIC_RELAXED)) {
        return;
    }
    spin_lock(&u->lock);
    transmit_update(d);
    line_update(d);
    spin_unlock(&u->lock);
}

bool vpl011_has_room(const struct domain *d)
{
    return __atomic_load_n(&d->arch.vpl011.count, __ATOMIC_RELAXED) < VPL011_FIFO_SIZE;
}

/* Req: BH-UART-003 */
bool vpl011_receive(struct domain *d, char c)
{
    struct vpl011 *u = &d->arch.vpl011;
    bool has_room;

    spin_lock(&u->lock);
    has_room = u->count < VPL011_INPUT_SIZE;
    if (has_room) {
        u->input[(u->first + u->count) % VPL011_INPUT_SIZE] = (uint8_t)c;
        __atomic_store_n(&u->count, (uint16_t)(u->count + 1), __ATOMIC_RELAXED);
        u->raw |= INT_RT | (u->count >= RX_TRIGGER ? INT_RX : 0);
    } else {
        u->raw |= INT_OE;
    }
    line_update(d);
    spin_unlock(&u->lock);
    return has_room;
}

/* Req: BH-UART-002 */
static uint32_t data_read(struct vpl011 *u)
{
    uint8_t c;

    if (u->count == 0) {
        return 0;
    }
    c = u->input[u->first];
    u->first = (uint16_t)((u->first + 1) % VPL011_INPUT_SIZE);
    __atomic_store_n(&u->count, (uint16_t)(u->count - 1), __ATOMIC_RELAXED);
    if (u->count >= VPL011_FIFO_SIZE) {
        /* The next that waited has come into the FIFO. */
        u->raw |= INT_RT | INT_RX;
    }
    if (u->count < RX_TRIGGER) {
        u->raw &= ~(uint32_t)INT_RX;
    }
    if (u->count == 0) {
        u->raw &= ~(uint32_t)INT_RT;
    }
    return c;
}

/* Req: BH-UART-005 */
static uint32_t flags_read(const struct domain *d)
{
    uint16_t count = __atomic_load_n(&d->arch.vpl011.count, __ATOMIC_RELAXED);
    uint32_t flags = is_congested(d) ? FR_TXFF : FR_TXFE;

    if (count == 0) {
        flags |= FR_RXFE;
    } else if (count >= VPL011_FIFO_SIZE) {
        flags |= FR_RXFF;
    }
    return flags;
}

static uint32_t register_read(struct domain *d, unsigned reg)
{
    struct vpl011 *u = &d->arch.vpl011;

    switch (reg) {
    case UART_DR:
        return data_read(u);
    case UART_FR:
        return flags_read(d);
    case UART_IMSC:
        return u->mask;
    case UART_RIS:
        return u->raw;
    case UART_MIS:
        return u->raw & u->mask;
    default:
        return 0;
    }
}

/* Req: BH-UART-001 */
/* VALUE and MASK are in place in the 32 bits of the register; only the bits of MASK are written. */
static void register_write(struct domain *d, unsigned reg, uint32_t value, uint32_t mask)
{
    struct vpl011 *u = &d->arch.vpl011;
    char c = (char)value;

    switch (reg) {
    case UART_DR:
        if ((mask & 0xff) != 0) {
            if (!is_served(d)) {
                console_domain_write(d, &c, 1);
            }
            u->raw &= ~(uint32_t)INT_TX;
            __atomic_store_n(&u->transmit_waits, true, __ATOMIC_RELAXED);
        }
        break;
    case UART_IMSC:
        u->mask = ((u->mask & ~mask) | (value & mask)) & INT_ALL;
        break;
    case UART_ICR:
        u->raw &= ~(value & mask);
        break;
    }
}

/* Req: BH-UART-007 */
COLD static int access_slow(struct vcpu *v, struct mmio_access *a)
{
    struct domain *d = v->domain;
    struct vpl011 *u = &d->arch.vpl011;
    unsigned reg = (unsigned)MIN(a->offset, (uint64_t)PAGE_SIZE) & ~3u;
    unsigned shift = (unsigned)(a->offset & 3) * 8;
    uint32_t mask;

    if (a->size > 4 || (a->offset & (a->size - 1u)) != 0) {
        return -XEN_EINVAL;
    }
    mask = (uint32_t)(BIT(a->size * 8) - 1);
    if (is_served(d) && a->is_write && a->offset == UART_DR) {
        vuart_send(d, (char)a->value);
    }
    spin_lock(&u->lock);
    if (a->is_write) {
        register_write(d, reg, ((uint32_t)a->value & mask) << shift, mask << shift);
    } else {
        a->value = register_read(d, reg) >> shift & mask;
    }
    transmit_update(d);
    line_update(d);
    spin_unlock(&u->lock);
    if (is_served(d) && !a->is_write && reg == UART_DR) {
        /* There is room for what waits in the ring. */
        vuart_receive(d);
    }
    return 0;
}

int vpl011_access(struct vcpu *v, struct mmio_access *a)
{
    const struct vpl011 *u = &v->domain->arch.vpl011;

    if (likely(a->offset == UART_FR && a->size <= 4 && !a->is_write &&
               !__atomic_load_n(&u->transmit_waits, __ATOMIC_RELAXED))) {
        a->value = flags_read(v->domain);
        return 0;
    }
    return access_slow(v, a);
}
