/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download-op.h"

#include "bus-error.h"
#include "changeover.h"
#include "detour.h"
#include "download-jobs.h"
#include "download-options.h"
#include "download-prompt.h"
#include "euicc-device.h"
#include "interruption.h"
#include "interruptions.h"
#include "options.h"
#include "provisioning.h"
#include "switch.h"

/* A download (SGP.22 3.1.3) as its caller sees it; what the worker does of it stands in download-jobs.c. */
typedef struct
{
  LpadDownloadOptions *options;
  LpadOffer *offer;
  const char *earlier;   /* static: what became of an interrupted download of the same order, or NULL */
  GBytes *earlier_iccid; /* of the profile that it has installed, from a place whose orders have no name */
  gboolean session_open; /* the server still waits for an answer about @offer */
  LpadDetour *detour;    /* over a provisioning profile, or NULL */
  GBytes *installed;     /* and being enabled */
  GError *error;         /* what the operation ends with when it is dismissed, or has come back */
  GBytes *iccid;         /* likewise */
} DownloadOp;

/* A call of which polkit has to say more than of every download. */
typedef struct
{
  LpadEuicc *euicc;
  GDBusMethodInvocation *invocation;
  LpadDownloadOptions *options;
  const char *actions[3]; /* ends with NULL */
  guint n_allowed;
} Call;

static void ask_polkit (Call *call);
static void start_download (LpadOperation *operation);
static void begin_detour (LpadOperation *operation);
static gboolean confirm_download (LpadOperation *operation, GVariant *options, GError **error);
static void dismiss_download (LpadOperation *operation, LpadDismissal why);

static const LpadStage stages[] = {
  { "connecting", 0.0, 0.05, TRUE },
  { "authenticating", 0.05, 0.15, TRUE },
  { "preparing", 0.15, 0.2, TRUE },
  { "downloading", 0.2, 0.4, TRUE },
  { "installing", 0.4, 0.9, FALSE },
  { "enabling", 0.9, 0.92, FALSE },
  { "refreshing", 0.92, 0.95, FALSE },
  { "notifying", 0.95, 0.97, TRUE },
  { "registering", 0.97, 1.0, FALSE },
  { "confirming", 0.97, 1.0, FALSE },
  { "provisioning", 0.0, 0.02, FALSE },
  { "waiting-for-server", 0.02, 0.05, TRUE },
  { "returning", 0.97, 1.0, FALSE },
  { "disabling", 0.97, 1.0, FALSE },
  { NULL, 0, 0, FALSE },
};
static const LpadOperationKind kind = {
  .name = "download",
  .stages = stages,
  .patient = TRUE,
  .start = start_download,
  .confirm = confirm_download,
  .dismiss = dismiss_download,
};

static void
download_op_free (gpointer data)
{
  DownloadOp *self = data;

  g_clear_pointer (&self->options, lpad_download_options_free);
  g_clear_pointer (&self->offer, lpad_offer_unref);
  g_clear_pointer (&self->installed, g_bytes_unref);
  g_clear_error (&self->error);
  g_clear_pointer (&self->detour, lpad_detour_free);
  g_clear_pointer (&self->iccid, g_bytes_unref);
  g_clear_pointer (&self->earlier_iccid, g_bytes_unref);
  g_free (self);
}

static GError *
new_error (LpadError code, LpadOrder order, const char *message, const char *advice)
{
  GError *error = NULL;

  g_set_error_literal (&error, LPAD_ERROR, code, message);
  lpad_error_details (error)->order = order;
  lpad_error_details (error)->advice = advice;
  lpad_error_details (error)->retry = order == LPAD_ORDER_ENDED ? LPAD_RETRY_USELESS : LPAD_RETRY_NOW;
  return error;
}

/* Both what became of the download, and where the chip stands now. */
static void
on_back (LpadOperation *operation, GError *error)
{
  static const char *const ends[] = { "", "left", "returned", "stuck" }; /* LpadDetourEnd */
  DownloadOp *self = lpad_operation_data (operation);

  lpad_operation_add_result (
      operation, "provisioning", g_variant_new_string (ends[lpad_detour_where (self->detour)]));
  if (error != NULL && self->error == NULL)
    {
      self->error = g_error_copy (error);
      lpad_error_wrap (
          &self->error,
          "The profile is installed, but what was in use before could not be put into use again");
      lpad_error_details (self->error)->order = LPAD_ORDER_ENDED;
    }
  lpad_operation_finish (operation, self->error, self->iccid);
}

