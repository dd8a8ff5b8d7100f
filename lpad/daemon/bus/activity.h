/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LpadActivity: whether lpad has a reason to be there. Reasons are counted: a call that is being answered, an
 * operation on the bus, a client that looks at the objects.
 */
typedef struct _LpadActivity LpadActivity;

/**
 * lpad_activity_new: calls @idle when there has been no reason for @timeout_s seconds.
 * @timeout_s: 0: never
 */
LpadActivity *lpad_activity_new (guint timeout_s, GSourceOnceFunc idle, gpointer user_data);
void lpad_activity_free (LpadActivity *activity);

/** lpad_activity_hold: one reason more; each is given back with lpad_activity_release(). */
void lpad_activity_hold (LpadActivity *activity);

/** lpad_activity_release: one reason less. */
void lpad_activity_release (LpadActivity *activity);

/** lpad_activity_touch: begins the time without a reason anew. */
void lpad_activity_touch (LpadActivity *activity);

/** lpad_activity_is_idle: whether there is no reason. */
gboolean lpad_activity_is_idle (LpadActivity *activity);

G_END_DECLS
