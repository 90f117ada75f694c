# SPDX-License-Identifier: Apache-2.0
"""Where a guest on x86 may see something else on Bulkhead than on Debian's Xen 4.17, where it is a PVH dom0, and why.
Everything else is a bug. A row whose difference no longer shows up fails test_every_explanation_is_used: it must go.

Xen's domain 0 is the control and the hardware domain, Bulkhead's initial one is a partition like others: many rows are
about what only a domain 0 may do.
"""
import dataclasses

import differences

ENOSYS = "-38"
EPERM = "-1"
EINVAL = "-22"
EBUSY = "-16"
DOMAIN_0 = "Xen's is domain 0, which may; a partition is not privileged, "


@dataclasses.dataclass(frozen=True)
class Difference(differences.Difference):
    """SOMETIMES: timing decides whether it shows up."""
    sometimes: bool = False


# In reasons: names with ".h" are Xen's public headers, "APM" is AMD's volume 2, "SDM" Intel's volume 3.
DIFFERENCES = [
    # --- hello --------------------------------------------------------------------------------------------------------
    Difference("hello", "memory", "0x100000 \\+ 0x[0-9a-f]+", "A partition without a description has what there is."),
    # --- xenabi, calls ------------------------------------------------------------------------------------------------
    Difference("xenabi|modes", "capabilities|no paging|4 MiB pages",
               "(capabilities 0, )?xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64",
               "The same words (version.h); Xen puts a space behind each."),
    Difference("xenabi", "xen_version 10 error", EPERM, "XENVER_build_id (version.h) is Xen's own: there is none."),
    Difference("calls", "xen_version 10.*|build_id, length \\d+", "-1(, bytes written none)?", "The same."),
    Difference("calls", "command line", "<denied>", DOMAIN_0 + "and is told no command line (version.h)."),
    Difference("xenabi", "hypercall of x86 0x(f|1a)", ENOSYS,
               "set_timer_op and mmuext_op (xen.h): timers are vcpu_op's, page tables the guest's own."),
    Difference("calls", "hypercall (15|26)", ENOSYS, "The same."),
    Difference("xenabi", "shared info, beyond addresses", EINVAL, "Beyond 40 bits of address there can be no page."),
    Difference("xenabi", "space 99", ENOSYS, "An unknown space (memory.h) is one that is not there."),
    Difference("xenabi", "hvm_param 3", EINVAL, "No such parameter (hvm/params.h); Xen knows it and denies it."),
    Difference("calls", "parameter (3|5|6|7|8|9|10|11|12|14|15|16|19|27|29|31|32|33|34|35|36|37|38)",
               "get -22, 0x5a5a, set (-22|0)", "The same: parameters of tool stacks, device models and monitors."),
    Difference("calls", "parameter 2", "get 0, 0x0, set -1", DOMAIN_0 + "and xenstore's port is not its to set."),
    Difference("calls", "parameter 1[78]", "get 0, 0x[0-9a-f]+, set -1",
               "A partition has a PV console, here its page and port (hvm/params.h); Xen's domain 0 has none."),
    Difference("xenabi", "domctl|sysctl|platform_op", EPERM,
               "domctl.h, sysctl.h, platform.h: for control domains. The initial domain of a PC is none yet, Xen's is."),
    Difference("calls", "(domctl|sysctl|platform_op) .*", ".*-1.*", "The same."),
    Difference("calls", "hypercall (7|35|36|42)|hypfs_op \\d", EPERM, "The same."),
    Difference("calls", "hypercall (40|41|49)", ENOSYS,
               "Calls of control domains and device models: xenpmu_op, dm_op, and of old ones."),
    Difference("calls", "dm_op (of|at) .*", ENOSYS, "hvm/dm_op.h: for device models, of which there are none."),
    Difference("calls", "hvm_op (5|9|10|11|15|25)", "-38 with zeros, -38 at null",
               "hvm/hvm_op.h: for tool stacks, device models, viridian and altp2m, which are not there."),
    Difference("calls", "physdev_op (24|25|26|29)", "-38 with zeros, -38 at null",
               "physdev.h: for the hardware domain, whose PCI devices and debug port they are about."),
    Difference("calls", "argo_op \\d", "-(95|14)", "Argo is there (argo.h); Debian's Xen is built without it."),
    Difference("calls", "hypercall 39", "-95", "The same."),
    # --- vcpu ---------------------------------------------------------------------------------------------------------
    Difference("start", "register 8", "0x11", "CR0.ET is always one (APM volume 2, 3.1.1)."),
    Difference("vcpu", "vcpu_op (5|6|7|13) of vCPU .*", "-(22|14) with zeros, -(22|14) at null",
               "A vCPU has its own areas and timers only, and an area is looked at when it is registered."),
    Difference("vcpu", "interrupts by the place", "[12]", sometimes=True,
               reason="How often a level is taken before the guest clears it depends on when it looks."),
    Difference("vcpu", "an event", "cpu 0, 1 upcalls, ports 2", "The first port is the PV console's."),
    Difference("vcpu", "entry time after sleep is later", "yes",
               "state_entry_time: \"when was the current state entered\" (vcpu.h). Xen's is of before."),
    Difference("vcpu", "run-state area( at .*|, read-only)", "-14",
               "The area is looked at when it is registered; Xen ignores what it cannot write, and vcpu.h has no "
               "word on it."),
    Difference("vcpu", "run-state area of a vCPU that is off", EINVAL,
               "A virtual address (vcpu.h) means something by the vCPU's own tables only."),
    Difference("vcpu", "a third watchdog", "-28", "Results are negative errors; Xen's loses the sign in 64 bits."),
    Difference("vcpu", "(sched_op )?pin_override( at .*)?", EPERM, DOMAIN_0 + "so it does not pin itself (sched.h)."),
    # --- width --------------------------------------------------------------------------------------------------------
    Difference("width", "single-shot timer of long ago", "-62",
               "VCPU_SSHOTTMR_future, \"return -ETIME if it's passed\", \"can be ignored by the hypervisor\" (vcpu.h): Xen "
               "ignores it."),
    # --- memory -------------------------------------------------------------------------------------------------------
    Difference("memory", "memory_op 14 with zeros", "\\d+", "XENMEM_maximum_gpfn of domain 0: it is the caller itself."),
    Difference("memory", "memory_op 28 with zeros", "-95", "XENMEM_acquire_resource of domain 0: Xen lets nobody have its own."),
    Difference("vcpu", "vcpu_op 8 of vCPU 0x.*", "(0|-62) with zeros, -14 at null", sometimes=True,
               reason="Xen ignores VCPU_SSHOTTMR_future (vcpu.h), which a time that was left in the argument sets by chance."),
    Difference("memory", "(current|maximum)_reservation|maximum_gpfn|room", "\\d+",
               DOMAIN_0 + "so what it has is all it may have; on Xen there is no limit for it."),
    Difference("memory", "(populate|increase) before anything was given|pages then|pages after .*", "0|-2|-4|-512",
               "So nothing can be had that was not given back."),
    Difference("memory", "order 10|an exact node", "populate 0, increase 0, decrease 0",
               "Extents are of 2 MiB at most, as with Xen for what is not privileged (its MAX_ORDER of domains)."),
    Difference("memory", "list at into an unmapped page", "populate 2, decrease 2", "What was populated is there."),
    Difference("memory", "populate (eight|a block that is not aligned)", "0",
               "No room, and a block begins at a multiple of its size (memory.h)."),
    Difference("memory", "populated pages are zero|it is zero", "yes", sometimes=True,
               reason="Nobody sees what a page held before; Xen shows it."),
    Difference("memory", "pages by populate (beyond addresses|at the last gfn)", "0",
               "A page that could not be put there is not charged; with Xen it is, and is nowhere."),
    Difference("memory", "(pages by )?populate where memory is", "0",
               "Memory does not take the place of memory: Xen's old page stays charged, and is nowhere."),
    Difference("memory", "it is another page", "no", "The same."),
    Difference("memory", "(pages by )?increase with room", "0",
               "The new page would be at no address of a translated guest, which has populate_physmap for that "
               "(memory.h)."),
    Difference("memory", "exchange .*|memory_op 11 .*", "-95",
               "\"Only PV guests can use this operation\" (memory.h): refused without a look at what is asked."),
    Difference("memory", "(batch of )?space [23567](, size 2)?( at the last gfn)?",
               "-38|-13|0, -38 -38 -38|-13, 55 55 55",
               "XENMAPSPACE_gmfn, gmfn_range and dev_mmio (memory.h) are not there; unknown ones neither."),
    Difference("memory", "batch of space 4", "0, -3 -3 -3", "gmfn_foreign of a domain that is not there (memory.h)."),
    Difference("memory", "shared page with (an extent|extent 65536)", EINVAL,
               "The upper bits say where a list goes on; one page is no list."),
    Difference("memory", "decrease of the shared page", "0", "It is not memory of the guest's reservation (memory.h)."),
    Difference("memory", "what is there after the decrease", "0x0", "So it is still there."),
    Difference("memory", "remove memory", "0", "The gfn is a page of memory's, which may be given up so."),
    Difference("memory", "batch of pages of DOMID_(IO|XEN)", "0, -1", DOMAIN_0 + "so it maps nobody's pages."),
    Difference("memory", "acquire_resource (of oneself|by number)", "0|-16",
               "A domain may map its own grant table anyhow; -16: it is mapped already. Xen gives it to others only."),
    Difference("memory", "get_vnumainfo .*|memory_op 26 .*", "-95",
               "No partition has a NUMA layout: refused without a look at what is asked."),
    Difference("memory", "claim_pages.*|memory_op (5|9|13|16|17|21|24|25|27) .*", ENOSYS,
               "For tool stacks, PV guests and the hardware domain (memory.h)."),
    # --- evtchn -------------------------------------------------------------------------------------------------------
    Difference("evtchn", "bind_(interdomain|virq), structure read-only", "-14",
               "A port and a virq that the call before has bound: here it is looked first whether the result can be "
               "told, with Xen last. event_channel.h has no word on it."),
    Difference("evtchn", "status of the port that nobody was told", "0, is 0, vcpu 0, u 0x7777 0x8888",
               "The port of a call that was answered -EFAULT: with Xen it is there, here it is not."),
    Difference("evtchn", "operation 14 at null|reset, continued from outside", ENOSYS,
               "EVTCHNOP_reset_cont is for Xen itself (event_channel.h, within __XEN__)."),
    Difference("evtchn", "alloc_unbound for .*", "-3", DOMAIN_0 + "so it offers no port to nobody."),
    Difference("evtchn", "status (unused|0x.*|DOMID_.*)", "0, is 0, vcpu 0, u 0x7777 0x8888", "So there is no port."),
    Difference("evtchn", "ports until none is left", "1022, the last 1023, then -28",
               "1,023 ports, which is Xen's limit for domains other than domain 0, too."),
    Difference("evtchn", "port 0x(400|fff)|status of it", "close -22, send -22, unmask -22, .*|-22",
               "What follows from it."),
    Difference("evtchn", "bind_pirq \\d+", EINVAL,
               "For privileged domains (event_channel.h, note 2 of bind_pirq), and there is no such PIRQ."),
    Difference("evtchn", "taken when the upcall was marked before", "cpu 0, 0 upcalls, ports none",
               "evtchn_upcall_pending is \"written non-zero by Xen to indicate a pending notification\" (xen.h): a "
               "guest that writes it has been told. Xen on x86 looks at it before each entry."),
    Difference("evtchn", "vCPU 1( gets a place)?|taken after .*", "cpu [01], [1-3] upcalls, ports \\d+", sometimes=True,
               reason="How often a level is taken before the guest clears it depends on when it looks."),
    # --- evtchn_fifo --------------------------------------------------------------------------------------------------
    Difference("evtchn_fifo", "init_control at gfn 0x38000", "0",
               "Memory is there, as all of the machine's is the partition's; with Xen it has 256 MiB."),
    Difference("evtchn_fifo", "init_control in the shared page", EINVAL,
               "control_gfn is a page of the guest's (event_channel.h); the shared page is the hypervisor's."),
    Difference("evtchn_fifo", "more ports until none is left", "1018, the last 1023, then -28", "As above."),
    Difference("evtchn_fifo", "all of them sent", "\\d+ upcalls, 1022 taken, in order 64", "The same."),
    # --- grant --------------------------------------------------------------------------------------------------------
    Difference("grant", "status frames .*", "0, status (-2|0|-1), frames 0xa{16} 0xa{16}",
               "GNTTABOP_get_status_frames (grant_table.h) is for all guests; Xen on x86 has it for PV ones."),
    Difference("grant", "operation (3|4|7|9|12|13|14|15) at null|operation with bits above", "-.*",
               "The same for transfer, unmap_and_replace and cache_flush; and a count is looked at first."),
    Difference("grant", "transfer .*", "-95, status 85", "The same."),
    Difference("grant", "cache, .*", "0|-22", "The same: GNTTABOP_cache_flush, which has nothing to do here."),
    Difference("grant", "place frame 2\\^32", EINVAL,
               "xen_add_to_physmap.idx is xen_ulong_t, 64 bits (memory.h, arch-x86); Xen looks at 32 of them."),
    Difference("grant", "setup after that", "0, status 0, frames 0xf{16} 0xa{16} 0xa{16}", "So frame 0 is nowhere."),
    Difference("grant", "place frame 0 beyond addresses( by less)?", EINVAL,
               "Beyond the 40 bits of address that CPUID tells the guest; Xen looks at 52."),
    Difference("grant", "take back frame (2\\^32|0 beyond addresses( by less)?)", None,
               "What was not placed is not taken back."),
    Difference("grant", "copy from the grant table", "0, status -9",
               "grant_table.h copies pages of a domain's memory; the grant table's frames are the hypervisor's."),
    Difference("grant", "entry (1|10)", "access, frame 0x1234",
               "A change of version empties the table but for the reserved entries, of which none is in use then."),
    # --- grant_map ----------------------------------------------------------------------------------------------------
    Difference("grant_map", "map (uncached|with PAT|to write|over memory|to unmap at .*)", "0, status 0, a handle",
               "Xen 4.17 lets its PVH domain 0 map its own pages to read them only."),
    Difference("grant_map", "entry (uncached|with PAT)", "access reading writing and more", "The same."),
    Difference("grant_map", "give the page back", "1", "The same: the page is nobody's but the guest's."),
    Difference("grant_map", "unmap at (a wrong|the other's) place", "0, status -1",
               "host_addr \"must refer to a mapping that is tracked by <handle>\" (grant_table.h)."),
    Difference("grant_map", "unmap where (it|the second) is, after that", "0, status 0", "The handle is still there."),
    Difference("grant_map", "page unmapped at a wrong place", "read 0x0, write ok", "So the page is, too."),
    Difference("grant_map", "map the grant table", "0, status -9, no handle",
               "Its frames are the hypervisor's, as above."),
    Difference("grant_map", "entry the grant table", "access", "What follows from it."),
    Difference("grant_map", "unmap the grant table|the grant table is gone, map it again", None, "The same."),
    Difference("grant_map", "mappings of one entry", "399, then 0, status 0",
               "grant_table.h has no limit of uses; Xen's counters have eight bits."),
    # The guest goes on only where it can map to write. What it must find then is what Xen's answers are on Arm.
    Difference("grant_map", "unmap (uncached|with PAT|at address 0|in the middle|the first|the third|it|over memory|"
               "and replace by nothing)", "0, status 0", "What could not be mapped on Xen is not unmapped there."),
    Difference("grant_map", "(map to read elsewhere|map to write in the middle of a page|map before the entry changes|"
               "map of an entry changed while mapped)", "0, status 0, a handle", "The same."),
    Difference("grant_map", "(entry .*|unmap it again|unmap and replace)",
               "access( reading)?( writing)?|0, status -[14]", "The same."),
    Difference("grant_map", "page (mapped|unmapped|replaced|of|over) .*", "read 0x(a1|ff)(, write ok)?", "The same."),
    Difference("grant_map", "its own page has the write|another handle|swap while mapped|set version 1 while mapped",
               "0xa2|yes|0, status -12|0", "The same."),
    Difference("grant_map", "map (beyond addresses|three, the second bad|into a read-only structure)|their status",
               "0, status -1, no handle|0|-14|0 -3 0", "The same."),
    # --- apic ---------------------------------------------------------------------------------------------------------
    Difference("apic", "x2?apic vector 5 in an lvt", "error 0x0",
               "\"Illegal vector\" is found when the interrupt is sent or received, not when it is written (SDM, Error "
               "Handling; APM 16.4.6)."),
    Difference("apic", "x2?apic tsc deadline", "taken too early 0, armed yes|taken 1, armed no",
               "The timer has the mode in any case; Xen has it only where the CPU has (SDM, TSC-Deadline Mode)."),
    Difference("apic", "x2apic read cmci", "general-protection",
               "LVT CMCI is there with MCG_CAP.CMCI_P (SDM, Local Vector Table), which is not."),
    # --- msr ----------------------------------------------------------------------------------------------------------
    Difference("msr", "0x(3b|ce|140|17b|1db|20[01]|250|26f|40[01]|c0000104|c001001a|c001011[47]|c0011029) .*"
               .replace("0x(", "0x0*("), "read general-protection, write of 0 general-protection",
               "No register that a guest needs, and no bit of CPUID names it: TSC_ADJUST, PLATFORM_INFO, "
               "MISC_FEATURES, machine-check banks, last branches, MTRRs, TSC_RATIO, TOP_MEM, SVM, DE_CFG."),
    Difference("msr", "0x000000fe MTRR_CAP", "read ok, 0x400, write general-protection",
               "So MTRRcap has no ranges, fixed or variable (SDM, IA32_MTRRCAP)."),
    Difference("msr", "0x000002ff MTRR_DEF_TYPE", "read ok, 0x806, write ok", "So fixed ranges are not enabled."),
    Difference("msr", "0x00000179 MCG_CAP|MCG_CAP", "read ok, write general-protection|general-protection",
               "It is read-only (SDM, IA32_MCG_CAP)."),
    Difference("msr", "0x00000277 PAT", "read ok, 0x7040600070406, write ok",
               "The value of a reset (APM 7.8.2, SDM, Programming the PAT); Xen's is the one that it uses itself."),
    Difference("msr", "0xc0010015 HWCR", "read ok, write ok", "What is read may be written back."),
    Difference("msr", "PAT of type [28]", "general-protection", "No memory types (APM 7.8.1): they are refused."),
    Difference("msr", "SYSENTER_EIP that is not canonical", "ok",
               "In long mode AMD's CPUs have no SYSENTER, and 32 bits of this register otherwise (APM 6.1.2)."),
    # --- cpuid --------------------------------------------------------------------------------------------------------
    Difference("cpuid", "extended leaves", "0x8000000a", "The last one with a meaning for guests."),
    Difference("cpuid", "address bits|feature la57", "40 physical, 57 virtual|1",
               "Five levels of the guest's own tables, where the CPU has them; Xen 4.17 has not."),
    Difference("cpuid", "feature (acpi|tsc-deadline|arat)", "[01]",
               "No thermal sensor; the local APIC's timer has deadlines and does not stop."),
    Difference("cpuid", "cpu [01], leaf 0xb level [012]", "shift [01], count [012], type [012], x2apic id [01]",
               "Leaf 0xb describes cores of one thread (SDM volume 2, CPUID); Xen leaves it empty."),
    Difference("cpuid", "cpu 1", "apic id 1, logical CPUs 2, clflush 64 bytes",
               "The APIC id is the vCPU's number; Xen's is twice that."),
    Difference("cpuid", "xen time", "flags 0x[46], mode 0, frequency is there yes, incarnation 0",
               "The TSC's counts are the hypervisor's to keep (arch-x86/cpuid.h): not emulated, never restored."),
    Difference("cpuid", "xen hvm", "0x78, vcpu 0, domid 0, 0x0",
               "No IOMMU mappings, but extended destination ids (arch-x86/cpuid.h)."),
    # --- time, and one that is not explained --------------------------------------------------------------------------
    Difference("apic", "x2?apic periodic", "more than a quarter of what is due (yes|no), no more than twice yes", sometimes=True,
               reason="Expiries that come late do not pile up (docs/limits.md): fewer where the machine is busy."),
    Difference("evtchn", "taken with the upcall mask|taken of several words", "cpu 0, [12] upcalls, ports [\\d ]+", sometimes=True,
               reason="On a busy machine there is now and then an upcall more on either, without a port: not understood. A "
                      "handler that looks finds nothing."),
]
