/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download-op.h"

#include "activation-code.h"
#include "address.h"
#include "bus-error.h"
#include "download-jobs.h"
#include "download-prompt.h"
#include "interruption.h"
#include "interruptions.h"
#include "options.h"
#include "switch-op.h"

/* A download (SGP.22 3.1.3) as its caller sees it; what the worker does of it stands in download-jobs.c. */
typedef struct
{
  LpadActivationCode *code;
  char *event;        /* ID of a profile that waits, or NULL */
  char *smds_address; /* has to be asked for its matching ID first, or NULL */
  LpadDevice device;  /* as the caller says */
  LpadSecret *confirmation_code;
  char *nickname;
  gboolean enable;
  gboolean consent;
  gboolean accept_rules;
  LpadOffer *offer;
  const char *earlier;   /* static: what became of an interrupted download of the same order, or NULL */
  gboolean session_open; /* the server still waits for an answer about @offer */
  GError *error;         /* what the operation ends with when it is dismissed */
} DownloadOp;

/* A call that waits for polkit's word on unattended consent. */
typedef struct
{
  LpadEuicc *euicc;
  GDBusMethodInvocation *invocation;
  DownloadOp *download;
} UnattendedCall;

static void start_download (LpadOperation *operation);
static gboolean confirm_download (LpadOperation *operation, GVariant *options, GError **error);
static void dismiss_download (LpadOperation *operation, LpadDismissal why);

static const LpadStage stages[] = {
  { "connecting", 0.0, 0.05, TRUE }, { "authenticating", 0.05, 0.15, TRUE },
  { "preparing", 0.15, 0.2, TRUE },  { "downloading", 0.2, 0.4, TRUE },
  { "installing", 0.4, 0.9, FALSE }, { "enabling", 0.9, 0.95, FALSE },
  { "notifying", 0.95, 1.0, TRUE },  { NULL, 0, 0, FALSE },
};
static const LpadOperationKind kind = {
  .name = "download",
  .stages = stages,
  .start = start_download,
  .confirm = confirm_download,
  .dismiss = dismiss_download,
};

static void
download_op_free (gpointer data)
{
  DownloadOp *self = data;

  g_clear_pointer (&self->code, lpad_activation_code_free);
  g_clear_pointer (&self->confirmation_code, lpad_secret_unref);
  g_clear_pointer (&self->offer, lpad_offer_unref);
  g_clear_error (&self->error);
  g_free (self->event);
  g_free (self->smds_address);
  lpad_device_clear (&self->device);
  g_free (self->nickname);
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

/* A profile that is installed or refused does not wait any more. */
static void
finish (LpadOperation *operation, GError *error, GBytes *iccid)
{
  DownloadOp *self = lpad_operation_data (operation);
  const LpadErrorDetails *details = error != NULL ? lpad_error_details (error) : NULL;

  if (self->event != NULL && (iccid != NULL || (details != NULL && details->order == LPAD_ORDER_ENDED)))
    lpad_euicc_remove_waiting (lpad_operation_euicc (operation), self->event);
  lpad_operation_finish (operation, error, iccid);
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
      &prompt, self->offer, self->confirmation_code == NULL, !self->accept_rules, refused);
  if (self->earlier != NULL)
    g_variant_dict_insert (&prompt, "interrupted", "s", self->earlier);
  lpad_operation_ask (operation, &prompt);
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
  if (!lpad_download_install_job_may_retry (job) || error == NULL)
    {
      finish (operation, error, iccid);
      return;
    }
  g_clear_pointer (&self->confirmation_code, lpad_secret_unref);
  ask (operation, error);
}

