/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/**
 * lpad_operation_methods_init: the methods that callers have on an operation: who may call them, whether the
 * options are known, what the answer is. What they do is done by operation.c.
 */
void lpad_operation_methods_init (LpadBusOperationIface *iface);

G_END_DECLS
