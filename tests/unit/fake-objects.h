/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notification.h"

G_BEGIN_DECLS

/* What a chip hands out, unsigned */

/** fake_iccid: the octets of FAKE_ICCID. */
GBytes *fake_iccid (void);

/** fake_metadata_new: NotificationMetadata (BF2F). fake_notification_new: an OtherSignedNotification around
 * it. */
GBytes *fake_metadata_new (guint64 number, LpadEvent event, const char *address);
GBytes *fake_notification_new (GBytes *metadata);

/** fake_result_new: a ProfileInstallationResult (BF37): installed, or stopped for want of memory.
 * fake_result: the same as hexadecimal digits. @transaction_id: hexadecimal */
GBytes *fake_result_new (guint64 number, const char *transaction_id, gboolean success);
char *fake_result (guint64 number, const char *transaction_id, gboolean success);

G_END_DECLS
