/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/**
 * lpad_discover_op_start: the operation of Euicc.Discover.
 * @options: (nullable)
 * @sender: (nullable): NULL: lpad itself; the search then makes way for whatever a caller wants of the chip
 */
LpadOperation *lpad_discover_op_start (LpadEuicc *euicc,
                                       GVariant *options,
                                       const char *sender,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
