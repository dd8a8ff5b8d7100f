/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libqmi-glib.h>

#include "port.h"

G_BEGIN_DECLS

/* The messages of QMI's UIM service that libqmi 1.32 does not know, and two that it does: with the generic
 * message API, so that the code is the same for each libqmi. Requests have no client and transaction yet. */

typedef enum
{
  LPAD_UIM_POWER_OFF = 0x0030,
  LPAD_UIM_POWER_ON = 0x0031,
  LPAD_UIM_SEND_APDU = 0x003B,
  LPAD_UIM_LOGICAL_CHANNEL = 0x003F,
  LPAD_UIM_OPEN_CHANNEL = 0x0042,
} LpadUimMessage;

/** lpad_uim_open_channel: a request of client @cid to open a channel and select @aid on it; the modem has one
 * logical slot, number 1. */
QmiMessage *lpad_uim_open_channel (guint8 cid, guint16 transaction, const guint8 *aid, gsize size);

/** lpad_uim_send_apdu: a request to send @command on @channel. */
QmiMessage *lpad_uim_send_apdu (guint8 cid, guint16 transaction, guint8 channel, GBytes *command);

/** lpad_uim_close_channel: a request to close @channel. */
QmiMessage *lpad_uim_close_channel (guint8 cid, guint16 transaction, guint8 channel);

/** lpad_uim_power: a request to switch the card's power @on or off. */
QmiMessage *lpad_uim_power (guint8 cid, guint16 transaction, gboolean on);

/**
 * lpad_uim_opened: reads the answer to lpad_uim_open_channel().
 * @channel: (out): the card's number of the channel, 1 to 19
 * Returns: (nullable): the answer to SELECT; NULL with an error of LPAD_MODEM_ERROR
 */
GBytes *lpad_uim_opened (QmiMessage *answer, guint8 *channel, GError **error);

/** lpad_uim_sent: reads the answer to lpad_uim_send_apdu(): two octets at least, or NULL and an error. */
GBytes *lpad_uim_sent (QmiMessage *answer, GError **error);

/** lpad_uim_done: reads an answer that has nothing but a result; that nothing had to be done is success. */
gboolean lpad_uim_done (QmiMessage *answer, GError **error);

G_END_DECLS
