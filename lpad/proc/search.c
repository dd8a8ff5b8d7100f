/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include "error-details.h"
#include "es10c.h"

/* Takes the applications up to and including @aid from the front of @left. */
static void
skip_to (GPtrArray *left, GBytes *aid)
{
  gboolean found = FALSE;

  while (!found && left->len > 0)
    {
      found = g_bytes_equal (left->pdata[0], aid);
      g_ptr_array_remove_index (left, 0);
    }
}

/* Those behind the chip's own application: the ones before it are not there. */
static GPtrArray *
list_candidates (LpadChip *chip)
{
  GPtrArray *left
      = g_ptr_array_copy (lpad_chip_config (chip)->aids, (GCopyFunc) (gpointer) g_bytes_ref, NULL);

  g_ptr_array_set_free_func (left, (GDestroyNotify) g_bytes_unref);
  skip_to (left, lpad_chip_aid (chip));
  return left;
}

/* Adds the application on @channel to @others when its EID is a new one. FALSE when the card failed. */
static gboolean
look_at (LpadChannel *channel, GPtrArray *eids, GPtrArray *others, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *eid = lpad_es10c_get_eid (channel, &local);

  if (eid == NULL && !lpad_channel_is_usable (channel))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (eid == NULL || g_ptr_array_find_with_equal_func (eids, eid, g_str_equal, NULL))
    return TRUE;
  g_ptr_array_add (eids, g_steal_pointer (&eid));
  g_ptr_array_add (others, g_bytes_ref (lpad_channel_aid (channel)));
  return TRUE;
}

GPtrArray *
lpad_search_others (LpadChip *chip, const char *eid, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GPtrArray) eids = g_ptr_array_new_with_free_func (g_free);

  g_return_val_if_fail (lpad_chip_aid (chip) != NULL, NULL);

  g_autoptr (GPtrArray) left = list_candidates (chip);
  g_ptr_array_add (eids, g_strdup (eid));
  while (left->len > 0)
    {
      g_autoptr (GError) local = NULL;
      LpadChannel *channel = lpad_chip_open_other (chip, left, cancellable, &local);

      if (channel == NULL && lpad_error_details (local)->status_word == 0
          && !g_error_matches (local, LPAD_ERROR, LPAD_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      if (channel == NULL)
        break; /* the card has answered: none of those that are left can be used */
      if (!look_at (channel, eids, others, error))
        return NULL;
      skip_to (left, lpad_channel_aid (channel));
    }
  lpad_chip_pause (chip);
  return g_steal_pointer (&others);
}
