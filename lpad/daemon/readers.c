/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "readers.h"

#include <string.h>

#include "error-details.h"
#include "euicc.h"
#include "hotplug.h"
#include "probe.h"
#include "turns.h"

#define PROBE_TRIES  4    /* of a card that does not answer well */
#define RETRY_TIME   2    /* seconds until a card is looked at again */
#define BUSY_TIME    15   /* the same, of one that another program has kept to itself for long */
#define HOTPLUG_TIME 2000 /* ms that its thread may take to end */

struct _LpadReaders
{
  LpadCore *core;
  LpadBusManager *manager;
  LpadHotplug *hotplug;
  GHashTable *readers; /* name -> Reader */
  gboolean listed;     /* the first list of readers has come */
  GSourceOnceFunc settled;
  gpointer user_data;
};

typedef struct
{
  LpadReaders *owner;
  char *name;
  gboolean present;
  guint32 events;
  const char *state; /* Manager.Readers */
  char *message;
  LpadProbe *probe; /* while the card is looked at */
  guint tries;
  guint retry_timer;
  GPtrArray *euiccs; /* LpadEuicc */
} Reader;

static void start_probe (Reader *reader);

static void
set_reader_state (Reader *reader, const char *state, const char *message)
{
  reader->state = state;
  g_free (reader->message);
  reader->message = g_strdup (message);
}

static int
compare_readers (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(const Reader *const *) a)->name, (*(const Reader *const *) b)->name);
}

static GVariant *
euicc_paths (const Reader *reader)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ao"));
  for (guint i = 0; i < reader->euiccs->len; i++)
    g_variant_builder_add (&builder, "o", lpad_euicc_path (g_ptr_array_index (reader->euiccs, i)));
  return g_variant_builder_end (&builder);
}

static void
publish (LpadReaders *readers)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, readers->readers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (sorted, value);
  g_ptr_array_sort (sorted, compare_readers);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < sorted->len; i++)
    {
      const Reader *reader = g_ptr_array_index (sorted, i);
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "name", "s", reader->name);
      g_variant_dict_insert (&dict, "state", "s", reader->state);
      g_variant_dict_insert (&dict, "message", "s", reader->message != NULL ? reader->message : "");
      g_variant_dict_insert_value (&dict, "euiccs", euicc_paths (reader));
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  lpad_bus_manager_set_readers (readers->manager, g_variant_builder_end (&builder));
}

static void
check_settled (LpadReaders *readers)
{
  GSourceOnceFunc settled = readers->settled;
  GHashTableIter iter;
  gpointer value;

  if (!readers->listed || settled == NULL)
    return;
  g_hash_table_iter_init (&iter, readers->readers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      if (((const Reader *) value)->probe != NULL)
        return;
    }
  readers->settled = NULL;
  settled (readers->user_data);
}

static gboolean
on_retry (gpointer user_data)
{
  Reader *reader = user_data;

  reader->retry_timer = 0;
  start_probe (reader);
  publish (reader->owner);
  return G_SOURCE_REMOVE;
}

/* Forgets the card of @reader: it has left, or is to be looked at anew. */
static void
drop_card (Reader *reader, LpadError reason)
{
  if (reader->retry_timer != 0)
    g_source_remove (reader->retry_timer);
  reader->retry_timer = 0;
  if (reader->probe != NULL)
    lpad_probe_cancel (g_steal_pointer (&reader->probe), reason);
  for (guint i = 0; i < reader->euiccs->len; i++)
    lpad_euicc_remove (g_ptr_array_index (reader->euiccs, i), reason);
  g_ptr_array_set_size (reader->euiccs, 0);
  set_reader_state (reader, "empty", NULL);
}

static void
reader_free (gpointer data)
{
  Reader *reader = data;

  drop_card (reader, reader->owner->core->stopping ? LPAD_ERROR_CANCELLED : LPAD_ERROR_CARD_REMOVED);
  g_ptr_array_unref (reader->euiccs);
  g_free (reader->name);
  g_free (reader->message);
  g_free (reader);
}

/* Whether a card that failed with @error is looked at again, and after how many seconds. Whoever has the card
 * to himself gives it back some time; of other troubles it is soon known whether they pass. */
static gboolean
next_try (Reader *reader, const GError *error, guint *delay)
{
  gboolean busy = g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_BUSY);

  if (!busy && !g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR)
      && !g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED))
    return FALSE;
  reader->tries++;
  *delay = reader->tries < PROBE_TRIES ? RETRY_TIME : BUSY_TIME;
  return busy || reader->tries < PROBE_TRIES;
}

