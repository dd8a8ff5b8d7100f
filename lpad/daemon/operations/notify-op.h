/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/**
 * lpad_notify_op_start: the operation of Euicc.SendNotifications and Notification.Send.
 * @only: (nullable): one sequence number; NULL: all
 * @sender: unique name of the caller
 */
LpadOperation *lpad_notify_op_start (LpadEuicc *euicc,
                                     const guint64 *only,
                                     GVariant *options,
                                     const char *sender,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_notify_op_start_own: the same by lpad itself: what cannot be delivered is no failure, and it gives way
 * to whatever a user wants of the chip.
 * @wanted: (element-type guint64): sequence numbers
 * @silent: (transfer full) (element-type utf8): addresses that are known not to answer: they are tried last
 */
LpadOperation *lpad_notify_op_start_own (LpadEuicc *euicc, GArray *wanted, GPtrArray *silent, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
