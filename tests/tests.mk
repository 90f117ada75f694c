# SPDX-License-Identifier: Apache-2.0
# All tests. `make test` is what CI runs; each part can be run alone.
include tests/unit/unit.mk
include tests/fuzz/fuzz.mk

PYTEST ?= /usr/bin/python3 -m pytest -q -p no:cacheprovider
# Several machines at once: most of what they do is wait. A file of tests stays together: some compare what it found.
SYSTEM_JOBS ?= $(shell nproc)
TEST_CONFIGS := arm64 arm64-static arm64-windows arm64-debug x86_64 x86_64-debug

.PHONY: test test-parts system contract requirements configs pairs sizes verify soak bench debian

# A make of its own after the setup: what this one has read may come from tools that were missing.
test:
	@scripts/setup.sh build run test
	@$(MAKE) --no-print-directory test-parts

test-parts:
	@$(MAKE) --no-print-directory all configs contract requirements
	@$(MAKE) --no-print-directory -j$(SYSTEM_JOBS) unit verify
	@$(MAKE) --no-print-directory -j$(SYSTEM_JOBS) coverage
	@$(MAKE) --no-print-directory -j$(SYSTEM_JOBS) fuzz-short
	@$(MAKE) --no-print-directory test-image
	@$(MAKE) --no-print-directory pairs PAIRS_SETS=6
	@$(MAKE) --no-print-directory system

# Every named configuration builds without a warning. After this make's own one: they share its folder.
configs: hypervisor
	@for c in $(TEST_CONFIGS); do $(MAKE) --no-print-directory hypervisor CONFIG=$$c || exit 1; done

# Options of the build in all pairs, each set built and booted. PAIRS_SETS=N: in most pairs, by N sets an architecture.
pairs: guests guests-x86
	@$(PYTHON) scripts/pairs.py boot $(PAIRS_SETS)

# What each option adds to the image.
sizes:
	@$(PYTHON) scripts/pairs.py sizes

# What the style asks of the source itself.
contract:
	@$(PYTHON) scripts/contract.py

requirements:
	@$(PYTHON) scripts/requirements.py

# The contracts of the ownership module, proved.
verify: $(UNIT_BUILD)/include/bh/config.h
	@scripts/verify.sh

debian:
	@scripts/debian-fetch.sh linux busybox xen grub
	@scripts/debian-fetch.sh --arch amd64 linux linux-cloud busybox xen

system: all configs guests guests-x86 debian
	@$(PYTEST) -n $(SYSTEM_JOBS) --dist loadfile tests/system

# Long: hours of fuzzing if FUZZ_SOAK_SECONDS says so, 100 million hypercalls (HYPERCALLS), and the boot tests that are too slow for each change.
soak: all configs guests guests-x86 debian
	@$(MAKE) --no-print-directory fuzz-soak
	@$(MAKE) --no-print-directory hypercalls-soak control-soak
	@$(MAKE) --no-print-directory pairs sizes
	@$(PYTEST) tests/system -m soak

bench: all configs guests guests-x86 debian
	@for a in arm64 x86_64; do echo "$$a:"; $(PYTHON) bench/bench.py $$a || failed=1; done; [ -z "$$failed" ]
