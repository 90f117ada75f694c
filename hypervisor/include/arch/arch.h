/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract: every function that core may call and an architecture provides, declared once, described once.
 * The inline ones (arch_this_cpu, arch_time_now, arch_spin_wait, arch_full_barrier) are in arch/arch_inline.h,
 * the types that core embeds in arch/arch_types.h. The virtual GIC and PSCI models have contracts of their own, arch_vgic.h and
 * arch_psci.h, for the architectures that have such devices.
 */
#ifndef BH_ARCH_ARCH_H
#define BH_ARCH_ARCH_H

#include "arch/arch_types.h"
#include "bh/guest_copy.h"
#include "bh/hyp_map.h"
#include "bh/p2m.h"
#include "bh/types.h"

struct cpu;
struct domain;
struct vcpu;

/* ---- Physical CPUs ---- */

/* Interrupts CPU so that it leaves its guest, or its sleep, and looks at its requests. */
void arch_cpu_kick(const struct cpu *cpu);
/* Has this CPU an interrupt to take? */
bool arch_interrupt_is_pending(void);
/* Sleeps until an interrupt is pending, then handles it. Called with no vCPU loaded. */
void arch_cpu_wait(void);
/* The board goes off, or restarts. */
NORETURN void arch_power_off(void);
NORETURN void arch_power_reset(void);
/* Stops this CPU for good. */
NORETURN void arch_stop(void);
/* The same after printing a back trace of the caller. */
NORETURN void arch_panic(void);
/* CONFIG_AUDIT_SELFTEST only: the fault that NAME means is to happen once guests run. A warning if there is none. */
void arch_plant_fault(const char *name);

/* ---- Time ---- */

/* Ticks of arch_time_now() in a second. */
uint64_t arch_time_frequency(void);
/* When D's clock, which its guest sees, will say NS nanoseconds, in ticks of arch_time_now(). */
uint64_t arch_time_of_domain(const struct domain *d, uint64_t ns);
/* One-shot interrupt of this CPU at DEADLINE (then timer_expire() is called); TIMER_NEVER turns it off. */
void arch_timer_program(uint64_t deadline);

/* ---- The hypervisor's own address space ---- */

#define ARCH_WINDOW_COUNT       16 /* 4 KiB windows a CPU */
#define ARCH_BLOCK_WINDOW_COUNT 2  /* 2 MiB windows a CPU */

/* Maps one frame (or the aligned 2 MiB block that holds it) in this CPU's window SLOT. Never fails. */
void *arch_window_map(unsigned slot, mfn_t m, bool writable);
void arch_window_unmap(unsigned slot);
void *arch_block_window_map(unsigned slot, mfn_t m);
void arch_block_window_unmap(unsigned slot);

/* The root of this CPU's tables. Levels count from ARCH_HYP_TOP_LEVEL, the root's, to 3, that of pages. */
mfn_t arch_hyp_root(void);
/* Entry that maps 4 KiB (level 3) or 2 MiB (level 2) at P, or that names a table at P. */
uint64_t arch_hyp_pte_leaf(paddr_t p, enum hyp_right right, unsigned level);
uint64_t arch_hyp_pte_table(paddr_t p);
bool arch_hyp_pte_is_valid(uint64_t pte);
paddr_t arch_hyp_pte_address(uint64_t pte);
/* Of a valid entry of LEVEL: does it name a table? Of one that maps: may the hypervisor write there and run it? */
bool arch_hyp_pte_is_table(uint64_t pte, unsigned level);
bool arch_hyp_pte_is_writable_code(uint64_t pte);
/* CONFIG_AUDIT: panics if a register that the rights in tables depend on is not as it must be. */
void arch_hyp_audit(void);
/* Is M, of V's state, what VA of the CPU that runs V shall show? */
bool arch_vcpu_state_is_at(const struct vcpu *v, uint64_t va, mfn_t m);
/* New entries are seen by this CPU's walks, and by those of others that hear of them. */
void arch_hyp_publish(void);
/* When it returns, no CPU uses what it knew of VA any more. */
void arch_hyp_forget(uint64_t va);
/*
 * CONFIG_CACHE_COLOURS, at boot: what is in the page at VA goes to the frame P, which the window TO shows, and VA shows
 * that from now on, with the same rights. ENTRY, in a window, is what maps VA. VA may be of the code that runs, or of its
 * stack; nothing but this CPU uses it, and no interrupt comes.
 */
