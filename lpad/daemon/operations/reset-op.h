/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/**
 * lpad_reset_op_start: the operation of Euicc.Reset.
 * @what: names of what to delete, as on the bus
 * Errors: see lpad_operation_start(); %LPAD_ERROR_INVALID_ARGUMENTS when @what is empty or has an unknown
 * name
 */
LpadOperation *lpad_reset_op_start (LpadEuicc *euicc,
                                    const char *const *what,
                                    GVariant *options,
                                    const char *sender,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
