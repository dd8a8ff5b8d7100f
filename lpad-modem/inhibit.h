/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * lpad_modem_inhibit: makes ModemManager let go of the modem at @physical_device and take it anew, so that it
 * reads the SIM again. Waits first until the modem is in a state in which ModemManager can do so.
 * @physical_device: as ModemManager's property Device has it
 */
void lpad_modem_inhibit (GDBusConnection *connection,
                         const char *physical_device,
                         GAsyncReadyCallback done,
                         gpointer user_data);

/** lpad_modem_inhibit_finish: whether it has; an error of LPAD_MODEM_ERROR if not: NOT_SUPPORTED when
 * ModemManager does not run or does not know the modem. */
gboolean lpad_modem_inhibit_finish (GAsyncResult *result, GError **error);

G_END_DECLS
