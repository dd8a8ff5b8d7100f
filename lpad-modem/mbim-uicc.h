/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libmbim-glib.h>

#include "port.h"

G_BEGIN_DECLS

/* What MBIM devices are asked and answer: MS UICC Low Level Access, and of Basic Connect and its extensions
 * who the modem is and which slots it has. Requests have no transaction yet; readers take whatever came. */

/** Which answer the card is asked for with SELECT (P2 of ETSI TS 102 221, 11.1.1.2). */
typedef enum
{
  LPAD_MBIM_SELECT_FCP = 0x04,
  LPAD_MBIM_SELECT_NOTHING = 0x0C,
} LpadMbimSelect;

/** lpad_mbim_open_channel: a request to open a channel of @group and select @aid on it. */
MbimMessage *lpad_mbim_open_channel (GBytes *aid, guint p2, guint group);

/** lpad_mbim_apdu: a request to send @command on @channel, 1 to %LPAD_PORT_CHANNEL_MAX. A last STORE DATA
 * without Le gets one: without it devices do not fetch what the card has to say. */
MbimMessage *lpad_mbim_apdu (guint8 channel, GBytes *command);

/** lpad_mbim_close_channel: a request to close @channel; 0: all of @group. */
MbimMessage *lpad_mbim_close_channel (guint8 channel, guint group);

/** lpad_mbim_reset_card: a request to reset the card, with which the device goes on as usual. */
MbimMessage *lpad_mbim_reset_card (void);

/** lpad_mbim_reset_device: a request to let the modem start anew. */
MbimMessage *lpad_mbim_reset_device (void);

/** lpad_mbim_subscribe: a request to be told of the subscriber's state and of slots. */
MbimMessage *lpad_mbim_subscribe (void);

/** lpad_mbim_slot_info: a request for the state of slot @index, from 0. */
MbimMessage *lpad_mbim_slot_info (guint index);

/**
 * lpad_mbim_opened: reads the answer to lpad_mbim_open_channel().
 * @channel: (out): 1 to %LPAD_PORT_CHANNEL_MAX
 * Returns: (nullable): what the card said of the application; NULL with an error of %LPAD_MODEM_ERROR
 */
GBytes *lpad_mbim_opened (MbimMessage *answer, guint8 *channel, GError **error);

/** lpad_mbim_other_p2_may_help: whether a SELECT that has failed with @answer may succeed with another P2. */
gboolean lpad_mbim_other_p2_may_help (MbimMessage *answer);

/** lpad_mbim_sent: reads the answer to lpad_mbim_apdu(): two octets at least, the status word last. */
GBytes *lpad_mbim_sent (MbimMessage *answer, GError **error);

/** lpad_mbim_done: reads an answer that has nothing but a status. */
gboolean lpad_mbim_done (MbimMessage *answer, GError **error);

/** lpad_mbim_identity: reads the answer to a query of the device's capabilities. Returns: (nullable) */
LpadPortIdentity *lpad_mbim_identity (MbimMessage *answer);

/** lpad_mbim_number_of_slots: reads the answer to a query of the system's capabilities; 1 for a device that
 * knows none, 8 at most. */
guint lpad_mbim_number_of_slots (MbimMessage *answer);

/** lpad_mbim_active_slot: reads the answer to a query of the slot mappings: the slot, from 0, that the first
 * executor uses; 0 when the device does not say, or says one that is not below @slots. */
guint lpad_mbim_active_slot (MbimMessage *answer, guint slots);

/** lpad_mbim_read_slot: reads the answer to lpad_mbim_slot_info() into @slot. */
void lpad_mbim_read_slot (MbimMessage *answer, LpadCardSlot *slot);

/** lpad_mbim_read_subscriber: reads the subscriber's state into @slot, the active one: its ICCID, and, if
 * nothing else says so, whether there is a card. @told: it is an indication, and not an answer. */
void lpad_mbim_read_subscriber (MbimMessage *message, gboolean told, LpadCardSlot *slot);

G_END_DECLS
