# SPDX-License-Identifier: Apache-2.0
# The test guests: guests/NAME.c becomes build/guests/arm64/NAME, an arm64 Image. Included by the top Makefile, or
# used alone: make -f guests/guests.mk [GUEST_NAMES=...]. `make guests` builds all.
GUEST_CROSS ?= aarch64-linux-gnu-
GUEST_BUILD ?= build/guests/arm64
GUEST_NAMES ?= $(patsubst guests/%.c,%,$(wildcard guests/*.c))
GUEST_IMAGES := $(addprefix $(GUEST_BUILD)/,$(GUEST_NAMES))
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdlib -fpie -fvisibility=hidden -mgeneral-regs-only \
    -mstrict-align -mno-outline-atomics -fno-stack-protector -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror \
    -Wshadow -Iguests/include -I. -idirafter $(GUEST_BUILD)/include
GUEST_HEADERS := $(wildcard guests/include/*.h abi/*.h) $(GUEST_BUILD)/include/xen
GUEST_LIB := $(patsubst guests/lib/%,$(GUEST_BUILD)/lib/%.o,$(filter-out guests/lib/xen_%,$(wildcard guests/lib/*.S guests/lib/*.c)))
# An archive: only the guests that call these are linked with them.
GUEST_XEN_LIB := $(GUEST_BUILD)/lib/libxen.a

.PHONY: guests
guests: $(GUEST_IMAGES)

# Xen's public headers and nothing else of the build machine's.
$(GUEST_BUILD)/include/xen:
	@mkdir -p $(@D)
	@ln -sfn /usr/include/xen $@

$(GUEST_BUILD)/lib/%.o: guests/lib/% $(GUEST_HEADERS) guests/guests.mk
	@mkdir -p $(@D)
	$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -c $< -o $@

$(GUEST_BUILD)/%.o: guests/%.c $(GUEST_HEADERS) guests/guests.mk
	@mkdir -p $(@D)
	$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -c $< -o $@

$(GUEST_XEN_LIB): $(patsubst guests/lib/%,$(GUEST_BUILD)/lib/%.o,$(wildcard guests/lib/xen_*.c))
	@rm -f $@
	$(GUEST_CROSS)ar rcs $@ $^

$(GUEST_BUILD)/%.elf: $(GUEST_BUILD)/%.o $(GUEST_LIB) $(GUEST_XEN_LIB) guests/lib/guest.ld
	$(GUEST_CROSS)gcc -nostdlib -static-pie -Wl,--no-dynamic-linker,-z,max-page-size=4096,-z,norelro,-z,notext \
	    -Wl,--build-id=none,--no-warn-rwx-segments,-T,guests/lib/guest.ld $< $(GUEST_LIB) $(GUEST_XEN_LIB) -o $@

$(GUEST_BUILD)/%: $(GUEST_BUILD)/%.elf
	$(GUEST_CROSS)objcopy -O binary $< $@

.PRECIOUS: $(GUEST_BUILD)/%.o $(GUEST_BUILD)/%.elf $(GUEST_BUILD)/lib/%.o
