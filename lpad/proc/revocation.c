/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "revocation.h"

#include "error-details.h"

#define FRESHER_LOADED 5 /* LoadCRLResponseError: the chip has a newer one already */

/* Whether this answer would be the same the next time. */
static gboolean
is_final (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS)
         || (details != NULL && (details->result >= 0 || details->status_word != 0));
}

static gboolean
has_fresher (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL && details->result == FRESHER_LOADED;
}

/* Returns: FALSE when the chip has not answered */
static gboolean
load_one (LpadChannel *channel, const LpadEuiccInfo *info, GBytes *list)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) parts = lpad_es10b_load_crl (channel, info, list, &error);

  if (parts != NULL && parts->len > 0)
    g_info ("The chip has a part of a list of revoked certificates; %u are not there yet.", parts->len);
  if (parts != NULL || has_fresher (error))
    return TRUE;
  g_warning ("The chip does not take a list of revoked certificates: %s.", error->message);
  return is_final (error);
}

void
lpad_revocation_load (LpadChip *chip,
                      const LpadContext *context,
                      const LpadEuiccInfo *info,
                      GCancellable *cancellable)
{
  GHashTable *loaded = lpad_chip_revocations (chip);
  g_autoptr (LpadTrust) trust = NULL;
  g_autoptr (GPtrArray) lists = NULL;

  if ((info->rsp_capability & LPAD_RSP_CRL) == 0)
    return;
  trust = lpad_trust_slot_get (context->trust);
  lists = lpad_trust_revocation_lists (trust, info->verification);
  for (guint i = 0; i < lists->len; i++)
    {
      GBytes *list = lists->pdata[i];
      g_autofree char *name = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, list);
      LpadChannel *channel;

      if (g_hash_table_contains (loaded, name))
        continue;
      channel = lpad_chip_open (chip, cancellable, NULL);
      if (channel == NULL || g_cancellable_is_cancelled (cancellable) || !load_one (channel, info, list))
        return;
      g_hash_table_add (loaded, g_steal_pointer (&name));
    }
}
