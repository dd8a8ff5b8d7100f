/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <string.h>

#include "error-details.h"
#include "interruption.h"
#include "search.h"

struct _LpadProbe
{
  guint references; /* of whoever started it, and of its jobs */
  LpadCore *core;
  LpadPlace *place;
  LpadProbeFunc done;
  gpointer user_data;
  gboolean over;      /* cancelled, or done */
  GPtrArray *chips;   /* LpadProbeChip: those that have been read */
  GPtrArray *left;    /* GBytes: applications that are still to be read */
  LpadWorker *worker; /* of the one that is being read */
  GError *problem;    /* a further chip that cannot be read */
};

typedef struct
{
  LpadJob job;
  LpadProbe *probe;
  LpadJournal *journal;
  GBytes *aid; /* (out) */
} ReadJob;

typedef struct
{
  LpadJob job;
  LpadProbe *probe;
  char *eid;
  GPtrArray *others; /* (out) */
} SearchJob;

static LpadProbe *
probe_ref (LpadProbe *probe)
{
  probe->references++;
  return probe;
}

static void
probe_unref (LpadProbe *probe)
{
  if (--probe->references > 0)
    return;
  g_ptr_array_unref (probe->chips);
  g_ptr_array_unref (probe->left);
  g_clear_error (&probe->problem);
  lpad_place_unref (probe->place);
  g_free (probe);
}

static void
probe_chip_free (gpointer data)
{
  LpadProbeChip *chip = data;

  if (chip->worker != NULL)
    lpad_worker_stop (chip->worker, LPAD_ERROR_CANCELLED);
  g_bytes_unref (chip->aid);
  lpad_inventory_unref (chip->inventory);
  g_clear_pointer (&chip->interrupted, g_ptr_array_unref);
  g_free (chip);
}

static void
on_worker_ended (gpointer user_data)
{
  LpadCore *core = user_data;

  core->workers--;
  if (core->stopping)
    core->on_step (core->on_step_data);
}

/* Of several limits, 0: none */
static guint
smallest (guint a, guint b, guint c)
{
  a = a == 0 || (b != 0 && b < a) ? b : a;
  return a == 0 || (c != 0 && c < a) ? c : a;
}

static LpadWorker *
start_worker (LpadProbe *probe, GPtrArray *aids)
{
  LpadProbeChip *first = probe->chips->len > 0 ? g_ptr_array_index (probe->chips, 0) : NULL;
  LpadCore *core = probe->core;
  const LpadConfig *config = core->config;
  LpadPlace *place = probe->place;
  guint known_size = lpad_store_get_segment_size (core->store, place->name);
  guint configured_size = lpad_config_segment_size (config, place->name);
  LpadChipConfig chip = {
    .connect = lpad_place_connect,
    .connect_data = lpad_place_ref (place),
    .connect_data_free = (GDestroyNotify) lpad_place_unref,
    .aids = aids,
    .segment_size = smallest (known_size, configured_size, place->segment_size),
    .refresh = lpad_config_refresh (config, place->name),
    .identifier = lpad_config_identifier (config, place->name),
    .settle_timeout_ms = config->refresh_timeout_ms,
    .device = config->device,
    .modem = place->modem,
  };

  core->workers++;
  return lpad_worker_start (
      first != NULL ? first->worker : NULL, &chip, &core->context, on_worker_ended, core);
}

static void
run_read (LpadJob *job, LpadWorkbench *bench)
{
  ReadJob *self = (ReadJob *) job;

  lpad_job_set_inventory (job, bench, lpad_inventory_read (bench->chip, job->cancellable, &job->error));
  if (job->inventory == NULL)
    return;
  self->aid = g_bytes_ref (lpad_chip_aid (bench->chip));
  job->interrupted = lpad_interruption_look (self->journal, bench->chip, job->inventory);
}

static void
clear_read (LpadJob *job)
{
  ReadJob *self = (ReadJob *) job;

  g_clear_pointer (&self->aid, g_bytes_unref);
  probe_unref (self->probe);
}

static void
run_search (LpadJob *job, LpadWorkbench *bench)
{
  SearchJob *self = (SearchJob *) job;

  self->others = lpad_search_others (bench->chip, self->eid, job->cancellable, &job->error);
}

static void
clear_search (LpadJob *job)
{
  SearchJob *self = (SearchJob *) job;

  g_clear_pointer (&self->others, g_ptr_array_unref);
  g_free (self->eid);
  probe_unref (self->probe);
}

