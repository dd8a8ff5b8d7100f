/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download-jobs.h"

#include "discover.h"
#include "error-details.h"
#include "interruption.h"
#include "switch.h"

typedef struct
{
  LpadJob job;
  LpadActivationCode *code;
  LpadDevice device;
  gboolean hold;
  char *id;       /* NULL: the matching ID is in @code */
  char **servers; /* NULL: they are not asked */
  LpadOffer *offer;
} AuthenticateJob;

typedef struct
{
  LpadJob job;
  LpadDownloadInstall what;
  char *nickname;
  GBytes *iccid;
  gboolean kept;
} InstallJob;

typedef struct
{
  LpadJob job;
  LpadCancelReason reason;
} CancelJob;

/* What the record says before the step is taken. */
static void
on_step (LpadDownloadStep step,
         GBytes *transaction_id,
         GBytes *iccid,
         const LpadInstallationResult *result,
         gpointer user_data)
{
  LpadJournalEntry *entry = user_data;

  switch (step)
    {
    case LPAD_DOWNLOAD_SENDS_CODE:
      lpad_journal_entry_begin (entry, LPAD_PHASE_CODE);
      break;
    case LPAD_DOWNLOAD_ENDS_ORDER:
      lpad_journal_entry_begin (entry, LPAD_PHASE_ENDING);
      break;
    case LPAD_DOWNLOAD_LOADS:
      lpad_journal_entry_set_profile (entry, iccid);
      g_clear_pointer (&entry->transaction_id, g_bytes_unref);
      entry->transaction_id = g_bytes_ref (transaction_id);
      lpad_journal_entry_begin (entry, LPAD_PHASE_LOADING);
      break;
    case LPAD_DOWNLOAD_FAILED:
    default:
      entry->outcome = LPAD_OUTCOME_FAILED;
      entry->bpp_command = result->bpp_command;
      entry->error_reason = result->error_reason;
      lpad_journal_entry_save (entry);
      break;
    }
}

/* What the chip says after a failure that left open what it has done. */
static void
ask_chip (LpadJob *job, LpadWorkbench *bench)
{
  LpadErrorDetails *details = lpad_error_details (job->error);

  lpad_interruption_resolve (job->entry, bench->chip, bench->inventory);
  if (details != NULL && details->order == LPAD_ORDER_UNKNOWN)
    details->order = lpad_journal_entry_order_state (job->entry);
}

/* After a failure the chip is read again, unless it is gone. */
static void
give_up (LpadJob *job, LpadWorkbench *bench)
{
  g_clear_pointer (&bench->download, lpad_download_free);
  if (g_error_matches (job->error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED))
    return;
  lpad_job_reread (job, bench);
  if (job->inventory != NULL && job->entry != NULL && lpad_journal_entry_is_open (job->entry))
    ask_chip (job, bench);
}

/* Which waiting profile it is: whoever had it told is not there any more, or nobody had. */
static gboolean
look_up (AuthenticateJob *self, LpadWorkbench *bench)
{
  LpadJob *job = &self->job;
  g_autoptr (LpadDiscovery) found = lpad_discover (bench->chip,
                                                   bench->context,
                                                   bench->inventory,
                                                   (const char *const *) self->servers,
                                                   &self->device,
                                                   NULL,
                                                   job->cancellable,
                                                   &job->error);

  for (guint i = 0; found != NULL && i < found->profiles->len; i++)
    {
      const LpadWaitingProfile *profile = g_ptr_array_index (found->profiles, i);
      g_autofree char *id = lpad_waiting_profile_id (profile);

      if (self->id != NULL && !g_str_equal (id, self->id))
        continue;
      g_free (self->code->smdp_address);
      self->code->smdp_address = g_strdup (profile->smdp_address);
      g_free (self->code->matching_id);
      self->code->matching_id = g_strdup (profile->event_id);
      return TRUE;
    }
  if (found != NULL)
    job->error = lpad_discovery_error (found);
  if (job->error != NULL)
    return FALSE;
  if (self->id == NULL)
    {
      g_set_error_literal (&job->error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "No profile waits for this chip");
      lpad_error_details (job->error)->retry = LPAD_RETRY_LATER;
      return FALSE;
    }
  g_set_error_literal (
      &job->error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "This profile does not wait for the chip any more");
  lpad_error_details (job->error)->order = LPAD_ORDER_ENDED;
  lpad_error_details (job->error)->retry = LPAD_RETRY_USELESS;
  return FALSE;
}

static void
run_authenticate (LpadJob *job, LpadWorkbench *bench)
{
  AuthenticateJob *self = (AuthenticateJob *) job;

  g_clear_pointer (&bench->download, lpad_download_free);
  if (self->servers != NULL && !look_up (self, bench))
    return;
  lpad_job_begin (job, LPAD_PHASE_SESSION);
  bench->download
      = lpad_download_new (bench->chip, bench->context, bench->inventory, self->code, &self->device);
  if (job->entry != NULL)
    lpad_download_set_step_func (bench->download, on_step, job->entry);
  self->offer = lpad_download_authenticate (bench->download, &bench->progress, job->cancellable, &job->error);
  if (self->offer == NULL)
    give_up (job, bench);
  bench->hold = self->hold && self->offer != NULL;
}