void arch_hyp_move_page(uint64_t *entry, paddr_t p, const void *va, void *to);
/* CONFIG_CACHE_COLOURS: bytes of one way of the cache that all CPUs share; 0: it is not known. */
uint64_t arch_cache_way_size(void);
/* Addresses for device registers: from ARCH_DEVICE_VA to ARCH_DEVICE_VA_END. */

/* The heap's range of addresses: PAGES pages, all CPUs see the same. */
#define ARCH_HEAP_PAGES 16384
void *arch_heap_address(size_t page);
/* Backs heap page PAGE with frame M. -XEN_ENOMEM: no frame for a table. */
MUST_USE int arch_heap_map(size_t page, mfn_t m);
/* Undoes it on all CPUs; returns the frame that backed the page. */
mfn_t arch_heap_unmap(size_t page);

/* Fills SIZE bytes (a multiple of 64, 64-aligned) with zeros, as fast as the machine can. */
void arch_memory_clear(void *p, size_t size);
/* Makes what was written through a window visible to a guest that runs with its caches off, and to its fetches. */
void arch_memory_publish(const void *p, size_t size);

/* ---- Stage-2 tables ---- */

/* Entry that maps 4 KiB (level 3), 2 MiB (level 2) or 1 GiB (level 1) at M as TYPE. */
uint64_t arch_pte_leaf(mfn_t m, enum p2m_type type, unsigned level);
uint64_t arch_pte_table(mfn_t m);
bool arch_pte_is_valid(uint64_t pte);
bool arch_pte_is_table(uint64_t pte, unsigned level);
mfn_t arch_pte_mfn(uint64_t pte);
enum p2m_type arch_pte_type(uint64_t pte);
/* Stores an entry so that the table walkers of all CPUs see it. */
void arch_pte_store(uint64_t *slot, uint64_t pte);
/* Forgets cached translations of 2^ORDER pages at G, on all CPUs. */
void arch_p2m_invalidate(struct p2m *p, gfn_t g, unsigned order);
/* Gives new tables what the hardware tags cached translations with. -XEN_ENOSPC: no tag left. */
MUST_USE int arch_p2m_init(struct p2m *p);
/* Forgets all cached translations of P on all CPUs and gives the tag back; its tables may be freed then. */
void arch_p2m_retire(struct p2m *p);

/* ---- Virtual CPUs ---- */

/* Allocates V's state frames and gives its emulated devices their reset state. -XEN_ENOMEM. */
MUST_USE int arch_vcpu_create(struct vcpu *v);
void arch_vcpu_destroy(struct vcpu *v);
/* Reset state: V will start at guest address ENTRY with ARGUMENT in its first argument register. V is off line. */
void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t argument);
/* Saves the state of this CPU's loaded vCPU and unmaps it. */
void arch_vcpu_unload(struct vcpu *v);
/* Maps V's state on this CPU and loads it. */
void arch_vcpu_load(struct vcpu *v);
/* Interrupts posted to the loaded vCPU from elsewhere reach its interrupt interface. */
void arch_vcpu_sync(struct vcpu *v);
/* Would V wake up now if it waited for an interrupt? */
bool arch_vcpu_has_event(struct vcpu *v);
/* V's event area says that something is pending: raises the interrupt for that, or whatever the guest chose. */
void arch_vcpu_upcall(struct vcpu *v);
/* One of V's timers is due (TIMER_VTIMER, TIMER_PTIMER, TIMER_VLAPIC). */
void arch_vcpu_timer_expired(struct vcpu *v, enum timer_kind kind);
/*
 * The guest physical address of the current vCPU's virtual ADDRESS, by its own tables, for a read or a write of its
 * kernel. -XEN_EFAULT: it has none, or may not.
 */
MUST_USE int arch_guest_translate(struct vcpu *v, uint64_t address, bool to_write, uint64_t *gpa);

/*
 * The frame of the current vCPU's virtual ADDRESS, by its own tables and its domain's. The lock of the latter is held,
 * and the answer holds as long. *IS_MEMORY: it is memory of some guest's, surely; if not, it may be a device's
 * registers. -XEN_EFAULT: there is none, or the kernel may not.
 */