static void
install (LpadOperation *operation)
{
  DownloadOp *self = lpad_operation_data (operation);
  LpadDownloadInstall what = {
    .confirmation_code = self->confirmation_code,
    .may_retry = !self->consent,
    .nickname = self->nickname,
    .enable = self->enable,
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

static void
on_authenticated (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  DownloadOp *self = lpad_operation_data (operation);

  lpad_operation_take (operation, job);
  if (job->error != NULL)
    {
      finish (operation, job->error, NULL);
      return;
    }
  self->offer = lpad_download_authenticate_job_steal_offer (job);
  self->session_open = TRUE;
  if (!self->consent)
    ask (operation, NULL);
  else if (self->offer->confirmation_code_required && self->confirmation_code == NULL)
    end_with (operation,
              LPAD_CANCEL_POSTPONED,
              new_error (LPAD_ERROR_CONFIRMATION_CODE_REQUIRED,
                         LPAD_ORDER_USABLE,
                         "The operator asks for a confirmation code.",
                         "Download it again and give the confirmation code that came with the order."));
  else if (self->offer->policy_rules_consent && !self->accept_rules)
    end_with (operation, LPAD_CANCEL_POSTPONED, new_rules_error (self->offer->metadata->policy_rules));
  else
    install (operation);
}

/* Ends the operation when the profile is known to be there: an earlier download of the same order has
 * installed it, and only its end was not reported. */
static gboolean
is_installed_already (LpadOperation *operation, const LpadJournalEntry *earlier)
{
  const LpadProfile *profile
      = lpad_interruption_profile (earlier, lpad_euicc_inventory (lpad_operation_euicc (operation)));
  g_autoptr (GError) error = NULL;

  if (earlier->outcome < LPAD_OUTCOME_PARTLY || profile == NULL)
    return FALSE;
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
start_download (LpadOperation *operation)
{
  DownloadOp *self = lpad_operation_data (operation);
  /* Of a profile that waits only its ID may be known yet. */
  const char *order = self->event != NULL ? self->event : self->code->matching_id;
  LpadInterruptions *interruptions = lpad_euicc_interruptions (lpad_operation_euicc (operation));
  const LpadJournalEntry *earlier = NULL;
  LpadJournalEntry *record;
  LpadJob *job;

  if (interruptions != NULL)
    earlier = lpad_interruptions_find_order (interruptions, self->code->smdp_address, order);
  if (earlier != NULL && is_installed_already (operation, earlier))
    return;
  if (earlier != NULL)
    self->earlier = lpad_interruption_message (earlier);
  record = lpad_operation_record (operation);
  lpad_journal_entry_set_order (record, self->code->smdp_address, order);
  record->enable = self->enable;
  if (interruptions != NULL)
    lpad_interruptions_supersede (interruptions, record);
  job = lpad_download_authenticate_job_new (self->code, &self->device, self->consent);

  if (self->smds_address != NULL)
    lpad_download_authenticate_job_look_up (job, self->event, self->smds_address);
  job->done = on_authenticated;
  lpad_operation_push (operation, job);
}

static gboolean
confirm_download (LpadOperation *operation, GVariant *options, GError **error)
{
  DownloadOp *self = lpad_operation_data (operation);
  g_autofree char *code = NULL;
  g_autofree char *nickname = NULL;
  g_autoptr (LpadSecret) secret = NULL;
  gboolean accept_rules = self->accept_rules;
  gboolean enable = self->enable;
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
  if (self->offer->confirmation_code_required && secret == NULL && self->confirmation_code == NULL)
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
      g_clear_pointer (&self->confirmation_code, lpad_secret_unref);
      self->confirmation_code = g_steal_pointer (&secret);
    }
  if (nickname != NULL)
    {
      g_free (self->nickname);
      self->nickname = g_steal_pointer (&nickname);
    }
  self->accept_rules = accept_rules;
  self->enable = enable;
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

/* Where the order is, as the caller has said. */
typedef struct
{
  char *activation_code;
  char *smdp_address;
  char *matching_id;
  gboolean use_default;
} Source;

static void
source_clear (Source *source)
{
  g_free (source->activation_code);
  g_free (source->smdp_address);
  g_free (source->matching_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)

static LpadActivationCode *
make_code (const char *address, const char *matching_id, GError **error)
{
  g_autoptr (LpadActivationCode) code = g_new0 (LpadActivationCode, 1);

  code->smdp_address = lpad_address_normalise (address, strlen (address), error);
  code->matching_id = g_strdup (matching_id != NULL ? matching_id : "");
  return code->smdp_address != NULL ? g_steal_pointer (&code) : NULL;
}

static LpadActivationCode *
find_default (LpadEuicc *euicc, GError **error)
{
  const char *address = lpad_euicc_inventory (euicc)->default_smdp_address;

  if (address != NULL && *address != '\0')
    return make_code (address, NULL, error);
  g_set_error_literal (
      error, LPAD_ERROR, LPAD_ERROR_WRONG_STATE, "No default server (SM-DP+) is set on the chip.");
  return NULL;
}

static LpadActivationCode *
find_waiting (LpadEuicc *euicc, DownloadOp *self, GError **error)
{
  const LpadWaitingProfile *profile = lpad_waiting_list_find (lpad_euicc_waiting (euicc), self->event);

  if (profile == NULL)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_NOT_FOUND,
                           "No such profile waits for this chip, as far as lpad knows; Discover asks again.");
      return NULL;
    }
  if (profile->event_id == NULL)
    self->smds_address = g_strdup (profile->smds_address);
  return make_code (profile->smdp_address, profile->event_id, error);
}

/* The order that exactly one of the four ways names. */
static LpadActivationCode *
find_order (LpadEuicc *euicc, const Source *source, DownloadOp *self, GError **error)
{
  if ((source->activation_code != NULL) + (source->smdp_address != NULL) + (self->event != NULL)
              + (source->use_default ? 1 : 0)
          != 1
      || (source->matching_id != NULL && source->smdp_address == NULL))
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "Exactly one is needed: the option “activation-code”, or “smdp-address” (with "
                           "“matching-id”), or “use-default”, or “event”.");
      return NULL;
    }
  if (source->activation_code != NULL)
    return lpad_activation_code_parse (source->activation_code, error);
  if (source->smdp_address != NULL)
    return make_code (source->smdp_address, source->matching_id, error);
  return source->use_default ? find_default (euicc, error) : find_waiting (euicc, self, error);
}