static void
clear_authenticate (LpadJob *job)
{
  AuthenticateJob *self = (AuthenticateJob *) job;

  lpad_activation_code_free (self->code);
  g_free (self->id);
  g_strfreev (self->servers);
  lpad_device_clear (&self->device);
  g_clear_pointer (&self->offer, lpad_offer_unref);
}

LpadJob *
lpad_download_authenticate_job_new (const LpadActivationCode *code, const LpadDevice *device, gboolean hold)
{
  AuthenticateJob *self = g_new0 (AuthenticateJob, 1);

  self->job.run = run_authenticate;
  self->job.clear = clear_authenticate;
  self->code = lpad_activation_code_copy (code);
  lpad_device_copy (&self->device, device);
  self->hold = hold;
  return &self->job;
}

void
lpad_download_authenticate_job_look_up (LpadJob *job, const char *id, const char *smds_address)
{
  AuthenticateJob *self = (AuthenticateJob *) job;

  self->id = g_strdup (id);
  self->servers = g_new0 (char *, 2);
  self->servers[0] = g_strdup (smds_address);
}

void
lpad_download_authenticate_job_search (LpadJob *job, char **servers)
{
  ((AuthenticateJob *) job)->servers = g_strdupv (servers);
}

LpadOffer *
lpad_download_authenticate_job_steal_offer (LpadJob *job)
{
  return g_steal_pointer (&((AuthenticateJob *) job)->offer);
}

/* The profile is there: what fails from now on does not undo that. */
static void
wrap_after_installation (LpadJob *job, const char *what)
{
  lpad_error_wrap (&job->error, "The profile is installed, but could not be %s", what);
  if (lpad_error_details (job->error) != NULL)
    lpad_error_details (job->error)->order = LPAD_ORDER_ENDED;
}

static void
set_nickname (InstallJob *self, LpadWorkbench *bench)
{
  LpadInventory *after = NULL;

  if (!lpad_switch_rename (
          bench->chip, bench->inventory, self->iccid, self->nickname, &after, NULL, &self->job.error))
    wrap_after_installation (&self->job, "given its nickname");
  lpad_job_set_inventory (&self->job, bench, after);
}

static void
run_install (LpadJob *job, LpadWorkbench *bench)
{
  InstallJob *self = (InstallJob *) job;
  g_autoptr (LpadDownloadResult) result = lpad_download_install (
      bench->download, self->what.confirmation_code, &bench->progress, job->cancellable, &job->error);

  if (result == NULL)
    {
      self->kept = self->what.may_retry
                   && g_error_matches (job->error, LPAD_ERROR, LPAD_ERROR_CONFIRMATION_CODE_REFUSED);
      if (!self->kept)
        give_up (job, bench);
      return;
    }
  self->iccid = g_bytes_ref (result->iccid);
  job->deliveries = g_steal_pointer (&result->deliveries);
  job->left = result->left;
  lpad_job_set_inventory (job, bench, g_steal_pointer (&result->inventory));
  g_clear_pointer (&bench->download, lpad_download_free);

  if (self->nickname != NULL && *self->nickname != '\0')
    set_nickname (self, bench);
  /* Enabling follows on the same channel. */
  if (self->what.enable && job->error == NULL)
    bench->hold = TRUE;
  else if (job->entry != NULL)
    lpad_interruption_settle (job->entry, bench->inventory);
}

static void
clear_install (LpadJob *job)
{
  InstallJob *self = (InstallJob *) job;

  g_clear_pointer (&self->what.confirmation_code, lpad_secret_unref);
  g_clear_pointer (&self->iccid, g_bytes_unref);
  g_free (self->nickname);
}

LpadJob *
lpad_download_install_job_new (const LpadDownloadInstall *what)
{
  InstallJob *self = g_new0 (InstallJob, 1);

  self->job.run = run_install;
  self->job.clear = clear_install;
  self->what = *what;
  self->what.nickname = NULL;
  self->nickname = g_strdup (what->nickname);
  if (what->confirmation_code != NULL)
    lpad_secret_ref (what->confirmation_code);
  return &self->job;
}

GBytes *
lpad_download_install_job_iccid (LpadJob *job)
{
  return ((InstallJob *) job)->iccid;
}

gboolean
lpad_download_install_job_may_retry (LpadJob *job)
{
  return ((InstallJob *) job)->kept;
}

static void
run_cancel (LpadJob *job, LpadWorkbench *bench)
{
  CancelJob *self = (CancelJob *) job;

  if (bench->download == NULL)
    return;
  lpad_download_cancel (bench->download, self->reason);
  g_clear_pointer (&bench->download, lpad_download_free);
}

LpadJob *
lpad_download_cancel_job_new (LpadCancelReason reason)
{
  CancelJob *self = g_new0 (CancelJob, 1);

  self->job.run = run_cancel;
  self->reason = reason;
  return &self->job;
}
