/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

typedef enum
{
  LPAD_SWITCH_ENABLE,
  LPAD_SWITCH_DISABLE,
  LPAD_SWITCH_DELETE,
} LpadSwitch;

/** lpad_switch_op_start: the operation of Profile.Enable, Disable and Delete. Errors: see
 * lpad_operation_start(); %LPAD_ERROR_INVALID_ARGUMENTS. */
LpadOperation *lpad_switch_op_start (LpadEuicc *euicc,
                                     LpadSwitch what,
                                     GBytes *iccid,
                                     GVariant *options,
                                     const char *sender,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_switch_check_nickname: whether a chip takes @nickname: %LPAD_ERROR_INVALID_ARGUMENTS. */
gboolean lpad_switch_check_nickname (const char *nickname, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
