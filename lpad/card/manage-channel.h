/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card.h"

G_BEGIN_DECLS

/* What a card needs whose channels nobody else manages: a card in a PC/SC reader. Behind a modem the modem
 * does it. */

#define LPAD_BASIC_CHANNEL 0

/**
 * lpad_manage_channel_open: MANAGE CHANNEL and, on that one channel, SELECT by name of each of @aids until
 * one is there (ETSI TS 102 221, 11.1.17 and 11.1.1): the open_first of a card that only transmits. Returns:
 * as lpad_card_open_first(): no channel stays open on failure. When the card has no (free) channel, the
 * status word is in the details, and the function is LPAD_MANAGE_CHANNEL
 */
#define LPAD_MANAGE_CHANNEL "MANAGE CHANNEL"
gboolean lpad_manage_channel_open (LpadCard *card,
                                   GPtrArray *aids,
                                   guint *index,
                                   guint *channel,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_manage_channel_open_basic: the SELECT part of it, on the basic channel. */
gboolean lpad_manage_channel_open_basic (LpadCard *card, GPtrArray *aids, guint *index, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_manage_channel_close: MANAGE CHANNEL, or SELECT MF on the basic channel, which leaves the
 * application; a fault is logged at debug level. */
void lpad_manage_channel_close (LpadCard *card, guint channel);

/**
 * lpad_manage_channel_present_terminal: SELECT MF and TERMINAL CAPABILITY (ETSI TS 102 221, 11.1.19): says
 * that an LPA is in the device (SGP.22 3.4.2). It has to come after a reset and before the first SELECT by
 * name: some chips hide the ISD-R until then. A refusal is of no importance. Returns: FALSE only when the
 * card could not be reached
 */
gboolean lpad_manage_channel_present_terminal (LpadCard *card, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
