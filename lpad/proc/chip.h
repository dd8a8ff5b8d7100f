/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"
#include "es10b.h"
#include "ladder.h"

G_BEGIN_DECLS

/**
 * LpadChip: one eUICC as the procedures see it: how its card is reached, which applications to try, what is
 * remembered of its reader. Made, used and freed on the chip's worker thread.
 */
typedef struct _LpadChip LpadChip;

/** LpadChipConnectFunc: connects to the card: PC/SC, a modem, a trace. */
typedef LpadCard *(*LpadChipConnectFunc) (gpointer user_data, GCancellable *cancellable, GError **error);

/**
 * LpadChipConfig: what is the same for all operations. Copied by lpad_chip_new().
 * @aids: (element-type GBytes): applications of ISD-R, in order of preference
 * @segment_size: octets, 0: LPAD_SEGMENT_SIZE_MAX
 * @refresh, @identifier: the only form in which the card is told to switch or delete; LPAD_REFRESH_EITHER and
 * 0: what it takes is found out
 * @settle_timeout_ms: how long a switch may take until the chip shows it
 * @device: what the configuration says of the device; @modem: what the modem that the chip is in says of
 * itself. Its IMEI is left out for a chip that can be taken out: the server needs to know its type only
 */
typedef struct
{
  LpadChipConnectFunc connect;
  gpointer connect_data;
  GDestroyNotify connect_data_free;
  GPtrArray *aids;
  guint segment_size;
  LpadRefresh refresh;
  LpadProfileIdKind identifier;
  guint settle_timeout_ms;
  LpadDevice device;
  LpadDevice modem;
} LpadChipConfig;

/** lpad_chip_new: takes over @config->connect_data, copies the rest. Nothing is connected yet. */
LpadChip *lpad_chip_new (const LpadChipConfig *config);
void lpad_chip_free (LpadChip *chip);
const LpadChipConfig *lpad_chip_config (LpadChip *chip);

/**
 * lpad_chip_silent_servers: the servers that did not answer when they were last told something of this chip:
 * a set of "HOST:PORT". Kept by lpad_notify_send() and its like, which try them after all others.
 */
GHashTable *lpad_chip_silent_servers (LpadChip *chip);

/** lpad_chip_revocations: the lists of revoked certificates that the chip has been given: a set of SHA-256 in
 * hexadecimal; kept by lpad_revocation_load(). */
GHashTable *lpad_chip_revocations (LpadChip *chip);

/** lpad_chip_segment_size: octets of a STORE DATA command that have proved to work; worth remembering. */
guint lpad_chip_segment_size (LpadChip *chip);

/** lpad_chip_ladder: which forms of commands the chip has taken; belongs to @chip. */
LpadLadderMemory *lpad_chip_ladder (LpadChip *chip);

/**
 * lpad_chip_open: the channel to the ISD-R, connecting to the card when necessary. There is at most one:
 * while it is usable the same one is returned, and one that an error has ended is replaced. A card on which
 * the connection or the channels of an earlier user are dead is connected anew, once. The first application
 * that was there is the chip's for good. On a card in a reader that has no logical channels it is the basic
 * channel (0).
 */
LpadChannel *
lpad_chip_open (LpadChip *chip, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_chip_open_other: a channel to the first of @aids instead, for a look at what else is on the card. The
 * next lpad_chip_open() is to the chip's own application again, after lpad_chip_pause().
 */
LpadChannel *lpad_chip_open_other (LpadChip *chip, GPtrArray *aids, GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_chip_aid: the chip's application; NULL before the first channel. */
GBytes *lpad_chip_aid (LpadChip *chip);

/**
 * lpad_chip_pause: closes the channel and keeps the card, so that other programs have their turn while a
 * person is asked. The RSP session stays: it belongs to the chip and not to the channel.
 */
void lpad_chip_pause (LpadChip *chip);

/**
 * lpad_chip_close: closes the channel if one is open and lets go of the card. The procedures leave the
 * channel open for the next one; whoever gives the worker its jobs closes when no more follow.
 */
void lpad_chip_close (LpadChip *chip);

/**
 * lpad_chip_reset: resets the card: it forgets channels and the RSP session, and a switch becomes effective.
 * The next lpad_chip_open() opens a new channel.
 */
gboolean
lpad_chip_reset (LpadChip *chip, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadChip, lpad_chip_free)

G_END_DECLS
