/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O ports and ISA interrupts that are nobody's, but for those that a test takes.
 */
#include "arch/arch.h"
#include "host.h"

uint32_t host_taken_port = UINT32_MAX;
unsigned host_taken_irq = UINT32_MAX;

const char *arch_ports_holder(uint32_t first, uint32_t count)
{
    return first + count > host_taken_port ? "the board" : NULL;
}

const char *arch_isa_holder(unsigned irq)
{
    return irq == host_taken_irq ? "the board" : NULL;
}
