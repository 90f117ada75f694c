# SPDX-License-Identifier: Apache-2.0
# bulkhead-image, the host tool. Included by the top Makefile; also works alone: make -f image/image.mk
#
#   $(IMAGE_TOOL)       the tool
#   $(IMAGE_TOOL_TEST)  the same with address and undefined-behaviour sanitizers, for tests/image
BUILD ?= build
HOSTCC ?= gcc
IMAGE_TOOL := $(BUILD)/image/bulkhead-image
IMAGE_TOOL_TEST := $(BUILD)/image-test/bulkhead-image

.PHONY: image image-test
image: $(IMAGE_TOOL)
image-test: $(IMAGE_TOOL_TEST)

IMAGE_VERSION ?= 0.1
IMAGE_SOURCES := $(wildcard image/*.c)
IMAGE_CFLAGS := -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-D_FORTIFY_SOURCE=2 -fstack-protector-strong -DBULKHEAD_VERSION='"$(IMAGE_VERSION)"'
IMAGE_TEST_CFLAGS := -std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -DBULKHEAD_VERSION='"$(IMAGE_VERSION)"'
IMAGE_LIBS := -lxlutil -lfdt -lz -llzma -lzstd -llz4

$(BUILD)/image/%.o: image/%.c image/image.mk
	@mkdir -p $(@D)
	@echo "  HOSTCC  $<"
	@$(HOSTCC) $(IMAGE_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/image-test/%.o: image/%.c image/image.mk
	@mkdir -p $(@D)
	@echo "  HOSTCC  $< (sanitizers)"
	@$(HOSTCC) $(IMAGE_TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(IMAGE_TOOL): $(IMAGE_SOURCES:image/%.c=$(BUILD)/image/%.o)
	@echo "  HOSTLD  $@"
	@$(HOSTCC) -o $@ $^ $(IMAGE_LIBS)

$(IMAGE_TOOL_TEST): $(IMAGE_SOURCES:image/%.c=$(BUILD)/image-test/%.o)
	@echo "  HOSTLD  $@"
	@$(HOSTCC) -fsanitize=address,undefined -o $@ $^ $(IMAGE_LIBS)

-include $(wildcard $(BUILD)/image/*.d $(BUILD)/image-test/*.d)

.PHONY: test-image
test-image: image image-test
	@/usr/bin/python3 -m pytest -q -p no:cacheprovider -n $(shell nproc) --dist loadfile tests/image
