/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "modem-use.h"

G_BEGIN_DECLS

/**
 * LpadModemManager: what ModemManager shows of modems. It is only read; it is not started when it does not
 * run, and may come, go and be started anew at any time. Nothing here waits for it.
 *
 * Signal "changed": something of what lpad_modem_manager_find() says is different.
 */
#define LPAD_TYPE_MODEM_MANAGER (lpad_modem_manager_get_type ())
G_DECLARE_FINAL_TYPE (LpadModemManager, lpad_modem_manager, LPAD, MODEM_MANAGER, GObject)

/**
 * LpadSeenModem: a modem as ModemManager shows it.
 * @device: its Modem.Device
 * @iccid: of the SIM in use, digits without filler; "": none is known
 * @imei: "": not known
 * @settled: ModemManager has finished looking at it; what it says is what the user sees
 * @without_sim: it says that there is no SIM, or an eSIM without an enabled profile
 * @radio: whether it was told to use the radio, as of now; see lpad_modem_manager_is_idle()
 * @registered: with a network, at home or roaming
 * @connected: it carries packets, or begins or ends to do so
 */
typedef struct
{
  char *device;
  char *iccid;
  char *imei;
  gboolean settled;
  gboolean without_sim;
  LpadModemRadio radio;
  gboolean registered;
  gboolean connected;
} LpadSeenModem;

/** lpad_modem_manager_new: begins to listen on @connection. */
LpadModemManager *lpad_modem_manager_new (GDBusConnection *connection);

/** lpad_modem_manager_free: stops listening; calls that are on their way are given up. Takes over @manager.
 */
void lpad_modem_manager_free (LpadModemManager *manager);

/** lpad_modem_manager_is_running: whether ModemManager is on the bus. */
gboolean lpad_modem_manager_is_running (LpadModemManager *manager);

/** lpad_modem_manager_is_idle: nobody has told ModemManager to use the radio of the modem whose Device is
 * @physical_device, or somebody has told it not to. FALSE for one that it does not know. */
gboolean lpad_modem_manager_is_idle (LpadModemManager *manager, const char *physical_device);

/** lpad_modem_manager_find: the modem whose Device is @physical_device; (nullable) (transfer none), until the
 * next "changed". */
const LpadSeenModem *lpad_modem_manager_find (LpadModemManager *manager, const char *physical_device);

G_END_DECLS
