/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LpadModemChannels: the open channels of a card. Each belongs to a client of the bus; its number on the bus
 * is never used again, so that an old one cannot mean a new channel.
 */
typedef struct _LpadModemChannels LpadModemChannels;

/**
 * LpadModemChannelClosed: a channel's owner has left the bus.
 * @card_channel: the card's number of the channel, which is no longer in the table
 */
typedef void (*LpadModemChannelClosed) (guint8 card_channel, gpointer user_data);

/** lpad_modem_channels_new: calls @closed for each channel whose owner leaves the bus. */
LpadModemChannels *
lpad_modem_channels_new (GDBusConnection *connection, LpadModemChannelClosed closed, gpointer user_data);
void lpad_modem_channels_free (LpadModemChannels *channels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadModemChannels, lpad_modem_channels_free)

/** lpad_modem_channels_add: @card_channel is @owner's. Returns: its number on the bus */
guint32 lpad_modem_channels_add (LpadModemChannels *channels, const char *owner, guint8 card_channel);

/** lpad_modem_channels_find: the card's number of @owner's channel @number; 0: there is none. */
guint8 lpad_modem_channels_find (LpadModemChannels *channels, const char *owner, guint32 number);

/** lpad_modem_channels_take: the same, and the channel is in the table no longer. */
guint8 lpad_modem_channels_take (LpadModemChannels *channels, const char *owner, guint32 number);

/** lpad_modem_channels_take_any: takes some channel, whoever owns it; 0: there is none. */
guint8 lpad_modem_channels_take_any (LpadModemChannels *channels);

/** lpad_modem_channels_forget: the card has been reset: there are no channels. */
void lpad_modem_channels_forget (LpadModemChannels *channels);

/** lpad_modem_channels_bits: which of the card's channels they are, a bit for each. */
guint32 lpad_modem_channels_bits (LpadModemChannels *channels);

/** lpad_modem_channels_count: how many there are. */
guint lpad_modem_channels_count (LpadModemChannels *channels);

G_END_DECLS
