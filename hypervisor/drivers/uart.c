/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which driver has the console. A build with one driver pays nothing for the choice: the condition is then a constant.
 */
#include "drivers/uart.h"

#include "bh/uart.h"
#include "drivers/cadence_uart.h"
#include "drivers/pl011.h"

static enum uart_kind in_use; /* [boot] */

/* Calls KIND's driver's NAME with the arguments that follow. */
#define DRIVER(kind, name, ...) \
    (CONFIG_PL011 && (!CONFIG_CADENCE_UART || (kind) == UART_PL011) ? pl011_##name(__VA_ARGS__) \
                                                                    : cadence_uart_##name(__VA_ARGS__))

/* Req: BH-BOOT-034 */
bool uart_is_known(enum uart_kind kind)
{
    return (CONFIG_PL011 && kind == UART_PL011) || (CONFIG_CADENCE_UART && kind == UART_CADENCE);
}

void uart_init(enum uart_kind kind, void *registers)
{
    DRIVER(kind, init, registers);
    in_use = kind;
}

void uart_enable_input(void)
{
    DRIVER(in_use, enable_input);
}

void uart_interrupt(void)
{
    DRIVER(in_use, interrupt);
}

void uart_early_put(enum uart_kind kind, uint64_t base, char c)
{
    DRIVER(kind, early_put, (uintptr_t)base, c);
}

bool uart_is_ready(void)
{
    return in_use != UART_NONE;
}

bool uart_put(char c)
{
    return DRIVER(in_use, put, c);
}

void uart_want_room(bool wanted)
{
    DRIVER(in_use, want_room, wanted);
}
