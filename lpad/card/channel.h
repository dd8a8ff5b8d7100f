/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card.h"

G_BEGIN_DECLS

#define LPAD_SEGMENT_SIZE_MAX 255 /* octets of a STORE DATA command */
#define LPAD_SEGMENT_SIZE_MIN 16
#define LPAD_ANSWER_MAX       (256 * 1024) /* octets of an ES10 answer */

/**
 * LpadChannel: a logical channel to an ISD-R through which ES10 commands go, chained with STORE DATA
 * (SGP.22 5.7.2). The one place that knows segments.
 */
typedef struct _LpadChannel LpadChannel;

/**
 * LpadSegmentSize: what is remembered of a reader between channels. The owner keeps it.
 * @octets: starts at LPAD_SEGMENT_SIZE_MAX (or a configured value); a channel lowers it when the reader
 * proves to carry less
 * @le_toggled: starts FALSE; the chip wants the opposite of lpad_card_wants_le()
 */
typedef struct
{
  guint octets;
  gboolean le_toggled;
} LpadSegmentSize;

/**
 * lpad_channel_open: opens a channel to the first application of @aids that the card has.
 * @aids: GPtrArray of GBytes, tried in order
 * @segment_size: lives longer than the channel
 * Returns: (nullable): %LPAD_ERROR_NOT_FOUND when the card has none of them: it is not an eUICC. Close with
 * lpad_channel_close().
 */
LpadChannel *lpad_channel_open (LpadCard *card,
                                GPtrArray *aids,
                                LpadSegmentSize *segment_size,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_channel_open_basic: the same on the basic channel, see lpad_card_open_basic(). */
LpadChannel *lpad_channel_open_basic (LpadCard *card,
                                      GPtrArray *aids,
                                      LpadSegmentSize *segment_size,
                                      GCancellable *cancellable,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_channel_close: closes the logical channel and frees @channel. Never fails, is never cancelled. */
void lpad_channel_close (LpadChannel *channel);

/** lpad_channel_aid: the application that was selected. */
GBytes *lpad_channel_aid (LpadChannel *channel);

/** lpad_channel_is_usable: FALSE once an error has ended it: the card is gone or silent, or it has forgotten
 * the channel (6881). Then only closing it makes sense. */
gboolean lpad_channel_is_usable (LpadChannel *channel);

/** lpad_channel_lost: after a reset or removal of the card: the channel is gone, closing must not touch the
 * card. */
void lpad_channel_lost (LpadChannel *channel);

/**
 * lpad_channel_store_data: sends @request (a whole ES10 command or one BPP segment) in blocks, collects the
 * answer. On 6700, 6601, or a transport fault (%LPAD_ERROR_CARD_ERROR without status word, %LPAD_RETRY_NOW)
 * at a block that is not the last, the whole request is sent again in blocks of half the size, down to
 * LPAD_SEGMENT_SIZE_MIN: block 0 makes the chip forget the blocks before. After a transport fault at the last
 * block nothing is repeated: the chip may have acted on it. A card that falls silent at a block that is not
 * the last cannot be talked to any more, but half of that size is remembered for the time after. 6700 at the
 * last block, the only one with an Le octet, can mean that octet: before the size is halved, the request is
 * sent once with it toggled. What worked is remembered in the LpadSegmentSize. After 6881 (in the details)
 * the chip has forgotten the channel: close this one, open another.
 * @function: static name for errors, such as "ES10b.PrepareDownload"
 * Returns: (nullable): the answer, empty if the card had none. A status word other than 9000, 91xx, 92xx is
 * the error that lpad_result_set_status_word() makes of it.
 */
GBytes *lpad_channel_store_data (LpadChannel *channel, GBytes *request, const char *function, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_channel_card: the card that the channel belongs to. */
LpadCard *lpad_channel_card (LpadChannel *channel);

G_END_DECLS
