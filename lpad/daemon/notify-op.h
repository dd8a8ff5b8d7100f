/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/**
 * lpad_notify_op_start: the operation of Euicc.SendNotifications and Notification.Send.
 * @only: (nullable): one sequence number; NULL: all
 * @options: (nullable)
 * @sender: (nullable): NULL: lpad itself; then what cannot be delivered is no failure
 */
LpadOperation *lpad_notify_op_start (LpadEuicc *euicc,
                                     const guint64 *only,
                                     GVariant *options,
                                     const char *sender,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
