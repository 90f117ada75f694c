# SPDX-License-Identifier: Apache-2.0
# libFuzzer targets: tests/fuzz/fuzz_NAME.c, linked with whatever it uses of the hypervisor's sources. Seeds are in
# tests/fuzz/seeds/NAME/: files as they are, and device trees as source (.dts), which dtc compiles. Put the file of
# every crash there, for good. Included by the top Makefile, or used alone:
#
#   make -f tests/fuzz/fuzz.mk fuzz-short                     all targets, FUZZ_SECONDS in all
#   make -f tests/fuzz/fuzz.mk fuzz-soak FUZZ_SOAK_SECONDS=N  N seconds for each; what was found stays in the build
#   make -f tests/fuzz/fuzz.mk fuzz-short FUZZ_NAMES=fdt      one of them
#   make -f tests/fuzz/fuzz.mk hypercalls-soak HYPERCALLS=N   the hypercalls without libFuzzer, N of them; control-soak
FUZZ_CC ?= clang
FUZZ_BUILD ?= build/fuzz
FUZZ_PYTHON ?= /usr/bin/python3
FUZZ_NAMES ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
FUZZ_SOAK_SECONDS ?= 3600
FUZZ_X86_SOURCES ?= $(addprefix hypervisor/arch/x86/, acpi.c acpi_fadt.c acpi_madt.c cpuid_features.c cpuid_policy.c guest_acpi.c guest_dsdt.c guest_start_info.c instruction.c instruction_length.c instruction_parts.c)
FUZZ_SOURCES ?= $(wildcard hypervisor/core/*.c hypervisor/lib/*.c hypervisor/vdev/*.c hypervisor/arch/host/*.c) \
    $(addprefix hypervisor/arch/arm64/, board_arm.c decode.c efi_tree.c guest_tree.c hardware_devices.c hardware_tree.c partial_tree.c) $(FUZZ_X86_SOURCES)
# What the target kernel_file is about: a part of the host tool.
FUZZ_IMAGE_SOURCES := $(addprefix image/, blob.c bzimage.c diag.c kernel.c kernel_pvh.c unpack.c)
# What the targets system_files and board_tree are about: nearly all of it, but quietly.
FUZZ_TOOL_SOURCES := $(filter-out image/main.c image/diag.c,$(wildcard image/*.c)) tests/fuzz/image/quiet_diag.c
# Further files of the targets hypercalls and control.
FUZZ_PARTS := $(filter-out %/soak.c,$(wildcard tests/fuzz/hypercalls/*.c))
HYPERCALLS ?= 100000000
HYPERCALLS_SEED ?= 1
FUZZ_SUPPORT := $(wildcard tests/fuzz/support/*.c)

FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS := -std=gnu11 -g -fno-omit-frame-pointer -Wall -Wextra -Werror -Wshadow -Wvla -I$(FUZZ_BUILD)/include \
    -Ihypervisor/include -Ihypervisor/arch/host/include -Ihypervisor/arch/arm64 \
    -Ihypervisor/arch/x86 -I. -Itests/fuzz $(FUZZ_SANITIZE)
FUZZ_LINK := -Wl,-z,muldefs -Wl,--wrap=page_alloc_take_claimed

FUZZ_OBJECTS := $(patsubst %.c,$(FUZZ_BUILD)/%.o,$(FUZZ_SOURCES))
FUZZ_SUPPORT_OBJECTS := $(patsubst %.c,$(FUZZ_BUILD)/%.o,$(FUZZ_SUPPORT))
FUZZ_PARTS_OBJECTS := $(patsubst %.c,$(FUZZ_BUILD)/%.o,$(FUZZ_PARTS))
FUZZ_IMAGE_OBJECTS := $(patsubst %.c,$(FUZZ_BUILD)/%.o,$(FUZZ_IMAGE_SOURCES))
FUZZ_TOOL_OBJECTS := $(patsubst %.c,$(FUZZ_BUILD)/%.o,$(FUZZ_TOOL_SOURCES))
FUZZ_LIBRARY := $(FUZZ_BUILD)/libhypervisor.a
FUZZ_PROGRAMS := $(FUZZ_NAMES:%=$(FUZZ_BUILD)/fuzz_%)

SOAK_OBJECTS := $(patsubst %.c,$(FUZZ_BUILD)/soak/%.o,$(FUZZ_SUPPORT) $(FUZZ_PARTS) tests/fuzz/hypercalls/soak.c)
SOAK_HYPERVISOR := $(patsubst %.c,$(FUZZ_BUILD)/soak/%.o,$(FUZZ_SOURCES))

.PHONY: fuzz-build fuzz-short fuzz-soak hypercalls-soak control-soak
fuzz-build: $(FUZZ_PROGRAMS) $(FUZZ_NAMES:%=$(FUZZ_BUILD)/seeds/%/.done)

fuzz-short: fuzz-build
	@tests/fuzz/run.sh $(FUZZ_BUILD) $$(($(FUZZ_SECONDS) / $(words $(FUZZ_NAMES)))) $(FUZZ_NAMES)

fuzz-soak: fuzz-build
	@tests/fuzz/run.sh $(FUZZ_BUILD) $(FUZZ_SOAK_SECONDS) $(FUZZ_NAMES)

hypercalls-soak control-soak: %-soak: $(FUZZ_BUILD)/soak_%
	@$< $(HYPERCALLS) $(HYPERCALLS_SEED) $(FUZZ_BUILD)/crash-soak-$*

$(FUZZ_BUILD)/include/bh/config.h: configs/host.config Kconfig scripts/kconfig.py
	@mkdir -p $(@D)
	@$(FUZZ_PYTHON) scripts/kconfig.py header configs/host.config $@
	@touch $@

$(foreach name,string copy,$(FUZZ_BUILD)/hypervisor/lib/$(name).o $(FUZZ_BUILD)/soak/hypervisor/lib/$(name).o): FUZZ_FILE_CFLAGS := -include tests/unit/support/rename.h -fno-builtin
$(FUZZ_BUILD)/%.o: %.c $(FUZZ_BUILD)/include/bh/config.h tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	@echo "  CC      $< (fuzz)"
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -O1 -fsanitize=fuzzer-no-link $(FUZZ_FILE_CFLAGS) -MMD -MP -c $< -o $@

$(FUZZ_BUILD)/soak/%.o: %.c $(FUZZ_BUILD)/include/bh/config.h tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	@echo "  CC      $< (soak)"
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -O2 $(FUZZ_FILE_CFLAGS) -MMD -MP -c $< -o $@

$(FUZZ_LIBRARY): $(FUZZ_OBJECTS)
	@rm -f $@
	@ar qcs $@ $(FUZZ_OBJECTS)

$(FUZZ_BUILD)/fuzz_hypercalls $(FUZZ_BUILD)/fuzz_control: $(FUZZ_PARTS_OBJECTS)
$(sort $(FUZZ_IMAGE_OBJECTS) $(FUZZ_TOOL_OBJECTS)) $(foreach name,kernel_file system_files board_tree,$(FUZZ_BUILD)/tests/fuzz/fuzz_$(name).o): FUZZ_FILE_CFLAGS := -D_GNU_SOURCE -Iimage
$(FUZZ_BUILD)/fuzz_kernel_file: $(FUZZ_IMAGE_OBJECTS)
$(FUZZ_BUILD)/fuzz_kernel_file: FUZZ_LIBRARIES := -lz -llzma -lzstd -llz4
# The tool alone: it and the hypervisor use the same names.
$(FUZZ_BUILD)/fuzz_system_files $(FUZZ_BUILD)/fuzz_board_tree: $(FUZZ_BUILD)/fuzz_%: $(FUZZ_BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_TOOL_OBJECTS)
	@echo "  LD      $@"
	@$(FUZZ_CC) -fsanitize=fuzzer $(FUZZ_SANITIZE) -o $@ $^ -lxlutil -lfdt -lz -llzma -lzstd -llz4

# What the instruction decoder says is compared with a disassembler.
$(FUZZ_BUILD)/fuzz_instruction: FUZZ_LIBRARIES := -lcapstone
$(FUZZ_BUILD)/fuzz_%: $(FUZZ_BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_SUPPORT_OBJECTS) $(FUZZ_LIBRARY)
	@echo "  LD      $@"
	@$(FUZZ_CC) -fsanitize=fuzzer $(FUZZ_SANITIZE) $(FUZZ_LINK) -o $@ $(filter %.o,$^) $(FUZZ_LIBRARY) $(FUZZ_LIBRARIES)

$(FUZZ_BUILD)/soak/libhypervisor.a: $(SOAK_HYPERVISOR)
	@rm -f $@
	@ar qcs $@ $^

$(FUZZ_BUILD)/soak_%: $(FUZZ_BUILD)/soak/tests/fuzz/fuzz_%.o $(SOAK_OBJECTS) $(FUZZ_BUILD)/soak/libhypervisor.a
	@echo "  LD      $@"
	@$(FUZZ_CC) $(FUZZ_SANITIZE) $(FUZZ_LINK) -o $@ $^

$(FUZZ_BUILD)/seeds/%/.done: FORCE
	@tests/fuzz/seeds.sh tests/fuzz/seeds/$* $(@D)
	@touch $@
FORCE:

.SECONDARY: $(FUZZ_BUILD)/soak/tests/fuzz/fuzz_hypercalls.o $(FUZZ_BUILD)/soak/tests/fuzz/fuzz_control.o \
    $(FUZZ_NAMES:%=$(FUZZ_BUILD)/tests/fuzz/fuzz_%.o) $(FUZZ_SUPPORT_OBJECTS)
-include $(sort $(FUZZ_IMAGE_OBJECTS:.o=.d) $(FUZZ_TOOL_OBJECTS:.o=.d)) $(FUZZ_OBJECTS:.o=.d) $(FUZZ_SUPPORT_OBJECTS:.o=.d) $(FUZZ_PARTS_OBJECTS:.o=.d) $(SOAK_OBJECTS:.o=.d) \
    $(SOAK_HYPERVISOR:.o=.d) $(FUZZ_BUILD)/soak/tests/fuzz/fuzz_hypercalls.d $(FUZZ_BUILD)/soak/tests/fuzz/fuzz_control.d $(FUZZ_NAMES:%=$(FUZZ_BUILD)/tests/fuzz/fuzz_%.d)