MUST_USE int arch_guest_frame(struct vcpu *v, uint64_t address, bool to_write, mfn_t *m, bool *is_memory);

/* The part of V's event area that is the architecture's, where it begins to be used: only if ARCH_GUEST_HAS_CLOCK. */
void arch_vcpu_info_init(struct vcpu *v, struct vcpu_info *info);
/* Operations of vcpu_op, by V on TARGET of its domain, of hvm_op and of memory_op: only if ARCH_GUEST_HAS_OWN_OPS. */
int64_t arch_vcpu_op(struct vcpu *v, struct vcpu *target, unsigned command, struct guest_handle arg);
int64_t arch_hvm_op(struct vcpu *v, unsigned command, struct guest_handle arg);
int64_t arch_memory_op(struct vcpu *v, unsigned command, struct guest_handle arg);

/*
 * Only if CONFIG_CONTROL. Can there be such a domain as C says (domctl.h, createdomain)? What is the architecture's in C
 * is then what it gets, and in CONFIG. -XEN_EINVAL.
 */
struct boot_domain;
struct xen_domctl_createdomain;
MUST_USE int arch_domctl_create(struct xen_domctl_createdomain *c, struct boot_domain *config);
/*
 * The registers of TARGET, which is not loaded, from or to the memory at H of V's, which runs here
 * (vcpu_guest_context). *IS_ONLINE: TARGET is to run. -XEN_EFAULT; -XEN_EINVAL: no such state can be.
 */
MUST_USE int arch_vcpu_set_context(struct vcpu *v, struct vcpu *target, struct guest_handle h, bool *is_online);
MUST_USE int arch_vcpu_get_context(struct vcpu *v, struct vcpu *target, struct guest_handle h);

/* Allocates what an architecture keeps for a domain, and adds its devices to D->mmio. */
MUST_USE int arch_domain_create(struct domain *d, const struct boot_domain *config);
void arch_domain_destroy(struct domain *d);
/* Only if CONFIG_IOPORTS: interrupts of the board that are D's do not come any more. No vCPU of D's runs. Idempotent. */
void arch_domain_close_lines(struct domain *d);
/*
 * Only if CONFIG_IOPORTS: who has some of COUNT I/O ports from FIRST on, or ISA interrupt IRQ, so that no partition may
 * have them; a few words. NULL: nobody.
 */
const char *arch_ports_holder(uint32_t first, uint32_t count);
const char *arch_isa_holder(unsigned irq);
/*
 * Writes what D's kernel is told of its machine (a device tree, a start_info with ACPI tables) to SIZE bytes at BUFFER;
 * how many it took goes to *USED. At most ARCH_GUEST_DESCRIPTION_MAX bytes. -XEN_ENOSPC.
 */
struct partition_layout;
MUST_USE int arch_guest_describe(struct domain *d, const struct partition_layout *layout, void *buffer, size_t size,
                                 size_t *used);
/*
 * Only if CONFIG_DEVICES: D, which is built for the first time, gets what L->partial, the bytes of a partial device tree,
 * names of the board's devices (bh/partition_devices.h). On an error a message has said what was wrong.
 */
MUST_USE int arch_guest_find_devices(struct domain *d, const struct partition_layout *l);
/* Only if CONFIG_HARDWARE_DOMAIN: the same bound for the domain that has the hardware (domain.is_direct). */
size_t arch_hardware_description_max(void);
/* D's shared page has the layout for another width from now on (domain_is_narrow()): the clock in it moves. */
void arch_domain_width_changed(struct domain *d);
/* D's vCPUs may run from now on: its clocks begin. */
void arch_domain_start(struct domain *d);
/* D's first vCPU will start at its kernel's entry, as its boot protocol has it. */
void arch_guest_start(struct domain *d, const struct partition_layout *layout);
/* D gets a virtual UART. Before it runs; where there are any. -XEN_EINVAL: it has one, or its interrupt is a device's. */
MUST_USE int arch_domain_add_uart(struct domain *d);
/* A character for D's console device. */
void arch_domain_console_input(struct domain *d, char c);
/* The console has room again, after it had told some domain that it is congested. No lock but LOCK_DOMLIST is held. */
void arch_domain_console_ready(struct domain *d);

#endif
