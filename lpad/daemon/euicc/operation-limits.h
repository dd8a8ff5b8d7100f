/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/** lpad_operation_limits_check: whether @sender (NULL: lpad itself) may start one more operation, on @euicc:
 * %LPAD_ERROR_BUSY, %LPAD_ERROR_CARD_REMOVED. */
gboolean
lpad_operation_limits_check (LpadEuicc *euicc, const char *sender, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
