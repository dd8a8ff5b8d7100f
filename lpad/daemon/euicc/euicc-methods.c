/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc-methods.h"

#include "address.h"
#include "bus-error.h"
#include "euicc.h"
#include "interruption.h"
#include "interruptions.h"
#include "operation-kinds.h"
#include "options.h"
#include "switch.h"

typedef struct
{
  LpadJob job;
  char *address;
} AddressJob;

typedef struct
{
  LpadJob job;
  LpadJournal *journal;
} ReloadJob;

static void
reload_job (LpadJob *job, LpadWorkbench *bench)
{
  lpad_job_set_inventory (job, bench, lpad_inventory_read (bench->chip, job->cancellable, &job->error));
  if (job->inventory != NULL)
    job->interrupted = lpad_interruption_look (((ReloadJob *) job)->journal, bench->chip, job->inventory);
}

static void
clear_address_job (LpadJob *job)
{
  g_free (((AddressJob *) job)->address);
}

static void
address_job (LpadJob *job, LpadWorkbench *bench)
{
  LpadInventory *after = NULL;

  if (!lpad_switch_set_default_smdp_address (
          bench->chip, ((AddressJob *) job)->address, &after, job->cancellable, &job->error))
    g_debug ("Setting the default SM-DP+: %s", job->error->message);
  lpad_job_set_inventory (job, bench, after);
}

/* @allowed is called once the caller has been found to be allowed to. */
static gboolean
authorise (LpadBusEuicc *interface, GDBusMethodInvocation *invocation, LpadAuthMethodFunc allowed)
{
  LpadEuicc *euicc = LPAD_EUICC (interface);

  lpad_auth_method (lpad_euicc_core (euicc)->auth, invocation, euicc, NULL, allowed);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static const LpadOperationKinds *
kinds_of (gpointer euicc)
{
  return lpad_euicc_core (LPAD_EUICC (euicc))->kinds;
}

/* @operation: NULL: @error says why */
static void
answer_with_operation (GDBusMethodInvocation *invocation, LpadOperation *operation, const GError *error)
{
  if (operation == NULL)
    lpad_bus_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new ("(o)", lpad_operation_path (operation)));
}

static void
on_may_download (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  g_autoptr (GVariant) options = NULL;

  g_variant_get (parameters, "(@a{sv})", &options);
  kinds_of (user_data)->download (LPAD_EUICC (user_data), invocation, options);
}

static gboolean
handle_download (LpadBusEuicc *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  return authorise (interface, invocation, on_may_download);
}

static void
on_may_discover (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  LpadOperation *operation;

  g_variant_get (parameters, "(@a{sv})", &options);
  operation = kinds_of (user_data)->discover (
      LPAD_EUICC (user_data), options, g_dbus_method_invocation_get_sender (invocation), &error);
  answer_with_operation (invocation, operation, error);
}

static gboolean
handle_discover (LpadBusEuicc *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  return authorise (interface, invocation, on_may_discover);
}

static void
on_may_reset (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  g_autofree const char **what = NULL;
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  LpadOperation *operation;

  g_variant_get (parameters, "(^a&s@a{sv})", &what, &options);
  operation = kinds_of (user_data)->reset (
      LPAD_EUICC (user_data), what, options, g_dbus_method_invocation_get_sender (invocation), &error);
  answer_with_operation (invocation, operation, error);
}

static gboolean
handle_reset (LpadBusEuicc *interface,
              GDBusMethodInvocation *invocation,
              const char *const *what,
              GVariant *options)
{
  return authorise (interface, invocation, on_may_reset);
}

static void
on_may_send (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  LpadOperation *operation;

  g_variant_get (parameters, "(@a{sv})", &options);
  operation = kinds_of (user_data)->notify (
      LPAD_EUICC (user_data), NULL, options, g_dbus_method_invocation_get_sender (invocation), &error);
  answer_with_operation (invocation, operation, error);
}

static gboolean
handle_send_notifications (LpadBusEuicc *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  return authorise (interface, invocation, on_may_send);
}

static void
on_may_set_address (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;
  const char *text;
  AddressJob *job;

  g_variant_get (parameters, "(&s@a{sv})", &text, &options);
  if (lpad_options_none (options, &error))
    address = *text == '\0' ? g_strdup ("") : lpad_address_normalise (text, strlen (text), &error);
  if (address == NULL)
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  job = g_new0 (AddressJob, 1);
  job->job.run = address_job;
  job->job.clear = clear_address_job;
  job->address = g_steal_pointer (&address);
  lpad_euicc_call (LPAD_EUICC (user_data), &job->job, invocation, NULL);
}

static gboolean
handle_set_default_smdp_address (LpadBusEuicc *interface,
                                 GDBusMethodInvocation *invocation,
                                 const char *address,
                                 GVariant *options)
{
  return authorise (interface, invocation, on_may_set_address);
}

static void
on_may_reload (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  ReloadJob *job;

  g_variant_get (parameters, "(@a{sv})", &options);
  if (!lpad_options_none (options, &error))
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  job = g_new0 (ReloadJob, 1);
  job->job.run = reload_job;
  job->journal = lpad_euicc_core (LPAD_EUICC (user_data))->journal;
  lpad_euicc_call (LPAD_EUICC (user_data), &job->job, invocation, NULL);
}

static gboolean
handle_reload (LpadBusEuicc *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  return authorise (interface, invocation, on_may_reload);
}

static void
on_may_acknowledge (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadEuicc *euicc = LPAD_EUICC (user_data);
  LpadInterruptions *interruptions = lpad_euicc_interruptions (euicc);
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;

  g_variant_get (parameters, "(@a{sv})", &options);
  if (!lpad_options_none (options, &error))
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  if (interruptions != NULL)
    lpad_interruptions_acknowledge (interruptions);
  lpad_euicc_flush (euicc);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static gboolean
handle_acknowledge_interruptions (LpadBusEuicc *interface,
                                  GDBusMethodInvocation *invocation,
                                  GVariant *options)
{
  return authorise (interface, invocation, on_may_acknowledge);
}

void
lpad_euicc_methods_init (LpadBusEuiccIface *iface)
{
  iface->handle_download = handle_download;
  iface->handle_discover = handle_discover;
  iface->handle_reset = handle_reset;
  iface->handle_send_notifications = handle_send_notifications;
  iface->handle_set_default_smdp_address = handle_set_default_smdp_address;
  iface->handle_reload = handle_reload;
  iface->handle_acknowledge_interruptions = handle_acknowledge_interruptions;
}