static void
finish (LpadProbe *probe, const GError *error)
{
  probe->over = TRUE;
  probe->done (probe->chips, error, probe->user_data);
  g_ptr_array_set_size (probe->chips, 0);
  probe_unref (probe);
}

static void on_read (LpadJob *job);

static void
read_chip (LpadProbe *probe, GPtrArray *aids)
{
  ReadJob *job = g_new0 (ReadJob, 1);

  probe->worker = start_worker (probe, aids);
  job->job.run = run_read;
  job->job.done = on_read;
  job->job.clear = clear_read;
  job->probe = probe_ref (probe);
  job->journal = probe->core->journal;
  lpad_worker_push (probe->worker, &job->job);
}

static void
read_next (LpadProbe *probe)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  if (probe->left->len == 0)
    {
      finish (probe, probe->problem);
      return;
    }
  g_ptr_array_add (aids, g_ptr_array_steal_index (probe->left, 0));
  read_chip (probe, aids);
}

static void
on_searched (LpadJob *job)
{
  SearchJob *self = (SearchJob *) job;
  LpadProbe *probe = self->probe;

  if (probe->over)
    return;
  if (self->others != NULL)
    {
      lpad_store_set_others (probe->core->store, self->eid, probe->core->config->isdr_aids, self->others);
      lpad_store_save (probe->core->store);
      g_ptr_array_extend_and_steal (probe->left, g_steal_pointer (&self->others));
    }
  else
    g_message ("Whether the card has a further eUICC is not known: %s", job->error->message);
  read_next (probe);
}

/* Finds out what else is on the card: from memory, or by a search. */
static void
look_for_others (LpadProbe *probe, const LpadProbeChip *first)
{
  const char *eid = first->inventory->eid;
  GPtrArray *known = lpad_store_get_others (probe->core->store, eid, probe->core->config->isdr_aids);
  SearchJob *job;

  if (known != NULL)
    {
      g_ptr_array_extend_and_steal (probe->left, known);
      read_next (probe);
      return;
    }
  job = g_new0 (SearchJob, 1);
  job->job.run = run_search;
  job->job.done = on_searched;
  job->job.clear = clear_search;
  job->probe = probe_ref (probe);
  job->eid = g_strdup (eid);
  lpad_worker_push (first->worker, &job->job);
}

static gboolean
is_known (LpadProbe *probe, const char *eid)
{
  for (guint i = 0; i < probe->chips->len; i++)
    {
      const LpadProbeChip *chip = g_ptr_array_index (probe->chips, i);

      if (g_str_equal (chip->inventory->eid, eid))
        return TRUE;
    }
  return FALSE;
}

static void
on_read (LpadJob *job)
{
  ReadJob *self = (ReadJob *) job;
  LpadProbe *probe = self->probe;
  LpadProbeChip *chip;

  if (job->segment_size != 0)
    lpad_store_set_segment_size (probe->core->store, probe->place->name, job->segment_size);
  if (probe->over)
    return;

  if (job->error != NULL || is_known (probe, job->inventory->eid))
    {
      lpad_worker_stop (g_steal_pointer (&probe->worker), LPAD_ERROR_CANCELLED);
      if (probe->chips->len == 0)
        {
          finish (probe, job->error);
          return;
        }
      if (job->error != NULL && probe->problem == NULL)
        probe->problem = g_error_copy (job->error);
      read_next (probe);
      return;
    }
  chip = g_new0 (LpadProbeChip, 1);
  chip->worker = g_steal_pointer (&probe->worker);
  chip->aid = g_bytes_ref (self->aid);
  chip->inventory = lpad_inventory_ref (job->inventory);
  chip->interrupted = g_steal_pointer (&job->interrupted);
  g_ptr_array_add (probe->chips, chip);
  if (probe->chips->len == 1)
    look_for_others (probe, chip);
  else
    read_next (probe);
}

LpadProbe *
lpad_probe_start (LpadCore *core, LpadPlace *place, LpadProbeFunc done, gpointer user_data)
{
  LpadProbe *probe = g_new0 (LpadProbe, 1);

  probe->references = 1;
  probe->core = core;
  probe->place = lpad_place_ref (place);
  probe->done = done;
  probe->user_data = user_data;
  probe->chips = g_ptr_array_new_with_free_func (probe_chip_free);
  probe->left = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  read_chip (probe, core->config->isdr_aids);
  return probe;
}

void
lpad_probe_cancel (LpadProbe *probe, LpadError reason)
{
  probe->over = TRUE;
  if (probe->worker != NULL)
    lpad_worker_stop (g_steal_pointer (&probe->worker), reason);
  g_ptr_array_set_size (probe->chips, 0);
  probe_unref (probe);
}
