/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"

/* A card that answers each ES10 request with the octets of the fuzz input, in pieces as a real one does. */

#define FUZZ_TYPE_CARD (fuzz_card_get_type ())
G_DECLARE_FINAL_TYPE (FuzzCard, fuzz_card, FUZZ, CARD, GObject)

struct _FuzzCard
{
  GObject parent;

  const guint8 *data;
  gsize size;
  gsize sent; /* of the answer under way */
};

static GBytes *
fuzz_card_transmit (LpadCard *card, GBytes *command, GError **error)
{
  FuzzCard *self = (FuzzCard *) card;
  const guint8 *apdu = g_bytes_get_data (command, NULL);
  guint8 response[256 + 2] = { 0 };

  if (apdu[1] == 0xe2 && apdu[2] == 0x11) /* STORE DATA, more blocks follow */
    return g_bytes_new_static ("\x90\x00", 2);
  if (apdu[1] == 0xe2)
    self->sent = 0;

  gsize part = MIN (self->size - self->sent, 256);
  memcpy (response, self->data + self->sent, part);
  self->sent += part;
  gsize left = self->size - self->sent;
  response[part] = left > 0 ? 0x61 : 0x90;
  response[part + 1] = (guint8) MIN (left, 256);
  return g_bytes_new (response, part + 2);
}

static gboolean
fuzz_card_open_channel (LpadCard *card,
                        GBytes *aid,
                        guint *channel,
                        GCancellable *cancellable,
                        GError **error)
{
  *channel = 1;
  return TRUE;
}

static void
fuzz_card_close_channel (LpadCard *card, guint channel)
{
}

static gboolean
fuzz_card_reset (LpadCard *card, GError **error)
{
  return TRUE;
}

static void
fuzz_card_card_init (LpadCardInterface *iface)
{
  iface->open_channel = fuzz_card_open_channel;
  iface->transmit = fuzz_card_transmit;
  iface->close_channel = fuzz_card_close_channel;
  iface->reset = fuzz_card_reset;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FuzzCard,
                               fuzz_card,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LPAD_TYPE_CARD, fuzz_card_card_init))

static void
fuzz_card_init (FuzzCard *self)
{
}

static void
fuzz_card_class_init (FuzzCardClass *class)
{
}

static void
fuzz_drop_message (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
}

/* Runs @func with a channel to a card that answers @data. What it warns of is what a chip may do. */
static int
fuzz_with_channel (const guint8 *data, gsize size, void (*func) (LpadChannel *channel))
{
  static const char aid[] = "\xa0";
  static LpadSegmentSize segment_size;
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (FuzzCard) card = g_object_new (FUZZ_TYPE_CARD, NULL);

  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  guint handler
      = g_log_set_handler ("lpad", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_DEBUG, fuzz_drop_message, NULL);
  segment_size = (LpadSegmentSize){ .octets = LPAD_SEGMENT_SIZE_MAX };
  card->data = data;
  card->size = size;
  g_ptr_array_add (aids, g_bytes_new_static (aid, 1));
  LpadChannel *channel = lpad_channel_open (LPAD_CARD (card), aids, &segment_size, NULL, NULL);
  func (channel);
  lpad_channel_close (channel);
  g_log_remove_handler ("lpad", handler);
  return 0;
}
