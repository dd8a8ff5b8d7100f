/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notification-object.h"

#include "bus-error.h"
#include "bus-object.h"
#include "identifiers.h"
#include "operation-kinds.h"
#include "options.h"

struct _LpadNotificationObject
{
  LpadBusNotificationSkeleton parent_instance;

  LpadEuicc *euicc;
  char *path;
  guint64 sequence_number;
};

static void lpad_notification_object_iface_init (LpadBusNotificationIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadNotificationObject,
                               lpad_notification_object,
                               LPAD_BUS_TYPE_NOTIFICATION_SKELETON,
                               G_IMPLEMENT_INTERFACE (LPAD_BUS_TYPE_NOTIFICATION,
                                                      lpad_notification_object_iface_init))

typedef struct
{
  LpadJob job;
  guint64 sequence_number;
} RemoveJob;

static void
remove_job (LpadJob *job, LpadWorkbench *bench)
{
  RemoveJob *self = (RemoveJob *) job;

  if (!lpad_notify_remove (bench->chip, self->sequence_number, job->cancellable, &job->error))
    g_debug ("Removing a notification: %s", job->error->message);
  lpad_job_reread (job, bench);
}

static void
on_may_remove (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadNotificationObject *object = LPAD_NOTIFICATION_OBJECT (user_data);
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  gboolean force = FALSE;
  const LpadOption table[] = { { "force", "b", &force, NULL } };
  RemoveJob *job;

  g_variant_get (parameters, "(@a{sv})", &options);
  if (lpad_options_read (options, table, G_N_ELEMENTS (table), &error) && !force)
    g_set_error_literal (
        &error,
        LPAD_ERROR,
        LPAD_ERROR_INVALID_ARGUMENTS,
        "The operator's server would never learn of the event: this needs the option “force”.");
  if (error != NULL)
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  job = g_new0 (RemoveJob, 1);
  job->job.run = remove_job;
  job->sequence_number = object->sequence_number;
  lpad_euicc_call (object->euicc, &job->job, invocation, NULL);
}

static gboolean
handle_remove (LpadBusNotification *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  LpadNotificationObject *object = LPAD_NOTIFICATION_OBJECT (interface);

  lpad_auth_method (lpad_euicc_core (object->euicc)->auth, invocation, object, NULL, on_may_remove);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_may_send (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadNotificationObject *object = LPAD_NOTIFICATION_OBJECT (user_data);
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  LpadOperation *operation;

  g_variant_get (parameters, "(@a{sv})", &options);
  operation = lpad_euicc_core (object->euicc)
                  ->kinds->notify (object->euicc,
                                   &object->sequence_number,
                                   options,
                                   g_dbus_method_invocation_get_sender (invocation),
                                   &error);
  if (operation == NULL)
    lpad_bus_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new ("(o)", lpad_operation_path (operation)));
}

static gboolean
handle_send (LpadBusNotification *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  LpadNotificationObject *object = LPAD_NOTIFICATION_OBJECT (interface);

  lpad_auth_method (lpad_euicc_core (object->euicc)->auth, invocation, object, NULL, on_may_send);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
lpad_notification_object_iface_init (LpadBusNotificationIface *iface)
{
  iface->handle_send = handle_send;
  iface->handle_remove = handle_remove;
}

static void
lpad_notification_object_finalize (GObject *gobject)
{
  LpadNotificationObject *object = LPAD_NOTIFICATION_OBJECT (gobject);

  g_object_unref (object->euicc);
  g_free (object->path);
  G_OBJECT_CLASS (lpad_notification_object_parent_class)->finalize (gobject);
}

static void
lpad_notification_object_class_init (LpadNotificationObjectClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_notification_object_finalize;
}

static void
lpad_notification_object_init (LpadNotificationObject *object)
{
}

LpadNotificationObject *
lpad_notification_object_new (LpadEuicc *euicc, const LpadNotificationInfo *info)
{
  LpadNotificationObject *object = g_object_new (LPAD_TYPE_NOTIFICATION_OBJECT, NULL);
  LpadBusNotification *bus = LPAD_BUS_NOTIFICATION (object);
  g_autofree char *iccid = NULL;

  object->euicc = g_object_ref (euicc);
  object->sequence_number = info->sequence_number;
  object->path = g_strdup_printf (LPAD_BUS_NOTIFICATION_PATH, lpad_euicc_path (euicc), info->sequence_number);
  if (info->iccid != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (info->iccid, &size);

      iccid = lpad_iccid_to_string (data, size);
    }
  lpad_bus_notification_set_sequence_number (bus, info->sequence_number);
  lpad_bus_notification_set_event (bus, lpad_event_to_string (info->event));
  lpad_bus_notification_set_address (bus, info->address != NULL ? info->address : info->address_text);
  lpad_bus_notification_set_iccid (bus, iccid != NULL ? iccid : "");
  lpad_bus_notification_set_last_error (bus, "");
  lpad_bus_object_export (lpad_euicc_core (euicc), object->path, object);
  return object;
}

const char *
lpad_notification_object_path (LpadNotificationObject *object)
{
  return object->path;
}

char *
lpad_notification_object_recipient (const LpadNotificationInfo *info)
{
  return info->address != NULL ? lpad_notify_recipient (info->address)
                               : g_strdup_printf ("%" G_GUINT64_FORMAT, info->sequence_number);
}

void
lpad_notification_object_set_attempts (LpadNotificationObject *object,
                                       const LpadAttempts *attempts,
                                       const char *last_error)
{
  LpadBusNotification *bus = LPAD_BUS_NOTIFICATION (object);

  lpad_bus_notification_set_attempts (bus, attempts->failures);
  lpad_bus_notification_set_next_attempt (bus, (guint64) attempts->next);
  lpad_bus_notification_set_last_error (bus, last_error != NULL ? last_error : "");
}