static void
conclude_failed_probe (Reader *reader, const GError *error)
{
  guint delay;

  if (g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND))
    {
      set_reader_state (reader, "not-euicc", error->message);
      return;
    }
  set_reader_state (reader, "error", error->message);
  if (next_try (reader, error, &delay))
    reader->retry_timer = g_timeout_add_seconds (delay, on_retry, reader);
}

static void
add_euiccs (Reader *reader, GPtrArray *chips)
{
  g_autoptr (LpadTurns) turns = lpad_turns_new ();

  for (guint i = 0; i < chips->len; i++)
    {
      LpadProbeChip *chip = g_ptr_array_index (chips, i);
      LpadWorker *worker = g_steal_pointer (&chip->worker);

      g_ptr_array_add (reader->euiccs,
                       lpad_euicc_new (reader->owner->core,
                                       reader->name,
                                       chip->aid,
                                       turns,
                                       worker,
                                       chip->inventory,
                                       g_steal_pointer (&chip->interrupted)));
    }
}

static void
on_probed (GPtrArray *chips, const GError *error, gpointer user_data)
{
  Reader *reader = user_data;
  LpadReaders *readers = reader->owner;

  reader->probe = NULL;
  if (chips->len == 0)
    conclude_failed_probe (reader, error);
  else
    {
      add_euiccs (reader, chips);
      set_reader_state (reader, "euicc", error != NULL ? error->message : NULL);
    }
  publish (readers);
  check_settled (readers);
}

static void
start_probe (Reader *reader)
{
  set_reader_state (reader, "reading", NULL);
  reader->probe = lpad_probe_start (reader->owner->core, reader->name, on_probed, reader);
}

static void
update_reader (LpadReaders *readers, const LpadPcscReader *now)
{
  Reader *reader = g_hash_table_lookup (readers->readers, now->name);

  if (reader == NULL)
    {
      reader = g_new0 (Reader, 1);
      reader->owner = readers;
      reader->name = g_strdup (now->name);
      reader->euiccs = g_ptr_array_new_with_free_func (g_object_unref);
      set_reader_state (reader, "empty", NULL);
      g_hash_table_insert (readers->readers, reader->name, reader);
    }
  else if (reader->present == now->present && (!now->present || reader->events == now->events))
    return;
  drop_card (reader, LPAD_ERROR_CARD_REMOVED);
  reader->present = now->present;
  reader->events = now->events;
  reader->tries = 0;
  if (reader->present)
    start_probe (reader);
}

static gboolean
is_listed (GPtrArray *list, const char *name)
{
  for (guint i = 0; i < list->len; i++)
    {
      if (g_str_equal (((const LpadPcscReader *) g_ptr_array_index (list, i))->name, name))
        return TRUE;
    }
  return FALSE;
}

static void
on_hotplug (GPtrArray *list, gpointer user_data)
{
  LpadReaders *readers = user_data;
  GHashTableIter iter;
  gpointer name;

  if (readers->readers == NULL)
    return;

  g_hash_table_iter_init (&iter, readers->readers);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (!is_listed (list, name))
        g_hash_table_iter_remove (&iter);
    }
  for (guint i = 0; i < list->len; i++)
    update_reader (readers, g_ptr_array_index (list, i));
  readers->listed = TRUE;
  publish (readers);
  check_settled (readers);
}

LpadReaders *
lpad_readers_new (LpadCore *core, LpadBusManager *manager, GSourceOnceFunc settled, gpointer user_data)
{
  LpadReaders *readers = g_new0 (LpadReaders, 1);

  readers->core = core;
  readers->manager = manager;
  readers->settled = settled;
  readers->user_data = user_data;
  readers->readers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, reader_free);
  publish (readers);
  readers->hotplug = lpad_hotplug_start (on_hotplug, readers);
  return readers;
}

void
lpad_readers_stop (LpadReaders *readers)
{
  g_clear_pointer (&readers->readers, g_hash_table_unref);
  if (readers->hotplug != NULL)
    lpad_hotplug_stop (g_steal_pointer (&readers->hotplug), HOTPLUG_TIME);
}

void
lpad_readers_free (LpadReaders *readers)
{
  lpad_readers_stop (readers);
  g_free (readers);
}

void
lpad_readers_rescan (LpadReaders *readers)
{
  GHashTableIter iter;
  gpointer value;

  if (readers->readers == NULL)
    return;
  g_hash_table_iter_init (&iter, readers->readers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Reader *reader = value;

      if (!reader->present || reader->probe != NULL || reader->euiccs->len > 0)
        continue;
      drop_card (reader, LPAD_ERROR_CANCELLED);
      reader->tries = 0;
      start_probe (reader);
    }
  publish (readers);
}
