/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download-options.h"

#include <string.h>

#include "address.h"
#include "changeover.h"
#include "error-details.h"
#include "options.h"
#include "switch.h"

void
lpad_download_options_free (LpadDownloadOptions *options)
{
  if (options == NULL)
    return;
  g_clear_pointer (&options->code, lpad_activation_code_free);
  g_clear_pointer (&options->confirmation_code, lpad_secret_unref);
  g_free (options->event);
  g_free (options->smds_address);
  lpad_device_clear (&options->device);
  g_free (options->nickname);
  g_strfreev (options->search);
  g_free (options);
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
      error,
      LPAD_ERROR,
      LPAD_ERROR_WRONG_STATE,
      "No default server (SM-DP+) is set on the chip: set one first, or use an activation code.");
  return NULL;
}

static LpadActivationCode *
find_waiting (LpadEuicc *euicc, LpadDownloadOptions *self, GError **error)
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
find_order (LpadEuicc *euicc, const Source *source, LpadDownloadOptions *self, GError **error)
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
check_options (const LpadDownloadOptions *self, const LpadConfig *config, GError **error)
{
  if (self->provisioning == LPAD_PROVISIONING_WANTED && config->provisioning_use == LPAD_PROVISIONING_NEVER)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_NOT_SUPPORTED,
                           "The configuration of this device does not allow to use a provisioning profile.");
      return FALSE;
    }
  if (self->accept_rules && !self->consent)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "The option “accept-policy-rules” needs “consent”; without it the user is asked.");
      return FALSE;
    }
  return lpad_changeover_check_trial (self->trial_s, error) && lpad_device_check (&self->device, error)
         && (self->nickname == NULL || lpad_switch_check_nickname (self->nickname, error));
}

gboolean
lpad_download_options_read_releases (GVariant *given, guint8 releases[LPAD_RELEASES], GError **error)
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

LpadDownloadOptions *
lpad_download_options_read (LpadEuicc *euicc, GVariant *options, GError **error)
{
  g_autoptr (LpadDownloadOptions) self = g_new0 (LpadDownloadOptions, 1);
  g_auto (Source) source = { 0 };
  char *confirmation_code = NULL;
  g_autoptr (GVariant) releases = NULL;
  gboolean use_provisioning = FALSE, use_given = FALSE;
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
    { "rollback-timeout", "u", &self->trial_s, &self->trial_given },
    { "nickname", "s", &self->nickname, NULL },
    { "consent", "b", &self->consent, NULL },
    { "accept-policy-rules", "b", &self->accept_rules, NULL },
    { "use-provisioning", "b", &use_provisioning, &use_given },
  };
  gboolean understood = lpad_options_read (options, table, G_N_ELEMENTS (table), error);

  if (confirmation_code != NULL)
    self->confirmation_code = lpad_secret_new_take_text (confirmation_code);
  if (use_given)
    self->provisioning = use_provisioning ? LPAD_PROVISIONING_WANTED : LPAD_PROVISIONING_UNWANTED;
  if (understood && lpad_download_options_read_releases (releases, self->device.releases, error)
      && check_options (self, lpad_euicc_core (euicc)->config, error))
    self->code = find_order (euicc, &source, self, error);
  return self->code != NULL ? g_steal_pointer (&self) : NULL;
}

static LpadActivationCode *
find_first (LpadEuicc *euicc, const LpadConfig *config, LpadDownloadOptions *self, GError **error)
{
  if (g_strcmp0 (config->first_boot_smdp, "default") == 0)
    return find_default (euicc, error);
  if (config->first_boot_smdp != NULL)
    return make_code (config->first_boot_smdp, NULL, error);
  self->search = lpad_discover_servers (
      lpad_euicc_inventory (euicc), (const char *const *) config->discovery_servers, error);
  return self->search != NULL ? make_code (self->search[0], NULL, error) : NULL;
}

LpadDownloadOptions *
lpad_download_options_first_boot (LpadEuicc *euicc, GError **error)
{
  const LpadConfig *config = lpad_euicc_core (euicc)->config;
  g_autoptr (LpadDownloadOptions) self = g_new0 (LpadDownloadOptions, 1);

  self->enable = config->first_boot_enable;
  self->consent = config->first_boot_consent;
  self->accept_rules = config->first_boot_accept_rules;
  self->provisioning
      = config->first_boot_provisioning ? LPAD_PROVISIONING_WANTED : LPAD_PROVISIONING_NOT_SAID;
  self->code = find_first (euicc, config, self, error);
  return self->code != NULL ? g_steal_pointer (&self) : NULL;
}
