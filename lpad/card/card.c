/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card.h"

#include "debug.h"
#include "error-details.h"

#define RESPONSE_MIN 2         /* the status word */
#define RESPONSE_MAX (256 + 2) /* a short APDU's answer and the status word */

G_DEFINE_INTERFACE (LpadCard, lpad_card, G_TYPE_OBJECT)

static void
lpad_card_default_init (LpadCardInterface *iface)
{
}

static void
debug_bytes (const char *what, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  lpad_debug_octets (what, data, size);
}

gboolean
lpad_card_open_channel (LpadCard *card,
                        GBytes *aid,
                        guint *channel,
                        GCancellable *cancellable,
                        GError **error)
{
  g_return_val_if_fail (LPAD_IS_CARD (card), FALSE);
  g_return_val_if_fail (aid != NULL && channel != NULL, FALSE);

  return LPAD_CARD_GET_IFACE (card)->open_channel (card, aid, channel, cancellable, error);
}

GBytes *
lpad_card_transmit (LpadCard *card, GBytes *command, GError **error)
{
  g_return_val_if_fail (LPAD_IS_CARD (card), NULL);
  g_return_val_if_fail (command != NULL, NULL);

  debug_bytes ("APDU to the card", command);
  g_autoptr (GBytes) response = LPAD_CARD_GET_IFACE (card)->transmit (card, command, error);
  if (response == NULL)
    return NULL;
  debug_bytes ("APDU from the card", response);

  gsize size = g_bytes_get_size (response);
  if (size < RESPONSE_MIN || size > RESPONSE_MAX)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_CARD_ERROR,
                   "The reader handed over an answer of %" G_GSIZE_FORMAT " octets, which no card gives",
                   size);
      return NULL;
    }
  return g_steal_pointer (&response);
}

void
lpad_card_close_channel (LpadCard *card, guint channel)
{
  g_return_if_fail (LPAD_IS_CARD (card));

  LPAD_CARD_GET_IFACE (card)->close_channel (card, channel);
}

gboolean
lpad_card_reset (LpadCard *card, GError **error)
{
  g_return_val_if_fail (LPAD_IS_CARD (card), FALSE);

  return LPAD_CARD_GET_IFACE (card)->reset (card, error);
}

gboolean
lpad_card_wants_le (LpadCard *card)
{
  g_return_val_if_fail (LPAD_IS_CARD (card), TRUE);

  LpadCardInterface *iface = LPAD_CARD_GET_IFACE (card);
  return iface->wants_le == NULL || iface->wants_le (card);
}
