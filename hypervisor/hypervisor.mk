# SPDX-License-Identifier: Apache-2.0
# The hypervisor for one named configuration: configs/$(CONFIG).config becomes build/$(CONFIG)/bulkhead. HYP_CONFIG
# names another file for the configuration.
CONFIG ?= arm64
HYP_CONFIG ?= configs/$(CONFIG).config
HYP_BUILD := build/$(CONFIG)
PYTHON ?= /usr/bin/python3

-include $(HYP_BUILD)/config.mk
$(HYP_BUILD)/config.mk: $(HYP_CONFIG) Kconfig scripts/kconfig.py
	@mkdir -p $(HYP_BUILD)
	@$(PYTHON) scripts/kconfig.py make $< $@
	@touch $@
$(HYP_BUILD)/include/bh/config.h: $(HYP_CONFIG) Kconfig scripts/kconfig.py
	@$(PYTHON) scripts/kconfig.py header $< $@
	@touch $@

HYP_ARCH := $(if $(CONFIG_X86),x86,arm64)
CROSS ?= $(if $(CONFIG_X86),x86_64-linux-gnu-,aarch64-linux-gnu-)

# What every configuration has, then what options add.
HYP_y := $(addprefix core/, back_trace.c board.c boot.c boot_config.c boot_dom0.c boot_known.c boot_modules.c boot_options.c boot_words.c console.c cpu.c domain.c frame.c guest_copy.c \
    heap.c hyp_map.c kernel_load.c memory_map.c mmio.c ownership.c p2m.c page_alloc.c partition.c partition_memory.c reaper.c sched.c sched_affinity.c sched_pinned.c timer.c vcpu.c window.c)
HYP_$(CONFIG_ARM64) += core/kernel_image.c
HYP_$(CONFIG_X86) += core/kernel_pvh.c
HYP_$(if $(CONFIG_X86),y,$(CONFIG_LOADER_ELF)) += core/kernel_elf.c
HYP_$(CONFIG_SCHED_FAIR) += core/sched_fair.c
HYP_$(CONFIG_START_ORDER) += core/boot_order.c core/start_order.c
HYP_$(CONFIG_TIME_WINDOWS) += core/boot_schedule.c core/sched_windows.c
HYP_$(CONFIG_XEN_GUEST) += $(addprefix core/, console_io.c control.c hvm_op.c hypercall.c memory_op.c \
    physmap.c policy.c runstate.c sched_op.c vcpu_op.c version.c vm_assist.c)
# Callers of two widths: the hypervisor's own and the half.
HYP_$(CONFIG_X86) += core/guest_struct.c core/guest_width.c
HYP_$(CONFIG_MULTICALL) += core/multicall.c
HYP_$(CONFIG_EVTCHN) += $(addprefix core/, boot_channels.c evtchn.c evtchn_2l.c evtchn_fifo.c evtchn_op.c \
    evtchn_tell.c)
HYP_$(CONFIG_GRANT) += $(addprefix core/, grant.c grant_copy.c grant_entry.c grant_map.c \
    grant_op.c)
HYP_$(CONFIG_ARGO) += $(addprefix core/, argo.c argo_notify.c argo_send.c)
HYP_$(CONFIG_PV_CONSOLE) += core/pv_console.c
HYP_$(CONFIG_PV_BACKEND) += core/pv_backend.c
HYP_$(CONFIG_RESTART) += core/restart.c
HYP_$(if $(CONFIG_CACHE_COLOURS),y,$(CONFIG_NUMA)) += core/boot_affinity.c core/page_affinity.c
HYP_$(CONFIG_CACHE_COLOURS) += arch/$(HYP_ARCH)/cache.c arch/$(HYP_ARCH)/move.S
HYP_$(CONFIG_COUNTERS) += core/counters.c
HYP_$(CONFIG_DEBUG_KEYS) += core/debug_key.c
HYP_$(CONFIG_PLACEMENT) += core/boot_placement.c
HYP_$(CONFIG_SHARED_MEMORY) += $(addprefix core/, boot_shared_memory.c partition_shared.c shared_memory.c)
HYP_$(CONFIG_CONTROL) += $(addprefix core/, cpupool.c sched_cap.c domctl.c domctl_life.c domctl_vcpu.c foreign.c platform_op.c sysctl.c \
    wallclock.c) $(if $(CONFIG_X86),arch/x86/domctl_x86.c,arch/arm64/domctl_arm.c)
