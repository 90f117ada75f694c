# SPDX-License-Identifier: Apache-2.0
# Unit tests on the build machine: tests/unit/test_NAME.c becomes one cmocka program, linked with whatever it uses of
# the hypervisor's sources, all under the address and undefined-behaviour sanitizers. Included by the top Makefile, or
# used alone:
#
#   make -f tests/unit/unit.mk unit [UNIT_NAMES="fdt string"]
#   make -f tests/unit/unit.mk coverage
#
# A function that a test defines itself takes the place of the hypervisor's. tests/unit/support/ is linked into every
# test; its log_message() is weak, so that a test which uses the real console gets that.
UNIT_CC ?= gcc
UNIT_NARROW_CC ?= clang
UNIT_BUILD ?= build/host
UNIT_PYTHON ?= /usr/bin/python3
UNIT_NAMES ?= $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
# Pure C of the arm64 port that also runs here.
UNIT_ARM64_SOURCES ?= $(addprefix hypervisor/arch/arm64/, board_arm.c decode.c efi_tree.c guest_tree.c hardware_devices.c \
    hardware_tree.c partial_tree.c)
# Drivers of UARTs. The host has a console of its own.
UNIT_DRIVER_SOURCES ?= $(addprefix hypervisor/drivers/, cadence_uart.c pl011.c)
# And of the x86 port.
UNIT_X86_SOURCES ?= $(addprefix hypervisor/arch/x86/, acpi.c acpi_fadt.c acpi_madt.c board_ports.c cpuid_features.c cpuid_policy.c cr_policy.c guest_acpi.c guest_dsdt.c guest_start_info.c instruction.c instruction_length.c instruction_parts.c)
UNIT_SOURCES ?= $(wildcard hypervisor/core/*.c hypervisor/lib/*.c hypervisor/vdev/*.c hypervisor/arch/host/*.c) \
    $(UNIT_ARM64_SOURCES) $(UNIT_DRIVER_SOURCES) $(UNIT_X86_SOURCES)
UNIT_SUPPORT := $(wildcard tests/unit/support/*.c)
COVERAGE_MINIMUM ?= 85

UNIT_INCLUDES := -I$(UNIT_BUILD)/include -Ihypervisor/include -Ihypervisor/arch/host/include -I. -Itests/unit/support
UNIT_WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla
UNIT_SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer $(UNIT_WARNINGS) $(UNIT_INCLUDES)

UNIT_OBJECTS := $(patsubst %.c,$(UNIT_BUILD)/%.o,$(UNIT_SOURCES))
UNIT_SUPPORT_OBJECTS := $(patsubst %.c,$(UNIT_BUILD)/%.o,$(UNIT_SUPPORT))
UNIT_LIBRARY := $(UNIT_BUILD)/libhypervisor.a
UNIT_TESTS := $(UNIT_NAMES:%=$(UNIT_BUILD)/tests/unit/test_%)

.PHONY: unit unit-build coverage narrow-layout
unit-build: $(UNIT_TESTS)

# The layouts of Xen's structures for 32-bit code, by a compiler for that; it needs no C library.
narrow-layout:
	@for target in i386 x86_64; do \
	    $(UNIT_NARROW_CC) --target=$$target-linux-gnu -std=gnu11 -ffreestanding -fsyntax-only -Wall -Wextra -Werror \
	        -Ihypervisor/include -I. -idirafter /usr/include tests/unit/narrow_layout.c || exit 1; \
	done

unit: narrow-layout $(UNIT_TESTS)
	@tests/unit/run.sh $(UNIT_TESTS)

$(UNIT_BUILD)/include/bh/config.h: configs/host.config Kconfig scripts/kconfig.py
	@mkdir -p $(@D)
	@$(UNIT_PYTHON) scripts/kconfig.py header configs/host.config $@
	@touch $@

# The host has its own memcpy() and friends, which the sanitizers watch; ours get other names.
$(UNIT_BUILD)/hypervisor/lib/string.o $(UNIT_BUILD)/hypervisor/lib/copy.o: UNIT_FILE_CFLAGS := -include tests/unit/support/rename.h -fno-builtin
$(UNIT_BUILD)/tests/unit/test_string.o: UNIT_FILE_CFLAGS := -include tests/unit/support/rename.h -fno-builtin
$(UNIT_BUILD)/tests/unit/%.o: UNIT_FILE_CFLAGS += -Ihypervisor/arch/arm64 -Ihypervisor/arch/x86

$(UNIT_BUILD)/%.o: %.c $(UNIT_BUILD)/include/bh/config.h tests/unit/unit.mk
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_SANITIZE) $(UNIT_FILE_CFLAGS) -MMD -MP -c $< -o $@

$(UNIT_LIBRARY): $(UNIT_OBJECTS)
	@rm -f $@
	@ar qcs $@ $(UNIT_OBJECTS)

$(UNIT_BUILD)/tests/unit/test_%: $(UNIT_BUILD)/tests/unit/test_%.o $(UNIT_SUPPORT_OBJECTS) $(UNIT_LIBRARY)
	@echo "  LD      $@"
	@$(UNIT_CC) $(UNIT_SANITIZE) -Wl,-z,muldefs -Wl,--wrap=page_alloc_take_claimed -o $@ $< $(UNIT_SUPPORT_OBJECTS) $(UNIT_LIBRARY) -lcmocka -lfdt

# A second build, with counters in place of the sanitizers, and what of the core the tests went through.
coverage:
	@$(MAKE) --no-print-directory -f tests/unit/unit.mk UNIT_BUILD=build/host-coverage UNIT_SANITIZE=--coverage \
	    unit-build
	@find build/host-coverage -name '*.gcda' -delete
	@tests/unit/run.sh -q $(UNIT_NAMES:%=build/host-coverage/tests/unit/test_%)
	@gcovr --root . --object-directory build/host-coverage --filter hypervisor/core/ --exclude-throw-branches \
	    --fail-under-line $(COVERAGE_MINIMUM) --print-summary --txt build/host-coverage/coverage.txt; status=$$?; \
	    cat build/host-coverage/coverage.txt; exit $$status

# Kept, though only steps on the way.
.SECONDARY: $(UNIT_NAMES:%=$(UNIT_BUILD)/tests/unit/test_%.o) $(UNIT_SUPPORT_OBJECTS)
-include $(UNIT_OBJECTS:.o=.d) $(UNIT_SUPPORT_OBJECTS:.o=.d) $(UNIT_TESTS:=.d)
