/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channels.h"

typedef struct
{
  LpadModemChannels *table;
  char *owner;
  guint32 number;
  guint8 card_channel;
  guint watch;
} Channel;

struct _LpadModemChannels
{
  GDBusConnection *connection;
  LpadModemChannelClosed closed;
  gpointer user_data;
  GPtrArray *open; /* of Channel */
  guint32 last_number;
};

static void
channel_free (gpointer data)
{
  Channel *channel = data;

  g_bus_unwatch_name (channel->watch);
  g_free (channel->owner);
  g_free (channel);
}

LpadModemChannels *
lpad_modem_channels_new (GDBusConnection *connection, LpadModemChannelClosed closed, gpointer user_data)
{
  LpadModemChannels *channels = g_new0 (LpadModemChannels, 1);

  channels->connection = g_object_ref (connection);
  channels->closed = closed;
  channels->user_data = user_data;
  channels->open = g_ptr_array_new_with_free_func (channel_free);
  return channels;
}

void
lpad_modem_channels_free (LpadModemChannels *channels)
{
  g_ptr_array_unref (channels->open);
  g_object_unref (channels->connection);
  g_free (channels);
}

static void
on_owner_gone (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Channel *channel = user_data;
  LpadModemChannels *channels = channel->table;
  guint8 card_channel = channel->card_channel;

  if (g_ptr_array_remove (channels->open, channel))
    channels->closed (card_channel, channels->user_data);
}

guint32
lpad_modem_channels_add (LpadModemChannels *channels, const char *owner, guint8 card_channel)
{
  Channel *channel = g_new0 (Channel, 1);

  channel->table = channels;
  channel->owner = g_strdup (owner);
  channel->number = ++channels->last_number;
  channel->card_channel = card_channel;
  g_ptr_array_add (channels->open, channel);
  channel->watch = g_bus_watch_name_on_connection (
      channels->connection, owner, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_owner_gone, channel, NULL);
  return channel->number;
}

static Channel *
find (LpadModemChannels *channels, const char *owner, guint32 number)
{
  for (guint i = 0; i < channels->open->len; i++)
    {
      Channel *channel = g_ptr_array_index (channels->open, i);

      if (channel->number == number && g_str_equal (channel->owner, owner))
        return channel;
    }
  return NULL;
}

guint8
lpad_modem_channels_find (LpadModemChannels *channels, const char *owner, guint32 number)
{
  const Channel *channel = find (channels, owner, number);

  return channel != NULL ? channel->card_channel : 0;
}

guint8
lpad_modem_channels_take (LpadModemChannels *channels, const char *owner, guint32 number)
{
  Channel *channel = find (channels, owner, number);
  guint8 card_channel = channel != NULL ? channel->card_channel : 0;

  if (channel != NULL)
    g_ptr_array_remove (channels->open, channel);
  return card_channel;
}

guint8
lpad_modem_channels_take_any (LpadModemChannels *channels)
{
  guint8 card_channel;

  if (channels->open->len == 0)
    return 0;
  card_channel = ((Channel *) g_ptr_array_index (channels->open, 0))->card_channel;
  g_ptr_array_remove_index (channels->open, 0);
  return card_channel;
}

void
lpad_modem_channels_forget (LpadModemChannels *channels)
{
  g_ptr_array_set_size (channels->open, 0);
}

guint
lpad_modem_channels_count (LpadModemChannels *channels)
{
  return channels->open->len;
}

guint32
lpad_modem_channels_bits (LpadModemChannels *channels)
{
  guint32 bits = 0;

  for (guint i = 0; i < channels->open->len; i++)
    bits |= 1u << ((const Channel *) g_ptr_array_index (channels->open, i))->card_channel;
  return bits;
}
