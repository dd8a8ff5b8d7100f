/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load.h"

#include "error-details.h"

/* Whether the chip still talks: it answered, though with a status word or a body that nobody expected. */
static gboolean
chip_answered (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return (details != NULL && details->status_word != 0)
         || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

/* All segments, in order, on one channel: a chip forgets the package when the channel changes. */
static gboolean
send_segments (LpadChannel *channel,
               const LpadBpp *bpp,
               const LpadProgress *progress,
               LpadInstallationResult **result,
               GError **error)
{
  guint64 done = 0;

  for (guint i = 0; i < lpad_bpp_n_segments (bpp); i++)
    {
      const LpadBppSegment *segment = lpad_bpp_segment (bpp, i);

      if (!lpad_es10b_load_bpp_segment (channel, segment->data, segment->size, result, error))
        {
          lpad_error_wrap (error, "The chip did not take the part %s of the profile", segment->what);
          return FALSE;
        }
      if (*result != NULL)
        return TRUE;
      done += segment->size;
      lpad_progress_report (progress, "installing", done, lpad_bpp_size (bpp));
    }
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_PROTOCOL_ERROR,
                       "The chip took the whole profile and did not say whether it is installed");
  return FALSE;
}

static gboolean
is_of_transaction (const LpadInstallationResult *result, const guint8 *wanted, gsize wanted_size)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (result->transaction_id, &size);

  return size == wanted_size && memcmp (data, wanted, size) == 0;
}

static LpadInstallationResult *
retrieve_result (LpadChannel *channel, guint64 sequence_number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) raw = lpad_es10b_retrieve_notification (channel, sequence_number, &error);
  LpadInstallationResult *result;

  if (raw == NULL)
    {
      g_debug ("A pending notification cannot be retrieved: %s", error->message);
      return NULL;
    }
  /* The notification of the event "install" to another recipient is no ProfileInstallationResult */
  result = lpad_installation_result_parse (raw, &error);
  if (result == NULL)
    g_debug ("A pending notification is no installation result: %s", error->message);
  return result;
}

/* What is pending, and the channel that says so. A chip that was reset on the way does not know the old
 * channel any more: then it is asked on a new one. */
static GPtrArray *
list_pending (LpadChip *chip, LpadChannel **channel, GError **error)
{
  g_autoptr (GError) local = NULL;
  GPtrArray *pending = NULL;

  *channel = lpad_chip_open (chip, NULL, &local);
  if (*channel != NULL)
    pending = lpad_es10b_list_notifications (*channel, &local);
  if (pending == NULL && *channel != NULL && !lpad_channel_is_usable (*channel))
    {
      g_clear_error (&local);
      *channel = lpad_chip_open (chip, NULL, &local);
      if (*channel != NULL)
        pending = lpad_es10b_list_notifications (*channel, &local);
    }
  if (pending == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return pending;
}

LpadInstallationResult *
lpad_load_find_result (LpadChip *chip,
                       const guint8 *transaction_id,
                       gsize transaction_id_size,
                       gboolean *listed)
{
  g_autoptr (GError) error = NULL;
  LpadChannel *channel;
  g_autoptr (GPtrArray) pending = list_pending (chip, &channel, &error);

  *listed = pending != NULL;
  if (pending == NULL)
    {
      g_debug ("The chip's notifications cannot be read: %s", error->message);
      return NULL;
    }
  for (guint i = pending->len; i > 0; i--)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (pending, i - 1);
      g_autoptr (LpadInstallationResult) result = NULL;

      if ((info->event & LPAD_EVENT_INSTALL) == 0)
        continue;
      result = retrieve_result (channel, info->sequence_number);
      if (result != NULL && is_of_transaction (result, transaction_id, transaction_id_size))
        return g_steal_pointer (&result);
    }
  return NULL;
}

LpadLoad
lpad_load_bpp (LpadChip *chip,
               const LpadBpp *bpp,
               const LpadProgress *progress,
               LpadInstallationResult **result,
               GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GError) reset_error = NULL;
  g_autoptr (LpadInstallationResult) found = NULL;
  gsize id_size;
  const guint8 *id = lpad_bpp_transaction_id (bpp, &id_size);
  LpadChannel *channel = lpad_chip_open (chip, NULL, error);
  gboolean answered, listed;

  if (channel == NULL)
    return LPAD_LOAD_LOST;
  lpad_progress_report (progress, "installing", 0, lpad_bpp_size (bpp));
  if (send_segments (channel, bpp, progress, &found, &local) && !is_of_transaction (found, id, id_size))
    {
      g_clear_pointer (&found, lpad_installation_result_free);
      g_set_error_literal (&local,
                           LPAD_ERROR,
                           LPAD_ERROR_PROTOCOL_ERROR,
                           "The chip answered with the result of another download");
    }
  if (found == NULL)
    {
      answered = chip_answered (local);
      if (!answered && !lpad_chip_reset (chip, NULL, &reset_error))
        g_debug ("The chip cannot be reset: %s", reset_error->message);
      found = lpad_load_find_result (chip, id, id_size, &listed);
      if (found == NULL)
        {
          if (!answered && listed && lpad_error_details (local) != NULL)
            lpad_error_details (local)->order = LPAD_ORDER_USABLE;
          g_propagate_error (error, g_steal_pointer (&local));
          return answered ? LPAD_LOAD_REFUSED : LPAD_LOAD_LOST;
        }
    }
  *result = g_steal_pointer (&found);
  return LPAD_LOAD_RESULT;
}
