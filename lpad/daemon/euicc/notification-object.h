/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/** LpadNotificationObject: a pending notification on the bus. */
#define LPAD_TYPE_NOTIFICATION_OBJECT (lpad_notification_object_get_type ())
G_DECLARE_FINAL_TYPE (LpadNotificationObject,
                      lpad_notification_object,
                      LPAD,
                      NOTIFICATION_OBJECT,
                      LpadBusNotificationSkeleton)

/** lpad_notification_object_new: puts it on the bus. */
LpadNotificationObject *lpad_notification_object_new (LpadEuicc *euicc, const LpadNotificationInfo *info);

/** lpad_notification_object_path: its path on the bus. */
const char *lpad_notification_object_path (LpadNotificationObject *object);

/** lpad_notification_object_recipient: what tells its recipient from others; one without a usable address is
 * a recipient by itself. Free with g_free(). */
char *lpad_notification_object_recipient (const LpadNotificationInfo *info);

/** lpad_notification_object_set_attempts: @last_error: (nullable): NULL: none. */
void lpad_notification_object_set_attempts (LpadNotificationObject *object,
                                            const LpadAttempts *attempts,
                                            const char *last_error);

G_END_DECLS
