/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One that disturbs: it rings the doorbell on "port=N" "count=N" times as fast as it can, or with "role=take" hears it
 * and does nothing else, for ever. "rounds=N" times (1) it says that it has.
 */
#include "xen_guest.h"

void guest_main(void)
{
    uint32_t port = (uint32_t)arg_number("port", 1);

    event_init();
    shared_info_map();
    while (arg_is("role", "take")) {
        event_forget();
        event_window();
    }
    for (uint64_t round = 1; round <= arg_number("rounds", 1); round++) {
        for (uint64_t i = 0; i < arg_number("count", 10000); i++) {
            event_send(port);
        }
        say("round %lu: rung\n", round);
    }
}
