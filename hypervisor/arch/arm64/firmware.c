/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware.h"

#include "arch/arch.h"
#include "arch/arch_psci.h"
#include "bh/console.h"
#include "sysreg.h"

int64_t firmware_call(uint64_t f, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = f;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    /* SMCCC 1.0 firmware may change x4 to x17. */
    __asm__ volatile("smc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
                       "memory");
    return (int64_t)x0;
}

void arch_power_off(void)
{
    console_flush();
    (void)firmware_call(PSCI_OFF_CALL, 0, 0, 0);
    panic("firmware did not turn the board off");
}

void arch_power_reset(void)
{
    console_flush();
    (void)firmware_call(PSCI_RESET_CALL, 0, 0, 0);
    panic("firmware did not reset the board");
}

int arch_smccc_workaround_query(uint32_t function)
{
    int64_t answer = firmware_call(SMCCC_ARCH_FEATURES_CALL, function, 0, 0);

    return answer < 0 ? -1 : answer > 0 ? 1 : 0;
}

void arch_smccc_workaround(uint32_t function, uint64_t x1)
{
    (void)firmware_call(function, x1, 0, 0);
}