/* The end of the download; the operation has its end when the chip is back from a detour. */
static void
end (LpadOperation *operation, GError *error, GBytes *iccid)
{
  DownloadOp *self = lpad_operation_data (operation);

  if (self->detour == NULL)
    {
      lpad_operation_finish (operation, error, iccid);
      return;
    }
  if (error != self->error)
    {
      g_clear_error (&self->error);
      self->error = error != NULL ? g_error_copy (error) : NULL;
    }
  self->iccid = iccid != NULL ? g_bytes_ref (iccid) : NULL;
  lpad_detour_end (self->detour, on_back);
}

/* A profile that is installed or refused does not wait any more. */
static void
finish (LpadOperation *operation, GError *error, GBytes *iccid)
{
  DownloadOp *self = lpad_operation_data (operation);
  const LpadErrorDetails *details = error != NULL ? lpad_error_details (error) : NULL;

  if (self->options->event != NULL
      && (iccid != NULL || (details != NULL && details->order == LPAD_ORDER_ENDED)))
    lpad_euicc_remove_waiting (lpad_operation_euicc (operation), self->options->event);
  end (operation, error, iccid);
}

static void
on_ended (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  DownloadOp *self = lpad_operation_data (operation);

  lpad_operation_take (operation, job);
  finish (operation, self->error, NULL);
}

/* Ends the session with @reason and then the operation with @error (taken over). */
static void
end_with (LpadOperation *operation, LpadCancelReason reason, GError *error)
{
  DownloadOp *self = lpad_operation_data (operation);
  LpadJob *job = lpad_download_cancel_job_new (reason);

  g_clear_error (&self->error);
  self->error = error;
  job->done = on_ended;
  lpad_operation_push (operation, job);
}

static void
ask (LpadOperation *operation, const GError *refused)
{
  DownloadOp *self = lpad_operation_data (operation);
  GVariantDict prompt;

  lpad_download_prompt_fill (
      &prompt, self->offer, self->options->confirmation_code == NULL, !self->options->accept_rules, refused);
  if (self->earlier != NULL)
    g_variant_dict_insert (&prompt, "interrupted", "s", self->earlier);
  lpad_operation_ask (operation, &prompt);
}

/* The profile is there: what fails from now on does not undo that. */
static void
on_enabled (LpadOperation *operation, GError *error)
{
  DownloadOp *self = lpad_operation_data (operation);
  g_autoptr (GError) owned = error;

  if (owned != NULL)
    {
      gboolean tried = g_error_matches (owned, LPAD_ERROR, LPAD_ERROR_ROLLED_BACK)
                       || g_error_matches (owned, LPAD_ERROR, LPAD_ERROR_ROLLBACK_FAILED);

      lpad_error_wrap (
          &owned, tried ? "The profile is installed" : "The profile is installed, but could not be enabled");
      lpad_error_details (owned)->order = LPAD_ORDER_ENDED;
    }
  finish (operation, owned, self->installed);
}

static void
enable (LpadOperation *operation, GBytes *iccid)
{
  DownloadOp *self = lpad_operation_data (operation);
  const LpadChangeoverWish wish = {
    .command = LPAD_STATE_COMMAND_ENABLE,
    .iccid = iccid,
    .refresh = LPAD_REFRESH_EITHER,
    .phase = LPAD_PHASE_ENABLING,
    .trial_given = self->options->trial_given,
    .trial_s = self->options->trial_s,
  };

  self->installed = g_bytes_ref (iccid);
  lpad_journal_entry_set_profile (lpad_operation_record (operation), iccid);
  lpad_changeover_start (operation, &wish, on_enabled);
}

static void
on_installed (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  DownloadOp *self = lpad_operation_data (operation);
  GBytes *iccid = lpad_download_install_job_iccid (job);
  g_autoptr (GError) error = g_steal_pointer (&job->error);

  lpad_operation_take (operation, job);
  self->session_open = FALSE;
  if (error == NULL && iccid != NULL && self->options->enable)
    {
      enable (operation, iccid);
      return;
    }
  if (!lpad_download_install_job_may_retry (job) || error == NULL)
    {
      finish (operation, error, iccid);
      return;
    }
  g_clear_pointer (&self->options->confirmation_code, lpad_secret_unref);
  ask (operation, error);
}

static void
install (LpadOperation *operation)
{
  DownloadOp *self = lpad_operation_data (operation);
  LpadDownloadInstall what = {
    .confirmation_code = self->options->confirmation_code,
    .may_retry = !self->options->consent,
    .nickname = self->options->nickname,
    .enable = self->options->enable,
  };
  LpadJob *job = lpad_download_install_job_new (&what);

  job->done = on_installed;
  lpad_operation_push (operation, job);
}

