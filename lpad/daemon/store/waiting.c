/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "waiting.h"

#include <string.h>

#include "address.h"

#define ID_DIGITS   8
#define ENTRIES_MAX 64

typedef struct
{
  char *id;
  LpadWaitingProfile *profile;
} Entry;

struct _LpadWaitingList
{
  LpadStore *store;
  char *eid;
  GPtrArray *entries; /* Entry */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->id);
  lpad_waiting_profile_free (entry->profile);
  g_free (entry);
}

static GPtrArray *
entries_new (void)
{
  return g_ptr_array_new_with_free_func (entry_free);
}

static void
add_entry (GPtrArray *entries, const char *id, const LpadWaitingProfile *profile)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->id = g_strdup (id);
  entry->profile = lpad_waiting_profile_new (profile->event_id, profile->smdp_address, profile->smds_address);
  g_ptr_array_add (entries, entry);
}

static char *
read_address (const char *text)
{
  return lpad_address_normalise (text, strlen (text), NULL);
}

/* "ID SM-DP+ SM-DS" */
static void
load_entry (GPtrArray *entries, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  LpadWaitingProfile profile = { 0 };

  if (g_strv_length (words) != 3 || strlen (words[0]) != ID_DIGITS || entries->len >= ENTRIES_MAX)
    return;
  profile.smdp_address = read_address (words[1]);
  profile.smds_address = read_address (words[2]);
  if (profile.smdp_address != NULL && profile.smds_address != NULL)
    add_entry (entries, words[0], &profile);
  g_free (profile.smdp_address);
  g_free (profile.smds_address);
}

static void
save (LpadWaitingList *list)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;

  for (guint i = 0; i < list->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (list->entries, i);
      g_autofree char *text
          = g_strjoin (" ", entry->id, entry->profile->smdp_address, entry->profile->smds_address, NULL);

      g_strv_builder_add (builder, text);
    }
  texts = g_strv_builder_end (builder);
  lpad_store_set_waiting (list->store, list->eid, (const char *const *) texts);
  lpad_store_save (list->store);
}

static Entry *
find_entry (GPtrArray *entries, const char *id)
{
  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (entries, i);

      if (g_str_equal (entry->id, id))
        return entry;
    }
  return NULL;
}

static gboolean
has_answered (const LpadDiscovery *discovery, const char *address)
{
  for (guint i = 0; i < discovery->answered->len; i++)
    if (lpad_address_equal (g_ptr_array_index (discovery->answered, i), address))
      return TRUE;
  return FALSE;
}

LpadWaitingList *
lpad_waiting_list_new (LpadStore *store, const char *eid)
{
  LpadWaitingList *list = g_new0 (LpadWaitingList, 1);
  g_auto (GStrv) texts = lpad_store_get_waiting (store, eid);

  list->store = store;
  list->eid = g_strdup (eid);
  list->entries = entries_new ();
  for (gsize i = 0; texts[i] != NULL; i++)
    load_entry (list->entries, texts[i]);
  return list;
}

void
lpad_waiting_list_free (LpadWaitingList *list)
{
  if (list == NULL)
    return;
  g_ptr_array_unref (list->entries);
  g_free (list->eid);
  g_free (list);
}

void
lpad_waiting_list_take (LpadWaitingList *list, const LpadDiscovery *discovery)
{
  g_autoptr (GPtrArray) before = g_steal_pointer (&list->entries);

  list->entries = entries_new ();
  for (guint i = 0; i < discovery->profiles->len && list->entries->len < ENTRIES_MAX; i++)
    {
      const LpadWaitingProfile *profile = g_ptr_array_index (discovery->profiles, i);
      g_autofree char *id = lpad_waiting_profile_id (profile);

      if (find_entry (list->entries, id) == NULL)
        add_entry (list->entries, id, profile);
    }
  for (guint i = 0; i < before->len && list->entries->len < ENTRIES_MAX; i++)
    {
      const Entry *entry = g_ptr_array_index (before, i);

      if (!has_answered (discovery, entry->profile->smds_address)
          && find_entry (list->entries, entry->id) == NULL)
        add_entry (list->entries, entry->id, entry->profile);
    }
  save (list);
}

const LpadWaitingProfile *
lpad_waiting_list_find (LpadWaitingList *list, const char *id)
{
  const Entry *entry = find_entry (list->entries, id);

  return entry != NULL ? entry->profile : NULL;
}

gboolean
lpad_waiting_list_remove (LpadWaitingList *list, const char *id)
{
  if (!g_ptr_array_remove (list->entries, find_entry (list->entries, id)))
    return FALSE;
  save (list);
  return TRUE;
}

GVariant *
lpad_waiting_list_to_variant (LpadWaitingList *list)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < list->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (list->entries, i);

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&builder, "{sv}", "id", g_variant_new_string (entry->id));
      g_variant_builder_add (
          &builder, "{sv}", "smdp-address", g_variant_new_string (entry->profile->smdp_address));
      g_variant_builder_add (
          &builder, "{sv}", "smds-address", g_variant_new_string (entry->profile->smds_address));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}