HYP_$(CONFIG_DEVICES) += $(addprefix core/, device.c device_line.c partition_devices.c) vdev/vgic_line.c \
    $(addprefix arch/arm64/, hardware_devices.c partial_tree.c)
HYP_$(CONFIG_HARDWARE_DOMAIN) += core/domctl_device.c $(addprefix arch/arm64/, hardware_domain.c hardware_tree.c)
HYP_$(CONFIG_HYPFS) += core/hypfs.c
HYP_$(CONFIG_VUART) += core/vuart.c
HYP_$(CONFIG_DEBUG) += core/lock_order.c
HYP_y += $(addprefix lib/, fdt.c fdt_value.c fdt_writer.c format.c string.c)
HYP_y += $(if $(CONFIG_X86),arch/x86/copy.c,lib/copy.c)
HYP_$(CONFIG_VGIC) += $(addprefix vdev/, psci.c vgic.c vgic_load.c vgic_lr.c vgic_mmio.c vgic_regs.c)
HYP_$(CONFIG_VLAPIC) += vdev/vlapic.c vdev/vlapic_ipi.c vdev/vlapic_regs.c vdev/vlapic_timer.c
HYP_$(CONFIG_IOPORTS) += core/boot_ports.c vdev/vioapic.c $(addprefix arch/x86/, board_ports.c isa_line.c svm/io_map.c)
HYP_$(CONFIG_VPL011) += vdev/vpl011.c
HYP_$(CONFIG_SBSA_WATCHDOG) += vdev/sbsa_watchdog.c
HYP_$(CONFIG_PL011) += drivers/pl011.c
HYP_$(CONFIG_CADENCE_UART) += drivers/cadence_uart.c
HYP_$(CONFIG_NS16550) += drivers/ns16550.c
HYP_y += $(if $(CONFIG_TREE_UART),drivers/uart.c,$(if $(CONFIG_NS16550),,drivers/no_uart.c))
HYP_$(CONFIG_ARM64) += $(addprefix arch/arm64/, head.S entry.S board_arm.c context.c debug.c early.c \
    firmware.c gic.c guest_tree.c idregs.c irq.c main.c mmu.c partition_arm.c report.c smp.c stage2.c sysreg_trap.c \
    trap.c vtimer.c)
HYP_$(CONFIG_X86) += $(addprefix arch/x86/, head.S entry.S trampoline.S acpi.c acpi_fadt.c acpi_madt.c apic.c \
    clock.c context.c cpuid_features.c cpuid_policy.c cr_policy.c descriptors.c emulate.c guest_acpi.c guest_dsdt.c guest_start_info.c guest_walk.c \
    hypercall_x86.c instruction.c instruction_length.c instruction_parts.c ioapic.c irq.c loader.c main.c memory_op_x86.c mmu.c \
    msr_policy.c npt.c partition_x86.c power.c pvclock.c report.c smp.c speculation.c tlb.c vcpu_op_x86.c vcpu_start.c)
HYP_$(CONFIG_SVM) += $(addprefix arch/x86/svm/, enter.S exit.c inject.c svm.c)
HYP_$(CONFIG_MMIO_DECODE) += arch/arm64/decode.c
HYP_$(CONFIG_AUDIT) += core/hyp_audit.c
HYP_$(CONFIG_AUDIT_SELFTEST) += arch/arm64/plant.c
HYP_$(CONFIG_EFI) += arch/arm64/efi.c arch/arm64/efi_tree.c
HYP_$(CONFIG_GICV2) += arch/arm64/gicv2.c
HYP_$(CONFIG_GICV3) += arch/arm64/gicv3.c

