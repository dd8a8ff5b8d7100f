/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "discover-op.h"

#include "address.h"
#include "bus-error.h"
#include "download-options.h"
#include "error-details.h"
#include "euicc-device.h"
#include "options.h"

/* A search at the SM-DSs (SGP.22 3.6.2) as its caller sees it. */
typedef struct
{
  char **servers;
  LpadDevice device; /* as the caller says */
  gboolean by_itself;
  LpadDiscovery *found;
} DiscoverOp;

typedef struct
{
  LpadJob job;
  char **servers;
  LpadDevice device;
  LpadDiscovery *found;
} DiscoverJob;

static void start_discover (LpadOperation *operation);
static void describe_discover (LpadOperation *operation, GVariantDict *result);

static const LpadStage stages[] = { { "discovering", 0.0, 1.0, TRUE }, { NULL, 0, 0, FALSE } };
static const LpadOperationKind kind = {
  .name = "discover",
  .stages = stages,
  .start = start_discover,
  .describe = describe_discover,
};

static void
discover_op_free (gpointer data)
{
  DiscoverOp *self = data;

  g_strfreev (self->servers);
  lpad_device_clear (&self->device);
  g_clear_pointer (&self->found, lpad_discovery_free);
  g_free (self);
}

static void
clear_discover (LpadJob *job)
{
  DiscoverJob *self = (DiscoverJob *) job;

  g_strfreev (self->servers);
  lpad_device_clear (&self->device);
  g_clear_pointer (&self->found, lpad_discovery_free);
}

static void
run_discover (LpadJob *job, LpadWorkbench *bench)
{
  DiscoverJob *self = (DiscoverJob *) job;

  self->found = lpad_discover (bench->chip,
                               bench->context,
                               bench->inventory,
                               (const char *const *) self->servers,
                               &self->device,
                               &bench->progress,
                               job->cancellable,
                               &job->error);
}

static void
on_discovered (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  LpadEuicc *euicc = lpad_operation_euicc (operation);
  DiscoverOp *self = lpad_operation_data (operation);
  g_autoptr (GError) error = g_steal_pointer (&job->error);

  lpad_operation_take (operation, job);
  self->found = g_steal_pointer (&((DiscoverJob *) job)->found);
  if (self->found != NULL)
    {
      lpad_euicc_take_waiting (euicc, self->found);
      error = lpad_discovery_error (self->found);
    }
  if (self->by_itself && error != NULL)
    g_message ("Looking for profiles that wait: %s", error->message);
  lpad_operation_finish (operation, error, NULL);
}

static void
start_discover (LpadOperation *operation)
{
  DiscoverOp *self = lpad_operation_data (operation);
  DiscoverJob *job = g_new0 (DiscoverJob, 1);

  job->job.run = run_discover;
  job->job.done = on_discovered;
  job->job.clear = clear_discover;
  job->servers = g_strdupv (self->servers);
  lpad_device_copy (&job->device, &self->device);
  lpad_euicc_device_complete (lpad_operation_euicc (operation), &job->device);
  lpad_operation_push (operation, &job->job);
}

static GVariant *
describe_profiles (GPtrArray *profiles)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < profiles->len; i++)
    {
      const LpadWaitingProfile *profile = g_ptr_array_index (profiles, i);
      g_autofree char *id = lpad_waiting_profile_id (profile);

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&builder, "{sv}", "id", g_variant_new_string (id));
      g_variant_builder_add (&builder, "{sv}", "smdp-address", g_variant_new_string (profile->smdp_address));
      g_variant_builder_add (&builder, "{sv}", "smds-address", g_variant_new_string (profile->smds_address));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_failures (GPtrArray *failures)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < failures->len; i++)
    {
      const LpadDiscoveryFailure *failure = g_ptr_array_index (failures, i);
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      lpad_bus_error_describe (failure->error, &dict);
      g_variant_dict_insert (&dict, "address", "s", failure->address);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

static void
describe_discover (LpadOperation *operation, GVariantDict *result)
{
  DiscoverOp *self = lpad_operation_data (operation);

  if (self->found == NULL)
    return;
  g_variant_dict_insert_value (result, "offers", describe_profiles (self->found->profiles));
  g_variant_dict_insert_value (result, "failures", describe_failures (self->found->failures));
}

/* The one server that the caller names, or all that chip and configuration name. */
static char **
find_servers (LpadEuicc *euicc, const char *smds_address, GError **error)
{
  const LpadConfig *config = lpad_euicc_core (euicc)->config;
  g_autofree char *address = NULL;
  char *one[] = { NULL, NULL };

  if (smds_address == NULL)
    return lpad_discover_servers (
        lpad_euicc_inventory (euicc), (const char *const *) config->discovery_servers, error);
  address = lpad_address_normalise (smds_address, strlen (smds_address), error);
  one[0] = address;
  return address != NULL ? g_strdupv (one) : NULL;
}

/* Fills @self; what has been read until an error belongs to it all the same. */
static gboolean
read_options (LpadEuicc *euicc, GVariant *options, DiscoverOp *self, GError **error)
{
  g_autofree char *smds_address = NULL;
  g_autoptr (GVariant) releases = NULL;
  const LpadOption table[] = {
    { "smds-address", "s", &smds_address, NULL },
    { "imei", "s", &self->device.imei, NULL },
    { "tac", "s", &self->device.tac, NULL },
    { "releases", "a{sy}", &releases, NULL },
  };

  if (options != NULL
      && (!lpad_options_read (options, table, G_N_ELEMENTS (table), error)
          || !lpad_download_options_read_releases (releases, self->device.releases, error)
          || !lpad_device_check (&self->device, error)))
    return FALSE;
  self->servers = find_servers (euicc, smds_address, error);
  return self->servers != NULL;
}

LpadOperation *
lpad_discover_op_start (LpadEuicc *euicc, GVariant *options, const char *sender, GError **error)
{
  DiscoverOp *self = g_new0 (DiscoverOp, 1);

  if (!read_options (euicc, options, self, error))
    {
      discover_op_free (self);
      return NULL;
    }
  self->by_itself = sender == NULL;
  return lpad_operation_start (euicc, &kind, sender, self, discover_op_free, error);
}
