/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-session.h"
#include "lui-terminal.h"

G_BEGIN_DECLS

/**
 * LuiOperation: an operation of lpad that is followed to its end: progress is shown, questions are passed on,
 * and Ctrl-C cancels it (a second one leaves at once).
 */
typedef struct _LuiOperation LuiOperation;

/**
 * LuiPromptFunc: answers the prompt of @operation, with Confirm, Reject or Postpone, and returns when that is
 * done or when lui_operation_pointless() says that nothing is left to answer.
 * Returns: FALSE with an error when the answer was not taken
 */
typedef gboolean (*LuiPromptFunc) (LuiOperation *operation,
                                   GVariant *prompt,
                                   gpointer user_data,
                                   GError **error);

/**
 * lui_operation_run: follows the operation at @path.
 * @prompt: (nullable): without one every prompt is postponed
 * Returns: (transfer full) (nullable): its Result (see org.lpad.Lpad1.Operation), also when it failed; NULL
 * with an error when it could not be followed
 */
GVariant *lui_operation_run (LuiSession *session,
                             LuiTerminal *terminal,
                             const char *path,
                             LuiPromptFunc prompt,
                             gpointer user_data,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_operation_proxy: (transfer none): the object on the bus. */
LpadBusOperation *lui_operation_proxy (LuiOperation *operation);

/** lui_operation_pointless: whether the prompt needs no answer any more; a #LuiStopFunc. */
gboolean lui_operation_pointless (gpointer operation);

G_END_DECLS
