/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order partitions start: `ready`, the port whose first event says that a partition is ready, and `after`,
 * `after_timeout`, `after_action`: the partition that another one waits for, how long, and what follows then.
 */
#ifndef BH_IMAGE_ORDER_H
#define BH_IMAGE_ORDER_H

#include "module.h"

#define ORDER_TIMEOUT_MAX 65535

/* Reads these keys of `config`. Reports through diag.h. */
void order_read(struct domain_config *config, XLU_Config *xlu);

/* Checks that nobody waits for what does not come, or for itself. Reports through diag.h. */
void order_check(const struct partition *partitions, unsigned count);

#endif