HYP_OBJECTS := $(patsubst %,$(HYP_BUILD)/%.o,$(basename $(sort $(HYP_y))))
HYP_INCLUDES := -I$(HYP_BUILD)/include -Ihypervisor/include -Ihypervisor/arch/$(HYP_ARCH)/include -I. -idirafter $(HYP_BUILD)/include/abi
# What is not inlined is not looked into: there the compiler does not see that what was written on success is read then.
# What is called once is inlined however large the caller is: boot is one long sequence.
HYP_OPTIMIZE := $(if $(CONFIG_SIZE),-Os --param=large-function-insns=10000 -Wno-maybe-uninitialized,-O2)
HYP_ARCH_CFLAGS := $(if $(CONFIG_X86),-m64 -mcmodel=kernel -mno-red-zone -fcf-protection=none,-mstrict-align -mno-outline-atomics)
# In as many parts as there are CPUs; where the parts end shows in the sizes of functions.
HYP_LTO ?= -flto=auto
HYP_CFLAGS := -std=gnu11 $(HYP_OPTIMIZE) -g -ffreestanding -nostdlib -mgeneral-regs-only $(HYP_ARCH_CFLAGS) \
    -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -momit-leaf-frame-pointer \
    $(HYP_LTO) -fno-tree-loop-distribute-patterns -fno-strict-aliasing -fwrapv -ffunction-sections \
    -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla $(HYP_INCLUDES)

# What runs once, at boot, or seldom, is compiled for size.
HYP_SMALL := $(addprefix arch/x86/, acpi acpi_fadt acpi_madt board_ports clock guest_acpi guest_dsdt guest_start_info loader main power report smp svm/io_map) \
    $(addprefix arch/arm64/, board_arm decode early firmware guest_tree hardware_devices hardware_domain hardware_tree idregs main partial_tree report smp) \
    $(addprefix core/, back_trace board boot boot_affinity boot_channels boot_config boot_dom0 boot_known boot_modules boot_options boot_order boot_placement boot_ports boot_schedule boot_shared_memory console console_io cpu device domain evtchn_fifo grant hypfs \
    grant_map heap hvm_op kernel_elf kernel_image kernel_load kernel_pvh memory_map multicall partition partition_devices partition_memory partition_shared policy pv_backend pv_console reaper restart sched_op shared_memory start_order vcpu_op \
    version vm_assist) lib/fdt_writer lib/format vdev/psci
$(HYP_SMALL:%=$(HYP_BUILD)/%.o): HYP_FILE_CFLAGS := -Os

# What runs at each switch and interrupt, and in the hypercalls that guests make all the time, may grow for speed, unless everything is compiled for size.
HYP_FAST := $(addprefix core/, evtchn_2l evtchn_op evtchn_tell grant_copy grant_op guest_copy memory_op p2m runstate sched \
    sched_fair vcpu) $(addprefix vdev/, vgic vgic_load vgic_lr) $(addprefix arch/arm64/, gic gicv3 irq mmu stage2 trap) \
    $(addprefix arch/x86/, guest_walk mmu npt svm/exit svm/svm)
$(HYP_FAST:%=$(HYP_BUILD)/%.o): HYP_FILE_CFLAGS := $(if $(CONFIG_SIZE),,-O3)

# Placed by file name (link.lds.S), which link-time optimization would lose.
HYP_PLACED := $(addprefix $(HYP_BUILD)/arch/arm64/, efi.o efi_tree.o)
$(HYP_PLACED): HYP_FILE_CFLAGS := -Os -fno-lto

# The compiler itself calls these by name, after link-time optimization has looked for callers.
HYP_CALLED := $(addprefix $(HYP_BUILD)/, lib/string.o lib/copy.o arch/x86/copy.o)
$(HYP_CALLED): HYP_FILE_CFLAGS := -fno-lto

# Xen's public headers and nothing else of the build machine's.
$(HYP_BUILD)/include/abi/xen:
	@mkdir -p $(@D)
	@ln -sfn /usr/include/xen $@

$(HYP_BUILD)/%.o: hypervisor/%.c $(HYP_BUILD)/include/bh/config.h hypervisor/hypervisor.mk | $(HYP_BUILD)/include/abi/xen
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CROSS)gcc $(HYP_CFLAGS) $(HYP_FILE_CFLAGS) -MMD -MP -c $< -o $@

