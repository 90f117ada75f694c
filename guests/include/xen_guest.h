/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guests that test Xen's hypercalls share: calls by name, pages that a pointer may and may not point to, the
 * shared page, the interrupt of event channels, and how two partitions find each other.
 *
 * All of it goes on where a hypercall is missing: a result is printed, and nothing waits for what cannot come.
 */
#ifndef XEN_GUEST_H
#define XEN_GUEST_H

#include "abi/xen.h"
#include "guest.h"

#define PAGE 4096ul
#define PAGE_SHIFT 12
#define EVENT_IRQ 31
/* Ports in a word of the shared page. */
#define PORT_BITS (8 * (unsigned)sizeof(xen_ulong_t))
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Page-aligned memory of the guest's own. */
#define PAGES __attribute__((aligned(4096)))
/* A domid that no partition of a small board has. */
#define DOMID_UNUSED 1234u

/* An entry of what XENMEM_memory_map fills: the PC's own format (ACPI 6.3, table 15-374). Of type 1 is RAM. */
struct map_entry { uint64_t address, size; uint32_t type; } __attribute__((packed));
#define MAP_ENTRIES 32

/* Hypercalls. Memory that they read is written before, and what they wrote is read afterwards. */
int64_t event_op(unsigned op, void *argument);
int64_t memory_op(unsigned op, void *argument);
int64_t grant_op(unsigned op, void *argument, uint64_t count);
int64_t vcpu_op(unsigned op, uint64_t vcpu, void *argument);
int64_t sched_op(unsigned op, void *argument);
int64_t hvm_op(unsigned op, void *argument);
static inline uint64_t gfn_of(const volatile void *p) { return (uintptr_t)p >> PAGE_SHIFT; }

/* What xen_event_channel and others say of domids, with a word for a result line. */
struct named_domid { uint16_t domid; const char *name; };
extern const struct named_domid foreign_domids[];
extern const unsigned foreign_domid_count;

/*
 * Pointers to hand to a hypercall. A window page is a virtual page of its own that shows any guest physical page.
 */
enum window_kind { WINDOW_NONE, WINDOW_READ_ONLY, WINDOW_READ_WRITE, WINDOW_DEVICE };
#define WINDOW_PAGES 512
/* Maps page INDEX of the window to GFN; its address. */
void *window_page(unsigned index, enum window_kind kind, uint64_t gfn);
/*
 * For each bad place of SIZE bytes: its name and address, with the bytes of CONTENTS wherever the guest can write
 * them. bad_pointer() gives NULL behind the last one. What the places have in common is that the hypervisor must not
 * take them, to read (IS_INPUT) or to write.
 */
struct bad_pointer { const char *name; void *address; };
struct bad_pointer bad_input(unsigned index, const void *contents, unsigned size);
/* A place to read from, but not to write to, with CONTENTS. */
void *read_only_copy(const void *contents, unsigned size);
/* A place that lies on two pages which are not next to each other in memory, with CONTENTS. */
void *crossing_copy(const void *contents, unsigned size);

/* The shared page and the places of the vCPUs. NULL if the hypervisor has none to give; the reason is printed. */
struct shared_info *shared_info_map(void);
extern struct shared_info *shared;
extern struct vcpu_info *vcpu_info[CPU_MAX];
/* The domain's system time, in ns, which the timeouts of hypercalls are in. The shared page is mapped. */
uint64_t system_time(void);
/* Registers a place for vCPU CPU; true if it is there now. */
bool vcpu_info_register(unsigned cpu);

/*
 * The interrupt of event channels, 31 (arm64: that PPI; x86: a vector), counted for each CPU. event_init() on CPU 0 and event_init_cpu() on the
 * others enable it; the handler clears upcall_pending, then takes every selected, pending and unmasked port.
 */
#define EVENT_LOG_MAX 64
struct event_log { volatile unsigned upcalls, count; volatile uint32_t ports[EVENT_LOG_MAX]; };
extern struct event_log event_log[CPU_MAX];
/* What the handler does with the shared page; NULL for guests that look themselves. */
extern void (*event_upcall)(unsigned cpu);
void event_init(void);
void event_init_cpu(void);
/* Tells the hypervisor which interrupt that is, where it must be told. */
void event_connect(void);
void event_take_2level(unsigned cpu);
void event_note(unsigned cpu, uint32_t port);
void event_forget(void);
/* Interrupts on for a moment: everything that is pending is taken. */
void event_window(void);
/* "cpu 0: 1 upcall, ports 3 4" of CPU, as a line behind NAME. */
void event_say(const char *name, unsigned cpu);

bool bit_is_set(const volatile void *bits, unsigned bit);
void bit_set(volatile void *bits, unsigned bit);
void bit_clear(volatile void *bits, unsigned bit);

/* Event channels by short names; ports are -errno if there is none. */
int64_t event_alloc(uint16_t domid, uint16_t remote);
int64_t event_bind(uint16_t remote, uint32_t remote_port);
int64_t event_bind_virq(uint32_t virq, uint32_t vcpu);
int64_t event_bind_ipi(uint32_t vcpu);
int64_t event_close(uint32_t port);
int64_t event_send(uint32_t port);
int64_t event_unmask(uint32_t port);
int64_t event_bind_vcpu(uint32_t port, uint32_t vcpu);
int64_t event_reset(void);
/*
 * The Nth port that a domain can have, from 1 on: a PV console may have the first ones. event_find_first() looks how
 * many these are. "hold=1" on the command line makes it one where there is none, for the same numbers everywhere.
 */
extern uint32_t event_port_base;
#define OWN_PORT(n) (event_port_base + (n))
void event_find_first(void);

/* The caller's own number, by an event channel to itself; DOMID_INVALID if that cannot be had. */
uint16_t own_domid(void);

/* Memory: one call of XENMEM_add_to_physmap for oneself, and what a page of the window shows or why it does not. */
int64_t physmap_add(uint32_t space, uint64_t index, uint64_t gfn);
int64_t physmap_remove(uint64_t gfn);

/*
 * Grant tables, version 1. The first frame of the table goes to the place that the device tree names for them, and is
 * seen through the first page of the window.
 */
#define GRANT_GFN (0x38000000ul >> PAGE_SHIFT)
#define GRANT_WINDOW 0
extern volatile struct grant_entry_v1 *grant_v1;
/* Maps the first frame of the table; false with a line that says why if there is none. */
bool grant_table_map(void);
void grant_entry(uint32_t ref, uint16_t flags, uint16_t domid, uint64_t gfn);
/* The flags of an entry's first halfword, in words: "access reading writing". */
const char *grant_flags(uint16_t flags);

/*
 * Two partitions. "role=1 peer=2" on the command line of domain 1, "role=2 peer=1" on that of domain 2. Both call
 * peer_meet() first; it connects a pair of ports, or returns false. peer_signal() and peer_wait() then alternate.
 * Limits are in guest time: nothing waits for ever.
 */
extern unsigned role, peer;
bool peer_meet(void);
void peer_signal(void);
bool peer_wait(void);

#endif
