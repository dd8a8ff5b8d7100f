/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "card.h"

G_BEGIN_DECLS

/**
 * LpadModemCard: the card in a slot of a modem, by way of lpad-modem (org.lpad.Modem1). Calls go over a
 * shared connection to the bus and block, with a deadline, so the main loop must run on another thread. The
 * basic channel belongs to the modem.
 *
 * Errors beside those of #LpadCard: %LPAD_ERROR_MODEM_ERROR when the modem keeps the application for itself;
 * %LPAD_ERROR_CARD_REMOVED also when lpad-modem, the modem or the slot has gone.
 */
#define LPAD_TYPE_MODEM_CARD (lpad_modem_card_get_type ())
G_DECLARE_FINAL_TYPE (LpadModemCard, lpad_modem_card, LPAD, MODEM_CARD, GObject)

/**
 * lpad_modem_card_new: nothing is sent yet.
 * @owner: (nullable): unique name of lpad-modem, NULL without a bus between: one that is started anew knows
 * none of our channels
 * @path: of the slot's object
 * @timeout_ms: longest time of one APDU
 */
LpadCard *
lpad_modem_card_new (GDBusConnection *connection, const char *owner, const char *path, guint timeout_ms);

G_END_DECLS
