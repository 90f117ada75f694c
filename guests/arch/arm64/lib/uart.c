/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines to the UART: SBSA or PL011, both with the data register at 0 and the flag register at 0x18 (bit 5: full). With
 * "semihosting=1" they go to the emulator as well, for hypervisors without a console.
 */
#include "guest.h"

#define UART_DR 0x00
#define UART_FR 0x18
#define UART_FR_TXFF (1u << 5)
#define UART_CR 0x30

void guest_lock(struct guest_lock *l)
{
    uint32_t value, failed;

    __asm__ volatile("sevl\n"
                     "1: wfe\n"
                     "2: ldaxr %w0, [%2]\n"
                     "cbnz %w0, 1b\n"
                     "stxr %w1, %w3, [%2]\n"
                     "cbnz %w1, 2b\n"
                     : "=&r"(value), "=&r"(failed) : "r"(&l->taken), "r"(1u) : "memory");
}

void guest_unlock(struct guest_lock *l)
{
    __asm__ volatile("stlr wzr, [%0]" :: "r"(&l->taken) : "memory");
}

void console_init(void)
{
    if (board.uart != 0 && !board.uart_is_sbsa) {
        write32(board.uart + UART_CR, 0x301);
    }
}

static void put(char c)
{
    while ((read32(board.uart + UART_FR) & UART_FR_TXFF) != 0) {
        cpu_yield();
    }
    write32(board.uart + UART_DR, (uint8_t)c);
}

/* SYS_WRITE0: the emulator takes this instruction before any hypervisor sees it. */
static void emulator_write(const char *text)
{
    register uint64_t operation __asm__("x0") = 4;
    register const char *argument __asm__("x1") = text;

    __asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(argument) : "memory");
}

void console_write(const char *line)
{
    if (arg_number("semihosting", 0) != 0) {
        emulator_write(line);
    }
    for (const char *c = line; board.uart != 0 && *c != '\0'; c++) {
        put(*c);
    }
}
