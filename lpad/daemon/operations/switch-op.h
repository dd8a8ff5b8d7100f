/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation-kinds.h"

G_BEGIN_DECLS

/** lpad_switch_op_start: the operation of Profile.Enable, Disable and Delete. Errors: see
 * lpad_operation_start(); %LPAD_ERROR_INVALID_ARGUMENTS. */
LpadOperation *lpad_switch_op_start (LpadEuicc *euicc,
                                     LpadSwitch what,
                                     GBytes *iccid,
                                     GVariant *options,
                                     const char *sender,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
