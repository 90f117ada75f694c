/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86: I/O ports, for drivers of devices that are behind them.
 */
#ifndef BH_ARCH_ARCH_PORTS_H
#define BH_ARCH_ARCH_PORTS_H

#include "bh/types.h"

static ALWAYS_INLINE void arch_port_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static ALWAYS_INLINE uint8_t arch_port_read8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static ALWAYS_INLINE void arch_port_write16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static ALWAYS_INLINE uint32_t arch_port_read32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

#endif
