# SPDX-License-Identifier: Apache-2.0
"""Where a guest on x86 may see something else on Bulkhead than on Debian's Xen 4.17, whose PVH dom0 it is there, and why.
Everything else is a bug. A row whose difference no longer shows up fails test_every_explanation_is_used: it must go.

In reasons: SDM is the Intel SDM, APM the AMD64 APM; names with ".h" are Xen's public headers.
"""
from differences import Difference

GP = "read general-protection, write of 0 general-protection"

DIFFERENCES = [
    Difference("hello", "memory", r".*", "Each gives its initial partition what memory it has left."),
    # --- xenabi: dom0 may what no partition of ours may ----------------------------------------------------------------
    Difference("xenabi", "capabilities", r"xen-3\.0-x86_64 hvm-3\.0-x86_32 hvm-3\.0-x86_32p hvm-3\.0-x86_64",
               "Xen adds a space at the end."),
    Difference("xenabi", "xen_version 10 error", "-1", "The build id is for the control domain, as on arm64."),
    Difference("xenabi", "hypercall of x86 0x(f|1a)", "-38", "set_timer_op and a call of PV guests: not there."),
    Difference("xenabi", "shared info, beyond addresses", "-22", "Nothing can be mapped there, which is known first."),
    Difference("xenabi", "space 99", "-38", "A space that is none: answered as on arm64."),
    Difference("xenabi", "again elsewhere", "-16", "The shared page is at one place at a time; Xen moves it on x86."),
    Difference("xenabi", "remove", "-2", "It is not there, since it was not moved."),
    Difference("xenabi", "memory_map", "-38", "The memory map is in start_info; the call is not there."),
    Difference("xenabi", "vcpu_op 0", "-38", "VCPUOP_initialise is not there: STARTUP starts vCPUs."),
    Difference("xenabi", "hvm_param 3", "-22", "A parameter of device models: there are none."),
    Difference("xenabi", "(domctl|sysctl|platform_op)", "-38", "For control domains, which there are none of."),
    # --- apic ----------------------------------------------------------------------------------------------------------
    Difference("apic", "x2?apic vector 5 in an lvt", "error 0x0",
               "An illegal vector is an error when it is delivered (SDM 3A 10.5.3); Xen says so when it is written."),
    Difference("apic", "x2?apic tsc deadline", ".*", "Xen offers deadlines only where the board's timer has them."),
    Difference("apic", "x2apic read cmci", "general-protection", "There is no CMCI without machine check banks."),
    # --- msr: what is not in docs/x86.md is #GP ------------------------------------------------------------------------
    Difference("msr", "0x(0000003b TSC_ADJUST|000000ce .*|00000140 .*|0000017b .*|000001db .*|0000020[01] .*|00000250 .*|"
               "0000026f .*|0000040[01] .*|c0000104 .*|c001001a .*|c001011[47] .*|c0011029 .*)", GP,
               "Not offered, as CPUID says: adjusting the TSC, machine check banks, variable and fixed MTRRs, branch "
               "records, nested virtualization and its TSC ratio; or the board's business."),
    Difference("msr", "0x000000fe MTRR_CAP", r"read ok, 0x400, write general-protection",
               "No fixed and no variable ranges: the default type is all there is."),
    Difference("msr", "0x00000179 MCG_CAP", r"read ok, write general-protection", "Read-only (SDM 4, 2.1)."),
    Difference("msr", "0x00000277 PAT", r"read ok, 0x7040600070406, write ok",
               "The value after reset (APM 2, 7.8); Xen starts a PVH kernel with its own."),
    Difference("msr", "0x000002ff MTRR_DEF_TYPE", r"read ok, 0x806, write ok", "Without fixed ranges."),
    Difference("msr", "0xc0010015 HWCR", "read ok, write ok", "Writes are ignored."),
    Difference("msr", "PAT of type [28]", "general-protection", "Reserved types (APM 2, 7.8); Xen leaves it to the CPU."),
    Difference("msr", "MCG_CAP", "general-protection", "Read-only (SDM 4, 2.1)."),
    Difference("msr", "SYSENTER_EIP that is not canonical", "ok",
               "Written without an exit: the CPU checks it, which this emulator does not."),
    # --- cpuid ---------------------------------------------------------------------------------------------------------
    Difference("cpuid", "extended leaves", "0x8000000a", "Those that say something."),
    Difference("cpuid", "address bits", ".*, 57 virtual", "Five levels of tables, as the CPU has them; Xen hides them."),
    Difference("cpuid", "feature acpi", "0", "Thermal control, which a guest has not."),
    Difference("cpuid", "feature (tsc-deadline|la57|arat)", "1", "The virtual APIC has deadlines and does not stop."),
    Difference("cpuid", "cpu 0", ".*logical CPUs 1.*", "Topology is the partition's, not the board's."),
    Difference("cpuid", "cpu 0, leaf 0xb level [01]", ".*count 1.*", "The same; Xen's dom0 has no such leaf."),
    Difference("cpuid", "xen time", ".*", "The TSC is never emulated; an incarnation is Xen's word for a migration."),
    Difference("cpuid", "xen hvm", ".*", "Domain 1, not 0; extended destinations and upcall vectors besides."),
    Difference("modes", "(no paging|4 MiB pages|long mode|pae)", r"capabilities 0, xen-3\.0-x86_64 .*", "As xenabi."),
]
