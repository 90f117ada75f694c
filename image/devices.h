/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the board's devices a partition's configuration names, in xl's syntax (arm64):
 *
 *   dtdev = [ "/pl031@9010000", "/smc@a000,dma=none" ]        # paths of the board's tree
 *   iomem = [ "9030,1@30000" ]        # a page, how many, and the partition's page if it is another; hexadecimal
 */
#ifndef BH_IMAGE_DEVICES_H
#define BH_IMAGE_DEVICES_H

#include "config.h"

/* Reads these keys of `config`. Reports through diag.h. */
void devices_read(struct domain_config *config, enum arch arch, const struct config_source *source);

#endif
