# SPDX-License-Identifier: Apache-2.0
# The test guests: guests/NAME.c becomes build/guests/arm64/NAME, an arm64 Image. Included by the top Makefile, or
# used alone: make -f guests/guests.mk [GUEST_NAMES=...]. `make guests` builds all.
GUEST_CROSS ?= aarch64-linux-gnu-
GUEST_BUILD ?= build/guests/arm64
GUEST_NAMES ?= $(patsubst guests/%.c,%,$(wildcard guests/*.c))
GUEST_IMAGES := $(addprefix $(GUEST_BUILD)/,$(GUEST_NAMES))
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdlib -fpie -fvisibility=hidden -mgeneral-regs-only \
    -mstrict-align -mno-outline-atomics -fno-stack-protector -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror \
    -Wshadow -Iguests/include
GUEST_LIB := $(patsubst guests/lib/%,$(GUEST_BUILD)/lib/%.o,$(wildcard guests/lib/*.S guests/lib/*.c))

.PHONY: guests
guests: $(GUEST_IMAGES)

$(GUEST_BUILD)/lib/%.o: guests/lib/% guests/include/guest.h guests/guests.mk
	@mkdir -p $(@D)
	$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -c $< -o $@

$(GUEST_BUILD)/%.o: guests/%.c guests/include/guest.h guests/guests.mk
	@mkdir -p $(@D)
	$(GUEST_CROSS)gcc $(GUEST_CFLAGS) -c $< -o $@

$(GUEST_BUILD)/%.elf: $(GUEST_BUILD)/%.o $(GUEST_LIB) guests/lib/guest.ld
	$(GUEST_CROSS)gcc -nostdlib -static-pie -Wl,--no-dynamic-linker,-z,max-page-size=4096,-z,norelro,-z,notext \
	    -Wl,--build-id=none,--no-warn-rwx-segments,-T,guests/lib/guest.ld $< $(GUEST_LIB) -o $@

$(GUEST_BUILD)/%: $(GUEST_BUILD)/%.elf
	$(GUEST_CROSS)objcopy -O binary $< $@

.PRECIOUS: $(GUEST_BUILD)/%.o $(GUEST_BUILD)/%.elf $(GUEST_BUILD)/lib/%.o
