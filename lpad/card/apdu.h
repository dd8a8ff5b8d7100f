/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card.h"

G_BEGIN_DECLS

/* APDU arithmetic that every kind of card needs (ISO/IEC 7816-4, ETSI TS 102 221 10.1). */

#define LPAD_CHANNEL_MAX 19

/** lpad_apdu_cla: class byte @base (00 interindustry or 80 proprietary) for @channel 0 to 19. */
guint8 lpad_apdu_cla (guint8 base, guint channel);

/** lpad_apdu_channel: the channel that class byte @cla is for. */
guint lpad_apdu_channel (guint8 cla);

/** lpad_apdu_command: builds CLA INS P1 P2 [Lc data] [Le]; @size up to 255, @le -1: none, 0: up to 256, else
 * that many. */
GBytes *
lpad_apdu_command (guint8 cla, guint8 ins, guint8 p1, guint8 p2, const guint8 *data, gsize size, int le);

/** lpad_apdu_status: the status word at the end of @response. */
guint lpad_apdu_status (GBytes *response);

/** lpad_apdu_is_ok: 9000, 91xx (a proactive command waits) and 92xx. */
gboolean lpad_apdu_is_ok (guint status);

/**
 * lpad_apdu_transmit: sends @command, and once more with the Le that the card asks for with 6Cxx. Returns:
 * (nullable): the response as lpad_card_transmit() has it; what 61xx announces is not fetched
 */
GBytes *lpad_apdu_transmit (LpadCard *card, GBytes *command, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_apdu_exchange: sends @command, fetches with GET RESPONSE what 61xx announces, repeats with the right
 * Le after 6Cxx.
 * @maximum: most octets of answer accepted
 * @status: (out): the status word of the command, whatever it is
 * Returns: (nullable): the answer without status word; NULL only when the exchange itself failed, which
 * includes a chip that acted on the command and then refuses to hand over the answer
 */
GBytes *lpad_apdu_exchange (LpadCard *card,
                            guint channel,
                            GBytes *command,
                            gsize maximum,
                            guint *status,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
