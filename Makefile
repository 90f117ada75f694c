# SPDX-License-Identifier: Apache-2.0
# Bulkhead. `make help` lists what there is.
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

include hypervisor/hypervisor.mk
include image/image.mk
include guests/guests.mk
include tests/tests.mk

.PHONY: all run menuconfig help clean
all: hypervisor image

# A make of its own after the setup: what this one has read may come from tools that were missing.
run:
	@scripts/setup.sh build run
	@$(MAKE) --no-print-directory all
	@DOMAINS="$(DOMAINS)" HYPERVISOR=$(HYP_BUILD)/bulkhead scripts/run.sh

setup-%:
	@scripts/setup.sh $*

menuconfig:
	@$(PYTHON) scripts/kconfig.py menu configs/$(CONFIG).config

clean:
	rm -rf build

help:
	@echo "make                  build the hypervisor (build/$(CONFIG)/bulkhead) and bulkhead-image"
	@echo "make run              boot two Linux partitions on an emulated board; DOMAINS=\"a.cfg b.cfg\" boots yours"
	@echo "make test             all tests: what CI runs"
	@echo "make unit             unit tests on this machine; make coverage measures what they reach"
	@echo "make verify           prove the ownership module's contracts (Frama-C)"
	@echo "make system           boot tests under QEMU"
	@echo "make pairs            build and boot the options of the build in all pairs"
	@echo "make fuzz-short       a minute of fuzzing; make soak is the long form, with long boot tests"
	@echo "make bench            executed instructions, sizes and memory beside Debian's Xen"
	@echo "make menuconfig       edit a configuration"
	@echo "make clean            remove build/"
	@echo "CONFIG=name           which configuration of configs/ (now: $(CONFIG))"
