/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card.h"

G_BEGIN_DECLS

/* What a card needs whose channels nobody else manages: a card in a PC/SC reader. Behind a modem the modem
 * does it. */

/**
 * lpad_manage_channel_open: MANAGE CHANNEL and SELECT by name (ETSI TS 102 221, 11.1.17 and 11.1.1): the
 * open_channel of a card that only transmits.
 * Returns: as lpad_card_open_channel(): no channel stays open on failure
 */
gboolean lpad_manage_channel_open (LpadCard *card, GBytes *aid, guint *channel, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_manage_channel_close: MANAGE CHANNEL; a fault is logged at debug level. */
void lpad_manage_channel_close (LpadCard *card, guint channel);

/**
 * lpad_manage_channel_present_terminal: SELECT MF and TERMINAL CAPABILITY (ETSI TS 102 221, 11.1.19): says
 * that an LPA is in the device (SGP.22 3.4.2). It has to come after a reset and before the first SELECT by
 * name: some chips hide the ISD-R until then. A refusal is of no importance. Returns: FALSE only when the
 * card could not be reached
 */
gboolean lpad_manage_channel_present_terminal (LpadCard *card, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
