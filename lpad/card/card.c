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

/* One channel for each attempt. */
static gboolean
open_one_by_one (LpadCard *card,
                 GPtrArray *aids,
                 guint *index,
                 guint *channel,
                 GCancellable *cancellable,
                 GError **error)
{
  for (guint i = 0; i < aids->len; i++)
    {
      g_autoptr (GError) local = NULL;

      if (lpad_card_open_channel (card, aids->pdata[i], channel, cancellable, &local))
        {
          *index = i;
          return TRUE;
        }
      if (!g_error_matches (local, LPAD_ERROR, LPAD_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "The card does not have the application");
  return FALSE;
}

gboolean
lpad_card_open_first (LpadCard *card,
                      GPtrArray *aids,
                      guint *index,
                      guint *channel,
                      GCancellable *cancellable,
                      GError **error)
{
  g_return_val_if_fail (LPAD_IS_CARD (card), FALSE);
  g_return_val_if_fail (aids != NULL && index != NULL && channel != NULL, FALSE);

  LpadCardInterface *iface = LPAD_CARD_GET_IFACE (card);
  return (iface->open_first != NULL ? iface->open_first
                                    : open_one_by_one) (card, aids, index, channel, cancellable, error);
}

gboolean
lpad_card_open_basic (LpadCard *card,
                      GPtrArray *aids,
                      guint *index,
                      GCancellable *cancellable,
                      GError **error)
{
  g_return_val_if_fail (LPAD_IS_CARD (card), FALSE);
  g_return_val_if_fail (aids != NULL && index != NULL, FALSE);

  LpadCardInterface *iface = LPAD_CARD_GET_IFACE (card);
  if (iface->open_basic != NULL)
    return iface->open_basic (card, aids, index, cancellable, error);
  g_set_error_literal (
      error, LPAD_ERROR, LPAD_ERROR_NOT_SUPPORTED, "The card has no logical channel for lpad");
  return FALSE;
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
