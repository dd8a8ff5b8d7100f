/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chip.h"

#include "error-details.h"
#include "manage-channel.h"

#define SW_CHANNEL_NOT_SUPPORTED     0x6881
#define SW_FUNCTION_NOT_SUPPORTED    0x6a81
#define SW_INSTRUCTION_NOT_SUPPORTED 0x6d00
#define SW_CLASS_NOT_SUPPORTED       0x6e00

struct _LpadChip
{
  LpadChipConfig config;
  LpadSegmentSize segment_size;
  GPtrArray *found; /* the one of config.aids that was there; NULL: none was yet */
  gboolean basic;   /* the card has no logical channels */
  LpadLadderMemory ladder;
  LpadCard *card;
  LpadChannel *channel;
  GHashTable *silent_servers;
  GHashTable *revocations;
};

static guint
status_word (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL ? details->status_word : 0;
}

static gboolean
no_channel_left (GError *error)
{
  guint status = status_word (error);

  return status == SW_CHANNEL_NOT_SUPPORTED || status == SW_FUNCTION_NOT_SUPPORTED;
}

/* Whether the card does not even know MANAGE CHANNEL. */
static gboolean
no_channels_at_all (GError *error)
{
  guint status = status_word (error);

  return (status == SW_INSTRUCTION_NOT_SUPPORTED || status == SW_CLASS_NOT_SUPPORTED)
         && g_strcmp0 (lpad_error_details (error)->function, LPAD_MANAGE_CHANNEL) == 0;
}

static gboolean
connect_card (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  if (chip->card == NULL)
    chip->card = chip->config.connect (chip->config.connect_data, cancellable, error);
  return chip->card != NULL;
}

static gboolean
open_channel (LpadChip *chip, GPtrArray *aids, GCancellable *cancellable, GError **error)
{
  if (!connect_card (chip, cancellable, error))
    return FALSE;
  chip->channel = (chip->basic ? lpad_channel_open_basic : lpad_channel_open) (
      chip->card, aids, &chip->segment_size, cancellable, error);
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
  if (!was_connected || no_channels_at_all (error)
      || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND)
      || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED))
    return FALSE;
  g_clear_object (&chip->card);
  return TRUE;
}

/* The last resort on a card that has no channel to give, also after a reset. What works is kept to. */
static void
open_basic (LpadChip *chip, GPtrArray *aids, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (chip->basic || (!no_channel_left (*error) && !no_channels_at_all (*error)))
    return;
  chip->basic = TRUE;
  if (open_channel (chip, aids, cancellable, &local))
    {
      g_clear_error (error);
      return;
    }
  chip->basic = FALSE;
  if (g_error_matches (local, LPAD_ERROR, LPAD_ERROR_NOT_SUPPORTED))
    return;
  g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&local));
}

static LpadChannel *
open_among (LpadChip *chip, GPtrArray *aids, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean was_connected = chip->card != NULL;

  if (!open_channel (chip, aids, cancellable, &local) && chip->card != NULL
      && make_second_try_possible (chip, was_connected, local))
    {
      g_clear_error (&local);
      (void) open_channel (chip, aids, cancellable, &local);
    }
  if (chip->channel == NULL && chip->card != NULL)
    open_basic (chip, aids, cancellable, &local);
  if (chip->channel == NULL)
    {
      g_clear_object (&chip->card);
      g_propagate_error (error, g_steal_pointer (&local));
    }
  return chip->channel;
}

static GPtrArray *
list_of_one (GBytes *aid)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (list, g_bytes_ref (aid));
  return list;
}

LpadChip *
lpad_chip_new (const LpadChipConfig *config)
{
  LpadChip *chip;

  g_return_val_if_fail (config != NULL && config->connect != NULL && config->aids != NULL, NULL);

  chip = g_new0 (LpadChip, 1);
  chip->config = *config;
  chip->config.aids = g_ptr_array_ref (config->aids);
  lpad_device_copy (&chip->config.device, &config->device);
  lpad_device_copy (&chip->config.modem, &config->modem);
  chip->silent_servers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  chip->revocations = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  chip->segment_size.octets = config->segment_size > 0 ? config->segment_size : LPAD_SEGMENT_SIZE_MAX;
  return chip;
}

void
lpad_chip_free (LpadChip *chip)
{
  if (chip == NULL)
    return;
  lpad_chip_close (chip);
  g_hash_table_unref (chip->silent_servers);
  g_hash_table_unref (chip->revocations);
  g_ptr_array_unref (chip->config.aids);
  g_clear_pointer (&chip->found, g_ptr_array_unref);
  lpad_device_clear (&chip->config.device);
  lpad_device_clear (&chip->config.modem);
  if (chip->config.connect_data_free != NULL)
    chip->config.connect_data_free (chip->config.connect_data);
  g_free (chip);
}

const LpadChipConfig *
lpad_chip_config (LpadChip *chip)
{
  return &chip->config;
}

GHashTable *
lpad_chip_revocations (LpadChip *chip)
{
  return chip->revocations;
}

GHashTable *
lpad_chip_silent_servers (LpadChip *chip)
{
  return chip->silent_servers;
}

guint
lpad_chip_segment_size (LpadChip *chip)
{
  return chip->segment_size.octets;
}

LpadLadderMemory *
lpad_chip_ladder (LpadChip *chip)
{
  return &chip->ladder;
}

LpadChannel *
lpad_chip_open (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  if (!lpad_check_cancelled (cancellable, error))
    return NULL;
  if (chip->channel != NULL && lpad_channel_is_usable (chip->channel))
    return chip->channel;
  g_clear_pointer (&chip->channel, lpad_channel_close);

  if (open_among (chip, chip->found != NULL ? chip->found : chip->config.aids, cancellable, error) == NULL)
    return NULL;
  if (chip->found == NULL)
    chip->found = list_of_one (lpad_channel_aid (chip->channel));
  return chip->channel;
}

LpadChannel *
lpad_chip_open_other (LpadChip *chip, GPtrArray *aids, GCancellable *cancellable, GError **error)
{
  if (!lpad_check_cancelled (cancellable, error))
    return NULL;
  g_clear_pointer (&chip->channel, lpad_channel_close);
  return open_among (chip, aids, cancellable, error);
}

GBytes *
lpad_chip_aid (LpadChip *chip)
{
  return chip->found != NULL ? g_ptr_array_index (chip->found, 0) : NULL;
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
