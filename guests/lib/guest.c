/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame around a test: its command line and its end.
 */
#include "guest.h"

void guest_end(void)
{
    irq_off();
    say("guest: done\n");
    if (arg_is("end", "reset")) {
        machine_end(true);
    }
    while (arg_is("end", "wait")) {
        wfi();
    }
    while (arg_is("end", "spin")) {
        cpu_yield();
    }
    machine_end(false);
    say("guest: still here after its end\n");
    for (;;) {
        wfi();
    }
}

/* The text behind NAME= on the command line, or NULL. */
static const char *argument(const char *name)
{
    const char *at = board.bootargs;

    while (*at != '\0') {
        const char *n = name;

        while (*at == ' ') {
            at++;
        }
        while (*n != '\0' && *at == *n) {
            at++;
            n++;
        }
        if (*n == '\0' && *at == '=') {
            return at + 1;
        }
        while (*at != '\0' && *at != ' ') {
            at++;
        }
    }
    return NULL;
}

uint64_t arg_number(const char *name, uint64_t otherwise)
{
    const char *at = argument(name);
    uint64_t value = 0, base = 10;

    if (at == NULL) {
        return otherwise;
    }
    if (at[0] == '0' && at[1] == 'x') {
        base = 16;
        at += 2;
    }
    for (;; at++) {
        if (*at >= '0' && *at <= '9') {
            value = value * base + (uint64_t)(*at - '0');
        } else if (base == 16 && *at >= 'a' && *at <= 'f') {
            value = value * base + (uint64_t)(*at - 'a' + 10);
        } else {
            return value;
        }
    }
}

bool arg_is(const char *name, const char *value)
{
    const char *at = argument(name);

    if (at == NULL) {
        return false;
    }
    while (*value != '\0' && *at == *value) {
        at++;
        value++;
    }
    return *value == '\0' && (*at == '\0' || *at == ' ');
}
