# SPDX-License-Identifier: Apache-2.0
# The hypervisor for one named configuration: configs/$(CONFIG).config becomes build/$(CONFIG)/bulkhead.
CONFIG ?= arm64
BUILD := build/$(CONFIG)
PYTHON ?= /usr/bin/python3
CROSS ?= aarch64-linux-gnu-

-include $(BUILD)/config.mk
$(BUILD)/config.mk: configs/$(CONFIG).config Kconfig scripts/kconfig.py
	@mkdir -p $(BUILD)
	@$(PYTHON) scripts/kconfig.py make $< $@
	@touch $@
$(BUILD)/include/bh/config.h: configs/$(CONFIG).config Kconfig scripts/kconfig.py
	@$(PYTHON) scripts/kconfig.py header $< $@
	@touch $@

# What every configuration has, then what options add.
HYP_y := $(addprefix core/, board.c boot_config.c boot_options.c console.c cpu.c domain.c frame.c guest_tree.c heap.c \
    kernel_load.c memory_map.c mmio.c p2m.c page_alloc.c partition.c sched.c sched_pinned.c timer.c vcpu.c window.c)
HYP_$(CONFIG_SCHED_FAIR) += core/sched_fair.c
HYP_$(CONFIG_XEN_GUEST) += $(addprefix core/, guest_copy.c hvm_op.c hypercall.c memory_op.c runstate.c sched_op.c \
    vcpu_op.c version.c vm_assist.c)
HYP_$(CONFIG_DEBUG) += core/lock_order.c
HYP_y += $(addprefix lib/, fdt.c fdt_value.c fdt_writer.c format.c string.c)
HYP_y += $(addprefix vdev/, psci.c vgic.c vgic_lr.c vgic_mmio.c vgic_regs.c)
HYP_$(CONFIG_VPL011) += vdev/vpl011.c
HYP_$(CONFIG_PL011) += drivers/pl011.c
HYP_$(CONFIG_ARM64) += $(addprefix arch/arm64/, head.S entry.S board_arm.c context.c debug.c early.c firmware.c gic.c \
    idregs.c irq.c main.c mmu.c partition_arm.c report.c smp.c stage2.c sysreg_trap.c trap.c vtimer.c)
HYP_$(CONFIG_GICV2) += arch/arm64/gicv2.c
HYP_$(CONFIG_GICV3) += arch/arm64/gicv3.c

HYP_OBJECTS := $(patsubst %,$(BUILD)/%.o,$(basename $(sort $(HYP_y))))
HYP_INCLUDES := -I$(BUILD)/include -Ihypervisor/include -Ihypervisor/arch/arm64/include -I. -idirafter $(BUILD)/include/abi
HYP_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdlib -mgeneral-regs-only -mstrict-align -mno-outline-atomics \
    -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -momit-leaf-frame-pointer \
    -fno-tree-loop-distribute-patterns -fno-strict-aliasing -fwrapv -ffunction-sections \
    -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla $(HYP_INCLUDES)

# Xen's public headers and nothing else of the build machine's.
$(BUILD)/include/abi/xen:
	@mkdir -p $(@D)
	@ln -sfn /usr/include/xen $@

$(BUILD)/%.o: hypervisor/%.c $(BUILD)/include/bh/config.h hypervisor/hypervisor.mk | $(BUILD)/include/abi/xen
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CROSS)gcc $(HYP_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.o: hypervisor/%.S $(BUILD)/include/bh/config.h hypervisor/hypervisor.mk
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CROSS)gcc $(HYP_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

$(BUILD)/link.lds: hypervisor/arch/arm64/link.lds.S hypervisor/arch/arm64/layout.h
	@$(CROSS)gcc -E -P -x assembler-with-cpp -Ihypervisor/arch/arm64 $< -o $@

# The symbol table is made from a first link, whose addresses it does not change: it comes last in .rodata, and a
# second round settles what its size moves.
HYP_LINK = $(CROSS)ld -nostdlib -static --no-warn-rwx-segments --gc-sections -z max-page-size=4096 -T $(BUILD)/link.lds
ifeq ($(CONFIG_SYMBOLS),y)
$(BUILD)/symbols.o: $(HYP_OBJECTS) $(BUILD)/link.lds scripts/symbols.py
	@$(HYP_LINK) $(HYP_OBJECTS) -o $(BUILD)/symbols-0.elf
	@for round in 0 1; do \
	    $(CROSS)nm -n $(BUILD)/symbols-$$round.elf | $(PYTHON) scripts/symbols.py > $(BUILD)/symbols.S && \
	    $(CROSS)gcc -c $(BUILD)/symbols.S -o $@ && \
	    $(HYP_LINK) $(HYP_OBJECTS) $@ -o $(BUILD)/symbols-1.elf || exit 1; \
	done
HYP_SYMBOLS := $(BUILD)/symbols.o
endif

$(BUILD)/bulkhead.elf: $(HYP_OBJECTS) $(HYP_SYMBOLS) $(BUILD)/link.lds
	@echo "  LD      $@"
	@$(HYP_LINK) $(HYP_OBJECTS) $(HYP_SYMBOLS) -o $@

$(BUILD)/bulkhead: $(BUILD)/bulkhead.elf
	@$(CROSS)objcopy -O binary $< $@

.PHONY: hypervisor
hypervisor: $(BUILD)/bulkhead
-include $(HYP_OBJECTS:.o=.d)
