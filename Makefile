# SPDX-License-Identifier: Apache-2.0
# Bulkhead. `make help` lists what there is.
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

# The machine that `make run` boots. Its configuration is what is built, unless CONFIG names another one for it.
ifndef ARCH
ARCH := $(if $(filter x86_64%,$(CONFIG)),x86_64,arm64)
endif
CONFIG ?= $(ARCH)

include hypervisor/hypervisor.mk
include image/image.mk
include guests/guests.mk
include tests/tests.mk

.PHONY: all run iso menuconfig help clean
all: hypervisor image

# A make of its own after the setup: what this one has read may come from tools that were missing.
run:
	@scripts/setup.sh build run$(if $(filter x86_64,$(ARCH)),-x86_64)
	@$(MAKE) --no-print-directory all
	@ARCH=$(ARCH) DOMAINS="$(DOMAINS)" SCENARIO=$(SCENARIO) HYPERVISOR=$(or $(HYPERVISOR),$(HYP_BUILD)/bulkhead) \
		scripts/run.sh

ISO_CONFIG := $(if $(filter x86_64%,$(CONFIG)),$(CONFIG),x86_64)

# The hypervisor for x86-64 and partitions, with GRUB for BIOS and UEFI.
iso:
	@scripts/setup.sh build iso
	@$(MAKE) --no-print-directory all CONFIG=$(ISO_CONFIG)
	@ARCH=x86_64 ISO=build/bulkhead.iso DOMAINS="$(DOMAINS)" HYPERVISOR=build/$(ISO_CONFIG)/bulkhead scripts/run.sh

setup-%:
	@scripts/setup.sh $*

menuconfig:
	@$(PYTHON) scripts/kconfig.py menu configs/$(CONFIG).config

clean:
	rm -rf build

help:
	@echo "make                  build the hypervisor (build/$(CONFIG)/bulkhead) and bulkhead-image"
	@echo "make run              boot two Linux partitions on an emulated board; DOMAINS=\"a.cfg b.cfg\" boots yours"
	@echo "make run ARCH=x86_64  the same on an emulated PC"
	@echo "make run BOARD=zcu102   the same two on Xilinx' ZCU102, which QEMU emulates: docs/boards.md"
	@echo "make run SCENARIO=dom0  a control domain with Xen's tools; HYPERVISOR=build/debian/arm64/xen boots it on Xen"
	@echo "make iso              build/bulkhead.iso: GRUB, the hypervisor for x86-64 and those partitions"
	@echo "make test             all tests: what CI runs"
	@echo "make unit             unit tests on this machine; make coverage measures what they reach"
	@echo "make verify           prove the ownership module's contracts (Frama-C)"
	@echo "make system           boot tests under QEMU"
	@echo "make pairs            build and boot the options of the build in all pairs; make sizes: what each of them adds"
	@echo "make fuzz-short       a minute of fuzzing; make soak is the long form, with long boot tests"
	@echo "make bench            executed instructions, sizes and memory beside Debian's Xen"
	@echo "make menuconfig       edit a configuration"
	@echo "make clean            remove build/"
	@echo "CONFIG=name           which configuration of configs/ (now: $(CONFIG))"