/* Nobody is there to be asked about rules that need a person's word. */
static GError *
new_rules_error (guint64 rules)
{
  const gboolean both = (rules & LPAD_PPR1) != 0 && (rules & LPAD_PPR2) != 0;
  const char *message = both ? "The operator forbids to disable and to delete the profile, and nobody has "
                               "agreed to that."
                        : (rules & LPAD_PPR1) != 0
                            ? "The operator forbids to disable the profile, and nobody has agreed to that."
                            : "The operator forbids to delete the profile, and nobody has agreed to that.";

  return new_error (
      LPAD_ERROR_CONSENT_REQUIRED, LPAD_ORDER_USABLE, message, "Download it again and accept its rules.");
}

/* Whether the operation goes on, over a provisioning profile, after the server was not reached. */
static gboolean
find_other_way (LpadOperation *operation, GError *error)
{
  DownloadOp *self = lpad_operation_data (operation);
  LpadEuicc *euicc = lpad_operation_euicc (operation);

  if (self->detour != NULL)
    return lpad_detour_wait_again (self->detour, error);
  if (!lpad_provisioning_may_help (lpad_euicc_core (euicc)->config->provisioning_use,
                                   self->options->provisioning,
                                   lpad_euicc_inventory (euicc),
                                   error))
    return FALSE;
  begin_detour (operation);
  return TRUE;
}

/* What the server had for the chip has been fetched by a download that was interrupted after the
 * installation: then it is no failure of that order that nothing more is there. */
static void
finish_refused (LpadOperation *operation, GError *error)
{
  DownloadOp *self = lpad_operation_data (operation);
  g_autoptr (GError) known = NULL;

  if (self->earlier_iccid == NULL
      || !(g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NO_ELIGIBLE_PROFILE)
           || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND)
           || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_PROFILE_EXISTS)))
    {
      finish (operation, error, NULL);
      return;
    }
  known = new_error (LPAD_ERROR_PROFILE_EXISTS,
                     LPAD_ORDER_ENDED,
                     "The server has no other profile for this chip than the one that is installed already: "
                     "its download was interrupted after the installation.",
                     "Enable the profile.");
  finish (operation, known, self->earlier_iccid);
}

static void
on_authenticated (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  DownloadOp *self = lpad_operation_data (operation);

  lpad_operation_take (operation, job);
  if (job->error != NULL)
    {
      if (!find_other_way (operation, job->error))
        finish_refused (operation, job->error);
      return;
    }
  self->offer = lpad_download_authenticate_job_steal_offer (job);
  self->session_open = TRUE;
  if (!self->options->consent)
    ask (operation, NULL);
  else if (self->offer->confirmation_code_required && self->options->confirmation_code == NULL)
    end_with (operation,
              LPAD_CANCEL_POSTPONED,
              new_error (LPAD_ERROR_CONFIRMATION_CODE_REQUIRED,
                         LPAD_ORDER_USABLE,
                         "The operator asks for a confirmation code.",
                         "Download it again and give the confirmation code that came with the order."));
  else if (self->offer->policy_rules_consent && !self->options->accept_rules)
    end_with (operation, LPAD_CANCEL_POSTPONED, new_rules_error (self->offer->metadata->policy_rules));
  else
    install (operation);
}

/* Ends the operation when the profile is known to be there: an earlier download of the same order has
 * installed it, and only its end was not reported. A server that knows the chip only may have another one. */
static gboolean
is_installed_already (LpadOperation *operation, const LpadJournalEntry *earlier)
{
  DownloadOp *self = lpad_operation_data (operation);
  const LpadProfile *profile
      = lpad_interruption_profile (earlier, lpad_euicc_inventory (lpad_operation_euicc (operation)));
  g_autoptr (GError) error = NULL;

  if (earlier->outcome < LPAD_OUTCOME_PARTLY || profile == NULL)
    return FALSE;
  if (earlier->order_name == LPAD_ORDER_NAME_NONE)
    {
      self->earlier_iccid = g_bytes_ref (profile->iccid);
      return FALSE;
    }
  error = new_error (LPAD_ERROR_PROFILE_EXISTS,
                     LPAD_ORDER_ENDED,
                     "The profile of this activation code is installed already: its download was interrupted "
                     "after the installation.",
                     "Enable the profile. If the operator gave the same code for more than one profile, "
                     "acknowledge the interruption (lui-cli status --seen) and download again.");
  lpad_operation_finish (operation, error, profile->iccid);
  return TRUE;
}

