# SPDX-License-Identifier: Apache-2.0
# All tests. `make test` is what CI runs; parts can be run alone.
include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk

.PHONY: test system soak
