/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card.h"

G_BEGIN_DECLS

/* Recording and replaying what goes between lpad and a card, for tests and for reports of trouble. A trace is
 * text: a line
 * "> HEX" for a command, "< HEX" for its response, "! WORD" for a fault (removed, timeout, error), "# ..." a
 * comment; "O HEX N" opens application HEX as channel N, "C N" closes it, "R" is a reset. Traces hold
 * identifiers: they are written only where someone asked for it. */

#define LPAD_TYPE_CARD_RECORD (lpad_card_record_get_type ())
G_DECLARE_FINAL_TYPE (LpadCardRecord, lpad_card_record, LPAD, CARD_RECORD, GObject)

/** lpad_card_record_new: passes everything to @card and appends it to the file @path (mode 0600). */
LpadCard *lpad_card_record_new (LpadCard *card, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define LPAD_TYPE_CARD_REPLAY (lpad_card_replay_get_type ())
G_DECLARE_FINAL_TYPE (LpadCardReplay, lpad_card_replay, LPAD, CARD_REPLAY, GObject)

/** lpad_card_replay_new: answers as the trace in @text says; a command that differs from the trace is
 * %LPAD_ERROR_CARD_ERROR. */
LpadCard *lpad_card_replay_new (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_card_replay_finished: whether the whole trace was used. */
gboolean lpad_card_replay_finished (LpadCardReplay *replay);

G_END_DECLS