static gboolean
check_options (const DownloadOp *self, GError **error)
{
  if (self->accept_rules && !self->consent)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "The option “accept-policy-rules” needs “consent”; without it the user is asked.");
      return FALSE;
    }
  return lpad_device_check (&self->device, error)
         && (self->nickname == NULL || lpad_switch_check_nickname (self->nickname, error));
}

static gboolean
read_releases (GVariant *given, guint8 releases[LPAD_RELEASES], GError **error)
{
  GVariantIter iter;
  const char *name;
  guint8 release;

  if (given == NULL)
    return TRUE;
  g_variant_iter_init (&iter, given);
  while (g_variant_iter_next (&iter, "{&sy}", &name, &release))
    {
      if (lpad_device_set_release (releases, name, release, error))
        continue;
      g_prefix_error (error, "Option “releases”: ");
      return FALSE;
    }
  return TRUE;
}

static DownloadOp *
read_options (LpadEuicc *euicc, GVariant *options, GError **error)
{
  DownloadOp *self = g_new0 (DownloadOp, 1);
  g_auto (Source) source = { 0 };
  char *confirmation_code = NULL;
  g_autoptr (GVariant) releases = NULL;
  const LpadOption table[] = {
    { "activation-code", "s", &source.activation_code, NULL },
    { "smdp-address", "s", &source.smdp_address, NULL },
    { "matching-id", "s", &source.matching_id, NULL },
    { "use-default", "b", &source.use_default, NULL },
    { "event", "s", &self->event, NULL },
    { "confirmation-code", "s", &confirmation_code, NULL },
    { "imei", "s", &self->device.imei, NULL },
    { "tac", "s", &self->device.tac, NULL },
    { "releases", "a{sy}", &releases, NULL },
    { "enable", "b", &self->enable, NULL },
    { "nickname", "s", &self->nickname, NULL },
    { "consent", "b", &self->consent, NULL },
    { "accept-policy-rules", "b", &self->accept_rules, NULL },
  };
  gboolean understood = lpad_options_read (options, table, G_N_ELEMENTS (table), error);

  if (confirmation_code != NULL)
    self->confirmation_code = lpad_secret_new_take_text (confirmation_code);
  if (understood && read_releases (releases, self->device.releases, error) && check_options (self, error))
    self->code = find_order (euicc, &source, self, error);
  if (self->code != NULL)
    return self;
  download_op_free (self);
  return NULL;
}

/* Takes over @invocation and @self. */
static void
start (LpadEuicc *euicc, GDBusMethodInvocation *invocation, DownloadOp *self)
{
  g_autoptr (GError) error = NULL;
  LpadOperation *operation = lpad_operation_start (
      euicc, &kind, g_dbus_method_invocation_get_sender (invocation), self, download_op_free, &error);

  if (operation == NULL)
    lpad_bus_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new ("(o)", lpad_operation_path (operation)));
}

static void
on_may_unattended (const GError *error, gpointer user_data)
{
  UnattendedCall *call = user_data;

  if (error == NULL)
    start (call->euicc, call->invocation, call->download);
  else
    {
      lpad_bus_error_return (call->invocation, error);
      download_op_free (call->download);
    }
  g_object_unref (call->euicc);
  g_free (call);
}

void
lpad_download_op_call (LpadEuicc *euicc, GDBusMethodInvocation *invocation, GVariant *options)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (invocation);
  LpadCore *core = lpad_euicc_core (euicc);
  g_autoptr (GError) error = NULL;
  DownloadOp *self = read_options (euicc, options, &error);
  UnattendedCall *call;

  if (self == NULL)
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  if (!self->consent || core->config->unattended)
    {
      start (euicc, invocation, self);
      return;
    }
  call = g_new0 (UnattendedCall, 1);
  call->euicc = g_object_ref (euicc);
  call->invocation = invocation;
  call->download = self;
  lpad_auth_check (core->auth,
                   g_dbus_method_invocation_get_sender (invocation),
                   LPAD_POLKIT_UNATTENDED,
                   g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
                   on_may_unattended,
                   call);
}
