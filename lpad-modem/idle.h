/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LpadModemIdle: tells when lpad-modem is not needed. While lpad runs it is: lpad takes the slots that it
 * shows from here, and would lose them. When lpad starts again it calls, and the bus starts lpad-modem.
 */
typedef struct _LpadModemIdle LpadModemIdle;

/** LpadModemIdleIsBusy: whether something is being done for somebody. */
typedef gboolean (*LpadModemIdleIsBusy) (gpointer user_data);

/** LpadModemIdleReached: lpad has not been on the bus for the time, and nothing is being done. */
typedef void (*LpadModemIdleReached) (gpointer user_data);

/** lpad_modem_idle_new: @timeout_s: the time in seconds, not 0 */
LpadModemIdle *lpad_modem_idle_new (GDBusConnection *connection,
                                    guint timeout_s,
                                    LpadModemIdleIsBusy is_busy,
                                    LpadModemIdleReached reached,
                                    gpointer user_data);
void lpad_modem_idle_free (LpadModemIdle *idle);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadModemIdle, lpad_modem_idle_free)

G_END_DECLS