static void
authenticate (LpadOperation *operation)
{
  DownloadOp *self = lpad_operation_data (operation);
  LpadJob *job;

  lpad_euicc_device_complete (lpad_operation_euicc (operation), &self->options->device);
  job = lpad_download_authenticate_job_new (
      self->options->code, &self->options->device, self->options->consent);
  if (self->options->smds_address != NULL)
    lpad_download_authenticate_job_look_up (job, self->options->event, self->options->smds_address);
  if (self->options->search != NULL)
    lpad_download_authenticate_job_search (job, self->options->search);
  job->done = on_authenticated;
  lpad_operation_push (operation, job);
}

static void
on_way_there (LpadOperation *operation, GError *error)
{
  if (error == NULL)
    authenticate (operation);
  else
    finish (operation, error, NULL);
}

static void
begin_detour (LpadOperation *operation)
{
  DownloadOp *self = lpad_operation_data (operation);
  const LpadDownloadOptions *options = self->options;

  self->detour = lpad_detour_new (
      operation, options->smds_address != NULL ? options->smds_address : options->code->smdp_address);
  lpad_detour_begin (self->detour, on_way_there);
}

/* What stands for the order in the record, however it was started: of a profile that waits only its ID may be
 * known yet. (transfer full) (nullable): it has no name. */
static char *
name_order (const LpadDownloadOptions *options, LpadOrderName *how)
{
  const LpadWaitingProfile profile = {
    .smdp_address = options->code->smdp_address,
    .event_id = options->code->matching_id,
  };

  if (options->event != NULL)
    {
      *how = LPAD_ORDER_NAME_EVENT;
      return g_strdup (options->event);
    }
  if (profile.event_id == NULL || *profile.event_id == '\0')
    {
      *how = LPAD_ORDER_NAME_NONE;
      return NULL;
    }
  *how = LPAD_ORDER_NAME_CODE;
  return lpad_waiting_profile_id (&profile);
}

static void
start_download (LpadOperation *operation)
{
  DownloadOp *self = lpad_operation_data (operation);
  const char *address = self->options->code->smdp_address;
  LpadOrderName how;
  g_autofree char *name = name_order (self->options, &how);
  LpadInterruptions *interruptions = lpad_euicc_interruptions (lpad_operation_euicc (operation));
  const LpadJournalEntry *earlier = NULL;
  LpadJournalEntry *record;

  if (interruptions != NULL)
    earlier = lpad_interruptions_find_order (interruptions, address, name);
  if (earlier != NULL && is_installed_already (operation, earlier))
    return;
  if (earlier != NULL)
    self->earlier = lpad_interruption_message (earlier);
  record = lpad_operation_record (operation);
  lpad_journal_entry_set_order (record, address, name, how);
  record->enable = self->options->enable;
  if (interruptions != NULL)
    lpad_interruptions_supersede (interruptions, record);
  if (self->options->provisioning == LPAD_PROVISIONING_WANTED)
    begin_detour (operation);
  else
    authenticate (operation);
}

static gboolean
confirm_download (LpadOperation *operation, GVariant *options, GError **error)
{
  DownloadOp *self = lpad_operation_data (operation);
  g_autofree char *code = NULL;
  g_autofree char *nickname = NULL;
  g_autoptr (LpadSecret) secret = NULL;
  gboolean accept_rules = self->options->accept_rules;
  gboolean enable = self->options->enable;
  const LpadOption table[] = {
    { "confirmation-code", "s", &code, NULL },
    { "accept-policy-rules", "b", &accept_rules, NULL },
    { "nickname", "s", &nickname, NULL },
    { "enable", "b", &enable, NULL },
  };
  gboolean understood = lpad_options_read (options, table, G_N_ELEMENTS (table), error);

  if (code != NULL)
    secret = lpad_secret_new_take_text (g_steal_pointer (&code));
  if (!understood || (nickname != NULL && !lpad_switch_check_nickname (nickname, error)))
    return FALSE;
  if (self->offer->confirmation_code_required && secret == NULL && self->options->confirmation_code == NULL)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "The answer needs the option “confirmation-code”.");
      return FALSE;
    }
  if (self->offer->policy_rules_consent && !accept_rules)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "The answer needs the option “accept-policy-rules”.");
      return FALSE;
    }

  if (secret != NULL)
    {
      g_clear_pointer (&self->options->confirmation_code, lpad_secret_unref);
      self->options->confirmation_code = g_steal_pointer (&secret);
    }
  if (nickname != NULL)
    {
      g_free (self->options->nickname);
      self->options->nickname = g_steal_pointer (&nickname);
    }
  self->options->accept_rules = accept_rules;
  self->options->enable = enable;
  lpad_operation_record (operation)->enable = enable;
  install (operation);
  return TRUE;
}

