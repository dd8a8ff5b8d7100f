/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LpadCard: the seam between lpad and whatever carries APDUs to a chip: a PC/SC reader, a modem, a recorded
 * trace. All functions block, with a deadline of the implementation's own, and are called from one thread.
 *
 * Errors: %LPAD_ERROR_CARD_REMOVED (card or reader gone), %LPAD_ERROR_TIMEOUT (no answer),
 * %LPAD_ERROR_CARD_BUSY (another program holds it), %LPAD_ERROR_CARD_ERROR (transport fault or a status word,
 * which is then in the details). A transport fault that a smaller block may get around has %LPAD_RETRY_NOW in
 * its details; one after which the channels are lost (another program reset the card) has %LPAD_RETRY_LATER.
 */
#define LPAD_TYPE_CARD (lpad_card_get_type ())
G_DECLARE_INTERFACE (LpadCard, lpad_card, LPAD, CARD, GObject)

struct _LpadCardInterface
{
  GTypeInterface parent_iface;

  gboolean (
      *open_channel) (LpadCard *card, GBytes *aid, guint *channel, GCancellable *cancellable, GError **error);
  /* optional: without it the applications are tried one after the other with open_channel */
  gboolean (*open_first) (LpadCard *card,
                          GPtrArray *aids,
                          guint *index,
                          guint *channel,
                          GCancellable *cancellable,
                          GError **error);
  /* optional: without it the basic channel belongs to somebody else */
  gboolean (
      *open_basic) (LpadCard *card, GPtrArray *aids, guint *index, GCancellable *cancellable, GError **error);
  GBytes *(*transmit) (LpadCard *card, GBytes *command, GError **error);
  void (*close_channel) (LpadCard *card, guint channel);
  gboolean (*reset) (LpadCard *card, GError **error);
  gboolean (*wants_le) (LpadCard *card); /* optional: TRUE without it */
};

/**
 * lpad_card_open_channel: opens a logical channel and selects the application @aid on it.
 * @channel: (out): its number, 1 to 19
 * Returns: FALSE with %LPAD_ERROR_NOT_FOUND when the card has no such application (6A82); no channel stays
 * open then
 */
gboolean lpad_card_open_channel (LpadCard *card,
                                 GBytes *aid,
                                 guint *channel,
                                 GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_card_open_first: opens a logical channel and selects the first application of @aids that the card has.
 * @aids: (element-type GBytes): tried in order
 * @index: (out): the place in @aids of the one that was selected
 * @channel: (out): as for lpad_card_open_channel()
 * Returns: FALSE with %LPAD_ERROR_NOT_FOUND when the card has none of them; an application that it refuses
 * for another reason is the error only when it has no other
 */
gboolean lpad_card_open_first (LpadCard *card,
                               GPtrArray *aids,
                               guint *index,
                               guint *channel,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_card_open_basic: selects the first application of @aids that the card has on the basic channel, 0: for
 * a card without logical channels. Behind a modem that would take the card from the modem: there it is
 * %LPAD_ERROR_NOT_SUPPORTED. Closed like any other.
 */
gboolean lpad_card_open_basic (LpadCard *card,
                               GPtrArray *aids,
                               guint *index,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_card_transmit: sends one short command APDU, whose CLA already names the channel.
 * Returns: (nullable): the response APDU as the card gave it: at most 256 octets and the status word, at
 * least two octets
 */
GBytes *lpad_card_transmit (LpadCard *card, GBytes *command, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_card_close_channel: closes it, or leaves the application on channel 0; a fault is logged and nothing
 * more: the channel dies with the next reset. */
void lpad_card_close_channel (LpadCard *card, guint channel);

/** lpad_card_reset: resets the card (cold where possible): channels and the RSP session are gone afterwards.
 */
gboolean lpad_card_reset (LpadCard *card, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_card_wants_le: whether a command with data that expects an answer (ISO/IEC 7816-3, case 4) is sent
 * with an Le octet. A matter of the transport: T=1 and modems need it, in T=0 it does not exist (12.2.1).
 */
gboolean lpad_card_wants_le (LpadCard *card);

G_END_DECLS
