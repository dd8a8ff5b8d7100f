/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "readers.h"

#include <string.h>

#include "error-details.h"
#include "euicc.h"
#include "hotplug.h"
#include "interruption.h"

#define PROBE_TRIES  4    /* of a card that another program holds, or that does not answer well */
#define RETRY_TIME   2    /* seconds */
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
  LpadWorker *worker; /* while the card is looked at */
  guint probe;        /* counts looks: an answer to an earlier one is stale */
  guint tries;
  guint retry_timer;
  LpadEuicc *euicc;
} Reader;

typedef struct
{
  LpadJob job;
  LpadReaders *owner;
  LpadJournal *journal;
  char *name;
  guint probe;
} ProbeJob;

/* What the worker needs to reach its card; belongs to the worker. */
typedef struct
{
  char *reader;
  guint timeout_ms;
} CardAddress;

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
      if (reader->euicc != NULL)
        g_variant_dict_insert (&dict, "euicc", "o", lpad_euicc_path (reader->euicc));
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
      if (((const Reader *) value)->worker != NULL)
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
  reader->probe++;
  if (reader->retry_timer != 0)
    g_source_remove (reader->retry_timer);
  reader->retry_timer = 0;
  if (reader->worker != NULL)
    lpad_worker_stop (g_steal_pointer (&reader->worker), reason);
  if (reader->euicc != NULL)
    lpad_euicc_remove (reader->euicc, reason);
  g_clear_object (&reader->euicc);
  set_reader_state (reader, "empty", NULL);
}

static void
reader_free (gpointer data)
{
  Reader *reader = data;

  drop_card (reader, reader->owner->core->stopping ? LPAD_ERROR_CANCELLED : LPAD_ERROR_CARD_REMOVED);
  g_free (reader->name);
  g_free (reader->message);
  g_free (reader);
}

static LpadCard *
connect_card (gpointer user_data, GCancellable *cancellable, GError **error)
{
  CardAddress *address = user_data;

  return lpad_card_pcsc_connect (address->reader, address->timeout_ms, cancellable, error);
}

static void
card_address_free (gpointer data)
{
  CardAddress *address = data;

  g_free (address->reader);
  g_free (address);
}

static void
on_worker_ended (gpointer user_data)
{
  LpadCore *core = user_data;

  core->workers--;
  if (core->stopping)
    core->on_step (core->on_step_data);
}

static LpadWorker *
start_worker (Reader *reader)
{
  LpadCore *core = reader->owner->core;
  const LpadConfig *config = core->config;
  guint known_size = lpad_store_get_segment_size (core->store, reader->name);
  guint configured_size = lpad_config_segment_size (config, reader->name);
  CardAddress *address = g_new0 (CardAddress, 1);
  LpadChipConfig chip = {
    .connect = connect_card,
    .connect_data = address,
    .connect_data_free = card_address_free,
    .aids = config->isdr_aids,
    .segment_size = known_size != 0 ? MIN (known_size, configured_size) : configured_size,
    .refresh = lpad_config_refresh (config, reader->name),
    .identifier = lpad_config_identifier (config, reader->name),
    .settle_timeout_ms = config->refresh_timeout_ms,
    .imei = config->imei,
  };

  memcpy (chip.releases, config->releases, sizeof chip.releases);
  address->reader = g_strdup (reader->name);
  address->timeout_ms = config->apdu_timeout_ms;
  core->workers++;
  return lpad_worker_start (NULL, &chip, &core->context, on_worker_ended, core);
}

static void
clear_probe (LpadJob *job)
{
  g_free (((ProbeJob *) job)->name);
}

static void
run_probe (LpadJob *job, LpadWorkbench *bench)
{
  ProbeJob *self = (ProbeJob *) job;

  lpad_job_set_inventory (job, bench, lpad_inventory_read (bench->chip, job->cancellable, &job->error));
  if (job->inventory != NULL)
    job->interrupted = lpad_interruption_look (self->journal, bench->chip, job->inventory);
}

static gboolean
may_pass (const GError *error)
{
  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_BUSY)
         || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR)
         || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

static void
conclude_failed_probe (Reader *reader, const GError *error)
{
  lpad_worker_stop (g_steal_pointer (&reader->worker), LPAD_ERROR_CANCELLED);
  if (g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND))
    {
      set_reader_state (reader, "not-euicc", error->message);
      return;
    }
  set_reader_state (reader, "error", error->message);
  if (may_pass (error) && ++reader->tries < PROBE_TRIES)
    reader->retry_timer = g_timeout_add_seconds (RETRY_TIME, on_retry, reader);
}

static void
on_probed (LpadJob *job)
{
  ProbeJob *self = (ProbeJob *) job;
  LpadReaders *readers = self->owner;
  LpadCore *core = readers->core;
  Reader *reader = readers->readers != NULL ? g_hash_table_lookup (readers->readers, self->name) : NULL;

  if (job->segment_size != 0)
    lpad_store_set_segment_size (core->store, self->name, job->segment_size);
  if (reader == NULL || reader->probe != self->probe)
    return;
  if (job->error != NULL)
    conclude_failed_probe (reader, job->error);
  else
    {
      reader->euicc = lpad_euicc_new (core,
                                      reader->name,
                                      g_steal_pointer (&reader->worker),
                                      job->inventory,
                                      g_steal_pointer (&job->interrupted));
      set_reader_state (reader, "euicc", NULL);
    }
  publish (readers);
  check_settled (readers);
}

static void
start_probe (Reader *reader)
{
  ProbeJob *job = g_new0 (ProbeJob, 1);

  reader->worker = start_worker (reader);
  set_reader_state (reader, "reading", NULL);
  job->job.run = run_probe;
  job->job.done = on_probed;
  job->job.clear = clear_probe;
  job->owner = reader->owner;
  job->journal = reader->owner->core->journal;
  job->name = g_strdup (reader->name);
  job->probe = ++reader->probe;
  lpad_worker_push (reader->worker, &job->job);
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

      if (!reader->present || reader->worker != NULL || reader->euicc != NULL)
        continue;
      drop_card (reader, LPAD_ERROR_CANCELLED);
      reader->tries = 0;
      start_probe (reader);
    }
  publish (readers);
}
