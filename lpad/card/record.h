/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card.h"

G_BEGIN_DECLS

/* Recording and replaying what goes between lpad and a card, for tests and for reports of trouble. A trace is
 * text, a line for each step:
 *
 *     # ...      a comment; empty lines are comments, too
 *     L 0        the card takes no Le octet (lpad_card_wants_le())
 *     > HEX      a command
 *     < HEX      its response
 *     O HEX N    opens application HEX as channel N; without N a fault follows
 *     C N        closes channel N
 *     R          a reset
 *     ! WORD     what the command, opening or reset before it met: removed, timeout, error, busy, notfound
 *
 * Traces hold identifiers: they are written only where someone asked for it. */

#define LPAD_TYPE_CARD_RECORD (lpad_card_record_get_type ())
G_DECLARE_FINAL_TYPE (LpadCardRecord, lpad_card_record, LPAD, CARD_RECORD, GObject)

/** lpad_card_record_new: passes everything to @card and appends it to the file @path (mode 0600). */
LpadCard *lpad_card_record_new (LpadCard *card, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define LPAD_TYPE_CARD_REPLAY (lpad_card_replay_get_type ())
G_DECLARE_FINAL_TYPE (LpadCardReplay, lpad_card_replay, LPAD, CARD_REPLAY, GObject)

/** lpad_card_replay_new: answers as the trace in @text says; a command that differs from the trace is
 * %LPAD_ERROR_CARD_ERROR, and so is what comes after it. %LPAD_ERROR_INVALID_ARGUMENTS: @text is no trace. */
LpadCard *lpad_card_replay_new (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_card_replay_finished: whether the whole trace was used. */
gboolean lpad_card_replay_finished (LpadCardReplay *replay);

G_END_DECLS
