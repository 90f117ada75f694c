/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/debug_key.h"

#include "bh/console.h"
#include "bh/counters.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/vcpu.h"

static void say_domain(struct domain *d)
{
    static const char phases[][9] = {
        [DOMAIN_BUILDING] = "building", [DOMAIN_RUNNING] = "running", [DOMAIN_DYING] = "dying",
    };
    uint8_t phase = __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE);

    log_info("domain %u (%s): %s, %lu of %lu pages, paused %u times, %u pages of it lent", d->id, d->name, phases[phase],
             (unsigned long)d->page_count, (unsigned long)d->page_limit, d->pauses, d->lent);
    for (unsigned i = 0; i < d->vcpu_count && phase == DOMAIN_RUNNING; i++) {
        static const char states[][9] = {
            [VCPU_RUNNING] = "running", [VCPU_RUNNABLE] = "runnable", [VCPU_BLOCKED] = "blocked",
            [VCPU_OFFLINE] = "off line",
        };

        if (d->vcpus[i] != NULL) {
            log_info("  vCPU %u: %s, CPU %u", i, states[d->vcpus[i]->state], d->vcpus[i]->sched.cpu->id);
        }
    }
}

static void say_domains(void)
{
    struct domain *d = domain_get_next(0);

    while (d != NULL) {
        uint32_t next = d->id + 1U;

        say_domain(d);
        domain_put(d);
        d = domain_get_next((uint16_t)next);
    }
}

static void say_memory(void)
{
    log_info("memory: %lu of %lu pages are free", (unsigned long)page_alloc_free_count(),
             (unsigned long)frame_count());
}

static void say_help(void)
{
    log_info("debug keys: h (this), m (memory)%s, q (domains and their vCPUs)",
             CONFIG_COUNTERS ? ", p (counters), P (resets them)" : "");
}

/* Req: BH-CTL-024 */
void debug_key(char key)
{
    switch (key) {
    case 'h':
        say_help();
        break;
    case 'm':
        say_memory();
        break;
    case 'p':
    case 'P':
        if (CONFIG_COUNTERS && key == 'p') {
            counters_say();
        } else if (CONFIG_COUNTERS) {
            counters_reset();
            log_info("counters: reset");
        } else {
            say_help();
        }
        break;
    case 'q':
        say_domains();
        break;
    default:
        log_info("debug key %u means nothing here: try h", (unsigned)(unsigned char)key);
        break;
    }
}
