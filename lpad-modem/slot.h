/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channels.h"
#include "port.h"
#include "ports.h"
#include "quirks.h"
#include "service.h"

G_BEGIN_DECLS

/** LpadModemSlot: a card slot as an object on the bus, with the methods of org.lpad.Modem1.Slot. */
typedef struct _LpadModemSlot LpadModemSlot;

/** lpad_modem_slot_new: slot @number, from 1, of the modem at the port @info; it is on the bus at @path once
 * its state is known. */
LpadModemSlot *lpad_modem_slot_new (const LpadModemService *service,
                                    const char *path,
                                    const LpadModemPortInfo *info,
                                    guint number);

/** lpad_modem_slot_free: takes it off the bus; requests that wait for the modem fail. */
void lpad_modem_slot_free (LpadModemSlot *slot);

/** lpad_modem_slot_set_port: the port that leads to the card, and what is known of the modem. */
void lpad_modem_slot_set_port (LpadModemSlot *slot, LpadPort *port, const LpadModemQuirks *quirks);

/** lpad_modem_slot_update: shows what the modem says. */
void lpad_modem_slot_update (LpadModemSlot *slot, const LpadCardSlot *state);

/** lpad_modem_slot_is_active: whether the modem uses it now. */
gboolean lpad_modem_slot_is_active (LpadModemSlot *slot);

/** lpad_modem_slot_is_busy: whether a channel of its card is open, or a call waits for the modem. */
gboolean lpad_modem_slot_is_busy (LpadModemSlot *slot);

/** lpad_modem_slot_reset: the card is being reset: no channel is open any more. */
void lpad_modem_slot_reset (LpadModemSlot *slot);

/** lpad_modem_slot_refreshed: the card is back; tells the clients. */
void lpad_modem_slot_refreshed (LpadModemSlot *slot);

/** lpad_modem_slot_close_all: closes all channels, whoever owns them; calls @closed when the modem has
 * answered. */
void lpad_modem_slot_close_all (LpadModemSlot *slot, GSourceOnceFunc closed, gpointer user_data);

G_END_DECLS
