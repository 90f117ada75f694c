# SPDX-License-Identifier: Apache-2.0
# The test guests. guests/NAME.c is for every architecture, guests/arch/ARCH/NAME.c for one, and for x86 both are built
# twice. Included by the top Makefile, or used alone: make -f guests/guests.mk [GUEST_NAMES=...].
# `make guests`: build/guests/arm64/NAME, an arm64 Image. `make guests-x86`: build/guests/x86_64/NAME and
# build/guests/x86_32/NAME, ELF files that are entered as PVH says.
GUEST_COMMON_NAMES := $(patsubst guests/%.c,%,$(wildcard guests/*.c))
GUEST_CROSS ?= aarch64-linux-gnu-
GUEST_BUILD ?= build/guests/arm64
GUEST_NAMES ?= $(GUEST_COMMON_NAMES) $(patsubst guests/arch/arm64/%.c,%,$(wildcard guests/arch/arm64/*.c))
GUEST_IMAGES := $(addprefix $(GUEST_BUILD)/,$(GUEST_NAMES))
GUEST_X86_CROSS ?= $(if $(filter x86_64,$(shell uname -m)),,x86_64-linux-gnu-)
GUEST_X86_BUILD ?= build/guests
GUEST_X86_NAMES ?= $(GUEST_COMMON_NAMES) $(patsubst guests/arch/x86/%.c,%,$(wildcard guests/arch/x86/*.c))
GUEST_X86_IMAGES := $(foreach bits,64 32,$(addprefix $(GUEST_X86_BUILD)/x86_$(bits)/,$(GUEST_X86_NAMES)))
GUEST_COMMON_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdlib -mgeneral-regs-only -fno-stack-protector \
    -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wshadow -Iguests/include -I.
GUEST_CFLAGS := $(GUEST_COMMON_CFLAGS) -fpie -fvisibility=hidden -mstrict-align -mno-outline-atomics \
    -Iguests/arch/arm64 -idirafter $(GUEST_BUILD)/include
GUEST_X86_CFLAGS := $(GUEST_COMMON_CFLAGS) -fno-pic -fno-pie -mno-red-zone -fcf-protection=none \
    -fno-asynchronous-unwind-tables -Iguests/arch/x86
# A uint64_t is no long there, which the formats name; arm64 has them checked. An address may be widened to one.
GUEST_X86_CFLAGS_64 := -m64 -mcmodel=small
GUEST_X86_CFLAGS_32 := -m32 -march=i686 -Wno-format -Wno-pointer-to-int-cast -Wno-int-to-pointer-cast
GUEST_HEADERS := $(wildcard guests/include/*.h guests/arch/*/*.h abi/*.h)
GUEST_LIB_SOURCES := $(wildcard guests/lib/*.c)
GUEST_ARM64_LIB_SOURCES := $(GUEST_LIB_SOURCES) $(wildcard guests/arch/arm64/lib/*.[cS])
GUEST_X86_LIB_SOURCES := $(GUEST_LIB_SOURCES) $(wildcard guests/arch/x86/lib/*.[cS])
# What is named xen_* is in an archive: only the guests that call these are linked with them.
guest_objects = $(patsubst guests/%,$(1)/%.o,$(2))
GUEST_LIB := $(foreach file,$(GUEST_ARM64_LIB_SOURCES),$(if $(filter xen_%,$(notdir $(file))),,$(call \
    guest_objects,$(GUEST_BUILD),$(file))))
GUEST_XEN_LIB := $(GUEST_BUILD)/lib/libxen.a

.PHONY: guests guests-x86
guests: $(GUEST_IMAGES)
guests-x86: $(GUEST_X86_IMAGES)

# Xen's public headers and nothing else of the build machine's.
$(GUEST_BUILD)/include/xen $(GUEST_X86_BUILD)/x86_64/include/xen $(GUEST_X86_BUILD)/x86_32/include/xen:
	@mkdir -p $(@D)
	@ln -sfn /usr/include/xen $@

$(GUEST_BUILD)/%.o: guests/% $(GUEST_HEADERS) $(GUEST_BUILD)/include/xen guests/guests.mk
	@mkdir -p $(@D)
	$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -c $< -o $@

$(GUEST_XEN_LIB): $(call guest_objects,$(GUEST_BUILD),$(foreach file,$(GUEST_ARM64_LIB_SOURCES),$(if $(filter \
    xen_%,$(notdir $(file))),$(file))))
	@rm -f $@
	$(GUEST_CROSS)ar rcs $@ $^

# link_arm64 OBJECT FILE
define link_arm64
$(GUEST_CROSS)gcc -nostdlib -static-pie -Wl,--no-dynamic-linker,-z,max-page-size=4096,-z,norelro,-z,notext \
    -Wl,--build-id=none,--no-warn-rwx-segments,-T,guests/arch/arm64/lib/guest.ld \
    $(1) $(GUEST_LIB) $(GUEST_XEN_LIB) -o $(2)
endef

$(GUEST_BUILD)/%.elf: $(GUEST_BUILD)/%.c.o $(GUEST_LIB) $(GUEST_XEN_LIB) guests/arch/arm64/lib/guest.ld
	$(call link_arm64,$<,$@)

$(GUEST_BUILD)/%.elf: $(GUEST_BUILD)/arch/arm64/%.c.o $(GUEST_LIB) $(GUEST_XEN_LIB) guests/arch/arm64/lib/guest.ld
	$(call link_arm64,$<,$@)

$(GUEST_BUILD)/%: $(GUEST_BUILD)/%.elf
	$(GUEST_CROSS)objcopy -O binary $< $@

# x86_rules BITS: objects, the library, and the guests of one width. All of the library is needed by all: the console
# is a hypercall.
define x86_rules
$(GUEST_X86_BUILD)/x86_$(1)/%.o: guests/% $$(GUEST_HEADERS) $(GUEST_X86_BUILD)/x86_$(1)/include/xen guests/guests.mk
	@mkdir -p $$(@D)
	$(GUEST_X86_CROSS)gcc $(GUEST_X86_CFLAGS) $(GUEST_X86_CFLAGS_$(1)) -idirafter $(GUEST_X86_BUILD)/x86_$(1)/include \
	    -c $$< -o $$@

$(GUEST_X86_BUILD)/x86_$(1)/libguest.a: $(call guest_objects,$(GUEST_X86_BUILD)/x86_$(1),$(GUEST_X86_LIB_SOURCES))
	@rm -f $$@
	$(GUEST_X86_CROSS)ar rcs $$@ $$^

$(GUEST_X86_BUILD)/x86_$(1)/%: $(GUEST_X86_BUILD)/x86_$(1)/%.c.o $(GUEST_X86_BUILD)/x86_$(1)/libguest.a \
    guests/arch/x86/lib/guest.ld
	$$(call link_x86,$(1),$$<,$$@)

$(GUEST_X86_BUILD)/x86_$(1)/%: $(GUEST_X86_BUILD)/x86_$(1)/arch/x86/%.c.o $(GUEST_X86_BUILD)/x86_$(1)/libguest.a \
    guests/arch/x86/lib/guest.ld
	$$(call link_x86,$(1),$$<,$$@)
endef

# link_x86 BITS OBJECT FILE
define link_x86
$(GUEST_X86_CROSS)gcc -m$(1) -nostdlib -static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments,-z,noexecstack \
    -Wl,-z,max-page-size=4096,-u,_head,-T,guests/arch/x86/lib/guest.ld \
    $(2) $(GUEST_X86_BUILD)/x86_$(1)/libguest.a -o $(3)
endef

$(eval $(call x86_rules,64))
$(eval $(call x86_rules,32))

.PRECIOUS: $(GUEST_BUILD)/%.o $(GUEST_BUILD)/%.elf $(GUEST_X86_BUILD)/x86_64/%.o $(GUEST_X86_BUILD)/x86_32/%.o