static void
dismiss_download (LpadOperation *operation, LpadDismissal why)
{
  DownloadOp *self = lpad_operation_data (operation);

  switch (why)
    {
    case LPAD_DISMISS_REJECTED:
      end_with (operation,
                LPAD_CANCEL_END_USER_REJECTION,
                new_error (LPAD_ERROR_CANCELLED,
                           self->session_open ? LPAD_ORDER_ENDED : LPAD_ORDER_USABLE,
                           "The profile was rejected.",
                           NULL));
      break;
    case LPAD_DISMISS_TIMEOUT:
      end_with (operation,
                LPAD_CANCEL_TIMEOUT,
                new_error (LPAD_ERROR_TIMEOUT,
                           LPAD_ORDER_USABLE,
                           "Nobody answered in time.",
                           "Download it again: the activation code is still good."));
      break;
    case LPAD_DISMISS_CALLER_LEFT:
      end_with (operation,
                LPAD_CANCEL_POSTPONED,
                new_error (LPAD_ERROR_CANCELLED,
                           LPAD_ORDER_USABLE,
                           "The program that started the download has left without an answer.",
                           "Download it again: the activation code is still good."));
      break;
    case LPAD_DISMISS_STOPPING:
    case LPAD_DISMISS_POSTPONED:
    default:
      end_with (
          operation,
          LPAD_CANCEL_POSTPONED,
          new_error (LPAD_ERROR_CANCELLED,
                     LPAD_ORDER_USABLE,
                     why == LPAD_DISMISS_STOPPING ? "lpad is being stopped." : "The download was put off.",
                     "Download it again later: the activation code is still good."));
      break;
    }
}

static void
call_free (Call *call)
{
  g_object_unref (call->euicc);
  lpad_download_options_free (call->options);
  g_free (call);
}

static void
start (Call *call)
{
  g_autoptr (GError) error = NULL;
  DownloadOp *self = g_new0 (DownloadOp, 1);
  LpadOperation *operation;

  self->options = g_steal_pointer (&call->options);
  operation = lpad_operation_start (call->euicc,
                                    &kind,
                                    g_dbus_method_invocation_get_sender (call->invocation),
                                    self,
                                    download_op_free,
                                    &error);
  if (operation == NULL)
    lpad_bus_error_return (call->invocation, error);
  else
    g_dbus_method_invocation_return_value (call->invocation,
                                           g_variant_new ("(o)", lpad_operation_path (operation)));
  call_free (call);
}

static void
on_may (const GError *error, gpointer user_data)
{
  Call *call = user_data;

  if (error != NULL)
    {
      lpad_bus_error_return (call->invocation, error);
      call_free (call);
      return;
    }
  call->n_allowed++;
  ask_polkit (call);
}

/* One action after the other, and then the download. */
static void
ask_polkit (Call *call)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (call->invocation);

  if (call->actions[call->n_allowed] == NULL)
    start (call);
  else
    lpad_auth_check (lpad_euicc_core (call->euicc)->auth,
                     g_dbus_method_invocation_get_sender (call->invocation),
                     call->actions[call->n_allowed],
                     g_dbus_message_get_flags (message)
                         & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
                     on_may,
                     call);
}

LpadOperation *
lpad_download_op_start_own (LpadEuicc *euicc, LpadDownloadOptions *options, GError **error)
{
  DownloadOp *self = g_new0 (DownloadOp, 1);

  self->options = options;
  return lpad_operation_start (euicc, &kind, NULL, self, download_op_free, error);
}

void
lpad_download_op_call (LpadEuicc *euicc, GDBusMethodInvocation *invocation, GVariant *options)
{
  g_autoptr (GError) error = NULL;
  LpadDownloadOptions *read = lpad_download_options_read (euicc, options, &error);
  Call *call;
  guint n = 0;

  if (read == NULL)
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  call = g_new0 (Call, 1);
  call->euicc = g_object_ref (euicc);
  call->invocation = invocation;
  call->options = read;
  if (read->consent && !lpad_euicc_core (euicc)->config->unattended)
    call->actions[n++] = LPAD_POLKIT_UNATTENDED;
  if (read->provisioning == LPAD_PROVISIONING_WANTED)
    call->actions[n++] = LPAD_POLKIT_SWITCH;
  ask_polkit (call);
}
