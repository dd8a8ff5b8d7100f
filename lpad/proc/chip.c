/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chip.h"

#include "error-details.h"

#define SW_CHANNEL_NOT_SUPPORTED  0x6881
#define SW_FUNCTION_NOT_SUPPORTED 0x6a81

struct _LpadChip
{
  LpadChipConfig config;
  LpadSegmentSize segment_size;
  LpadCard *card;
  LpadChannel *channel;
};

static gboolean
no_channel_left (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL
         && (details->status_word == SW_CHANNEL_NOT_SUPPORTED
             || details->status_word == SW_FUNCTION_NOT_SUPPORTED);
}

static gboolean
connect_card (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  if (chip->card == NULL)
    chip->card = chip->config.connect (chip->config.connect_data, cancellable, error);
  return chip->card != NULL;
}

static gboolean
open_channel (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  if (!connect_card (chip, cancellable, error))
    return FALSE;
  chip->channel = lpad_channel_open (chip->card, chip->config.aids, &chip->segment_size, cancellable, error);
  return chip->channel != NULL;
}

/* Whether a second try, on a new connection or after a reset, can go better than the first, which failed with
 * @error. A card that says that it has no ISD-R will say so again. */
static gboolean
make_second_try_possible (LpadChip *chip, gboolean was_connected, GError *error)
{
  if (no_channel_left (error))
    /* Channels that a program left behind when it died: only a reset gives them back. */
    return lpad_card_reset (chip->card, NULL);
  if (!was_connected || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND)
      || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED))
    return FALSE;
  g_clear_object (&chip->card);
  return TRUE;
}

LpadChip *
lpad_chip_new (const LpadChipConfig *config)
{
  LpadChip *chip;

  g_return_val_if_fail (config != NULL && config->connect != NULL && config->aids != NULL, NULL);

  chip = g_new0 (LpadChip, 1);
  chip->config = *config;
  chip->config.aids = g_ptr_array_ref (config->aids);
  chip->config.imei = g_strdup (config->imei);
  chip->segment_size.octets = config->segment_size > 0 ? config->segment_size : LPAD_SEGMENT_SIZE_MAX;
  return chip;
}

void
lpad_chip_free (LpadChip *chip)
{
  if (chip == NULL)
    return;
  lpad_chip_close (chip);
  g_ptr_array_unref (chip->config.aids);
  g_free (chip->config.imei);
  if (chip->config.connect_data_free != NULL)
    chip->config.connect_data_free (chip->config.connect_data);
  g_free (chip);
}

const LpadChipConfig *
lpad_chip_config (LpadChip *chip)
{
  return &chip->config;
}

guint
lpad_chip_segment_size (LpadChip *chip)
{
  return chip->segment_size.octets;
}

LpadChannel *
lpad_chip_open (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean was_connected = chip->card != NULL;

  if (!lpad_check_cancelled (cancellable, error))
    return NULL;
  if (chip->channel != NULL && lpad_channel_is_usable (chip->channel))
    return chip->channel;
  g_clear_pointer (&chip->channel, lpad_channel_close);

  if (!open_channel (chip, cancellable, &local) && chip->card != NULL
      && make_second_try_possible (chip, was_connected, local))
    {
      g_clear_error (&local);
      (void) open_channel (chip, cancellable, &local);
    }
  if (chip->channel == NULL)
    {
      g_clear_object (&chip->card);
      g_propagate_error (error, g_steal_pointer (&local));
    }
  return chip->channel;
}

void
lpad_chip_pause (LpadChip *chip)
{
  g_clear_pointer (&chip->channel, lpad_channel_close);
}

void
lpad_chip_close (LpadChip *chip)
{
  g_clear_pointer (&chip->channel, lpad_channel_close);
  g_clear_object (&chip->card);
}

gboolean
lpad_chip_reset (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  if (!connect_card (chip, cancellable, error))
    return FALSE;
  if (chip->channel != NULL)
    lpad_channel_lost (chip->channel);
  g_clear_pointer (&chip->channel, lpad_channel_close);
  if (lpad_card_reset (chip->card, error))
    return TRUE;
  g_clear_object (&chip->card);
  return FALSE;
}