$(HYP_BUILD)/%.o: hypervisor/%.S $(HYP_BUILD)/include/bh/config.h hypervisor/hypervisor.mk
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CROSS)gcc $(HYP_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

$(HYP_BUILD)/link.lds: hypervisor/arch/$(HYP_ARCH)/link.lds.S hypervisor/arch/$(HYP_ARCH)/layout.h
	@$(CROSS)gcc -E -P -x assembler-with-cpp -Ihypervisor/arch/$(HYP_ARCH) $< -o $@

# Link-time optimization is most of the work. It is done once, for symbols-0.elf, which also has what a debugger wants;
# what it makes is then linked as often as is needed.
HYP_LINK = $(CROSS)gcc $(HYP_CFLAGS) -static -Wl,--build-id=none,--no-warn-rwx-segments,--gc-sections,-z,max-page-size=4096,-T,$(HYP_BUILD)/link.lds
HYP_NATIVE := $(filter $(patsubst %.S,$(HYP_BUILD)/%.o,$(filter %.S,$(HYP_y))) $(HYP_PLACED) $(HYP_CALLED),$(HYP_OBJECTS))
HYP_RELINK = $(HYP_LINK) -fno-lto $(HYP_NATIVE) $(HYP_BUILD)/symbols-0.elf.*.s.o

# The symbol table is made from a first link, whose addresses it does not change: it comes last in .rodata, and a
# second round settles what its size moves.
$(HYP_BUILD)/symbols-0.elf: $(HYP_OBJECTS) $(HYP_BUILD)/link.lds
	@rm -f $@.*
	@$(HYP_LINK) -save-temps=obj $(HYP_OBJECTS) -o $@
	@for source in $@.*.s; do \
	    $(CROSS)gcc -c $$source -o $$source.o && $(CROSS)objcopy --strip-debug $$source.o || exit 1; \
	done

ifeq ($(CONFIG_SYMBOLS),y)
$(HYP_BUILD)/symbols.o: $(HYP_BUILD)/symbols-0.elf scripts/symbols.py
	@for round in 0 1; do \
	    $(CROSS)nm -n $(HYP_BUILD)/symbols-$$round.elf | $(PYTHON) scripts/symbols.py > $(HYP_BUILD)/symbols.S && \
	    $(CROSS)gcc -c $(HYP_BUILD)/symbols.S -o $@ && \
	    $(HYP_RELINK) $@ -o $(HYP_BUILD)/symbols-1.elf || exit 1; \
	done
HYP_SYMBOLS := $(HYP_BUILD)/symbols.o
endif

$(HYP_BUILD)/bulkhead.elf: $(HYP_BUILD)/symbols-0.elf $(HYP_SYMBOLS)
	@echo "  LD      $@"
	@$(HYP_RELINK) $(HYP_SYMBOLS) -o $@

ifeq ($(CONFIG_X86),y)
# Boot loaders take a 32-bit ELF file: the image is one segment of it.
$(HYP_BUILD)/bulkhead.bin: $(HYP_BUILD)/bulkhead.elf
	@$(CROSS)objcopy -O binary $< $@
$(HYP_BUILD)/bulkhead: $(HYP_BUILD)/bulkhead.bin hypervisor/arch/x86/wrap.S hypervisor/arch/x86/wrap.lds.S
	@$(CROSS)gcc -E -P -x assembler-with-cpp -Ihypervisor/arch/x86 hypervisor/arch/x86/wrap.lds.S -o $(HYP_BUILD)/wrap.lds
	@$(CROSS)gcc -m32 -D__ASSEMBLY__ -DWRAPPED_IMAGE='"$<"' -c hypervisor/arch/x86/wrap.S -o $(HYP_BUILD)/wrap.o
	@$(CROSS)ld -m elf_i386 -z max-page-size=4096 --no-warn-rwx-segments -T $(HYP_BUILD)/wrap.lds \
	    --defsym wrapped_size=0x$$($(CROSS)nm $(HYP_BUILD)/bulkhead.elf | sed -n 's/^\([0-9a-f]*\) . __image_size$$/\1/p') \
	    $(HYP_BUILD)/wrap.o -o $@
else
$(HYP_BUILD)/bulkhead: $(HYP_BUILD)/bulkhead.elf
	@$(CROSS)objcopy -O binary $< $@
endif

.PHONY: hypervisor
hypervisor: $(HYP_BUILD)/bulkhead
-include $(HYP_OBJECTS:.o=.d)
