/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provisioning-jobs.h"

typedef struct
{
  LpadJob job;
  char *address;
} TryJob;

typedef struct
{
  LpadJob job;
  gboolean notify;
} LookJob;

static void
run_try (LpadJob *job, LpadWorkbench *bench)
{
  lpad_progress_report (&bench->progress, "waiting-for-server", 0, 0);
  if (!lpad_context_reach (
          bench->context, ((TryJob *) job)->address, bench->inventory->info, job->cancellable, &job->error))
    g_debug ("The server is not there yet: %s", job->error->message);
}

static void
clear_try (LpadJob *job)
{
  g_free (((TryJob *) job)->address);
}

LpadJob *
lpad_provisioning_try_job_new (const char *address)
{
  TryJob *self = g_new0 (TryJob, 1);

  self->job.run = run_try;
  self->job.clear = clear_try;
  self->address = g_strdup (address);
  return &self->job;
}

static void
run_look (LpadJob *job, LpadWorkbench *bench)
{
  lpad_job_reread (job, bench);
  if (job->error == NULL && ((LookJob *) job)->notify)
    lpad_job_notify (job, bench);
}

LpadJob *
lpad_provisioning_look_job_new (gboolean notify)
{
  LookJob *self = g_new0 (LookJob, 1);

  self->job.run = run_look;
  self->notify = notify;
  return &self->job;
}
