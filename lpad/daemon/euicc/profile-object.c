/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile-object.h"

#include "bus-error.h"
#include "bus-object.h"
#include "connections.h"
#include "identifiers.h"
#include "operation-kinds.h"
#include "options.h"
#include "permit.h"
#include "switch.h"
#include "text.h"

struct _LpadProfileObject
{
  LpadBusProfileSkeleton parent_instance;

  LpadEuicc *euicc;
  char *path;
  GBytes *iccid;
};

static void lpad_profile_object_iface_init (LpadBusProfileIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadProfileObject,
                               lpad_profile_object,
                               LPAD_BUS_TYPE_PROFILE_SKELETON,
                               G_IMPLEMENT_INTERFACE (LPAD_BUS_TYPE_PROFILE, lpad_profile_object_iface_init))

typedef struct
{
  LpadJob job;
  GBytes *iccid;
  char *nickname;
  LpadIconType icon_type;
  GBytes *icon;
} ProfileJob;

static void
clear_profile_job (LpadJob *job)
{
  ProfileJob *self = (ProfileJob *) job;

  g_bytes_unref (self->iccid);
  g_free (self->nickname);
  g_clear_pointer (&self->icon, g_bytes_unref);
}

static ProfileJob *
profile_job_new (LpadProfileObject *object, void (*run) (LpadJob *job, LpadWorkbench *bench))
{
  ProfileJob *job = g_new0 (ProfileJob, 1);

  job->job.run = run;
  job->job.clear = clear_profile_job;
  job->iccid = g_bytes_ref (object->iccid);
  return job;
}

static void
rename_job (LpadJob *job, LpadWorkbench *bench)
{
  ProfileJob *self = (ProfileJob *) job;
  LpadInventory *after = NULL;

  if (!lpad_switch_rename (
          bench->chip, bench->inventory, self->iccid, self->nickname, &after, job->cancellable, &job->error))
    g_debug ("Renaming: %s", job->error->message);
  lpad_job_set_inventory (job, bench, after);
}

static void
icon_job (LpadJob *job, LpadWorkbench *bench)
{
  ProfileJob *self = (ProfileJob *) job;

  self->icon
      = lpad_inventory_icon (bench->chip, self->iccid, &self->icon_type, job->cancellable, &job->error);
}

static GVariant *
icon_answer (LpadJob *job)
{
  ProfileJob *self = (ProfileJob *) job;

  return g_variant_new ("(s@ay)",
                        lpad_icon_type_to_string (self->icon_type),
                        g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, self->icon, TRUE));
}

static void
on_may_get_icon (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (user_data);

  lpad_euicc_call (object->euicc, (LpadJob *) profile_job_new (object, icon_job), invocation, icon_answer);
}

static gboolean
handle_get_icon (LpadBusProfile *interface, GDBusMethodInvocation *invocation)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (interface);

  lpad_auth_method (lpad_euicc_core (object->euicc)->auth, invocation, object, NULL, on_may_get_icon);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_may_rename (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (user_data);
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  const char *nickname;
  ProfileJob *job;

  g_variant_get (parameters, "(&s@a{sv})", &nickname, &options);
  if (!lpad_options_none (options, &error) || !lpad_switch_check_nickname (nickname, &error))
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  job = profile_job_new (object, rename_job);
  job->nickname = g_strdup (nickname);
  lpad_euicc_call (object->euicc, &job->job, invocation, NULL);
}

static gboolean
handle_set_nickname (LpadBusProfile *interface,
                     GDBusMethodInvocation *invocation,
                     const char *nickname,
                     GVariant *options)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (interface);

  lpad_auth_method (lpad_euicc_core (object->euicc)->auth, invocation, object, NULL, on_may_rename);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
start_switch (LpadProfileObject *object,
              LpadSwitch what,
              GDBusMethodInvocation *invocation,
              GVariant *parameters)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  LpadOperation *operation;

  g_variant_get (parameters, "(@a{sv})", &options);
  operation = lpad_euicc_core (object->euicc)
                  ->kinds->change (object->euicc,
                                   what,
                                   object->iccid,
                                   options,
                                   g_dbus_method_invocation_get_sender (invocation),
                                   &error);
  if (operation == NULL)
    lpad_bus_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new ("(o)", lpad_operation_path (operation)));
}

static void
on_may_enable (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  start_switch (LPAD_PROFILE_OBJECT (user_data), LPAD_SWITCH_ENABLE, invocation, parameters);
}

static void
on_may_disable (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  start_switch (LPAD_PROFILE_OBJECT (user_data), LPAD_SWITCH_DISABLE, invocation, parameters);
}

static void
on_may_delete (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  start_switch (LPAD_PROFILE_OBJECT (user_data), LPAD_SWITCH_DELETE, invocation, parameters);
}

static gboolean
handle_enable (LpadBusProfile *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (interface);

  lpad_auth_method (lpad_euicc_core (object->euicc)->auth, invocation, object, NULL, on_may_enable);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_disable (LpadBusProfile *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (interface);

  lpad_auth_method (lpad_euicc_core (object->euicc)->auth, invocation, object, NULL, on_may_disable);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_delete (LpadBusProfile *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (interface);

  lpad_auth_method (lpad_euicc_core (object->euicc)->auth, invocation, object, NULL, on_may_delete);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
lpad_profile_object_iface_init (LpadBusProfileIface *iface)
{
  iface->handle_get_icon = handle_get_icon;
  iface->handle_set_nickname = handle_set_nickname;
  iface->handle_enable = handle_enable;
  iface->handle_disable = handle_disable;
  iface->handle_delete = handle_delete;
}

static void
lpad_profile_object_finalize (GObject *gobject)
{
  LpadProfileObject *object = LPAD_PROFILE_OBJECT (gobject);

  g_object_unref (object->euicc);
  g_bytes_unref (object->iccid);
  g_free (object->path);
  G_OBJECT_CLASS (lpad_profile_object_parent_class)->finalize (gobject);
}

static void
lpad_profile_object_class_init (LpadProfileObjectClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_profile_object_finalize;
}

static void
lpad_profile_object_init (LpadProfileObject *object)
{
}

static GVariant *
octets (GBytes *bytes)
{
  if (bytes == NULL)
    return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, "", 0, TRUE, NULL, NULL);
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

GVariant *
lpad_profile_object_owner (const LpadProfile *profile)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (profile->owner_mcc_mnc != NULL)
    g_variant_dict_insert (&dict, "mcc-mnc", "s", profile->owner_mcc_mnc);
  if (profile->owner_gid1 != NULL)
    g_variant_dict_insert_value (&dict, "gid1", octets (profile->owner_gid1));
  if (profile->owner_gid2 != NULL)
    g_variant_dict_insert_value (&dict, "gid2", octets (profile->owner_gid2));
  return g_variant_dict_end (&dict);
}

void
lpad_profile_object_update (LpadProfileObject *object, const LpadProfile *profile)
{
  LpadBusProfile *bus = LPAD_BUS_PROFILE (object);
  g_auto (GStrv) rules = lpad_policy_rules_to_strv (profile->policy_rules);

  lpad_bus_profile_set_isdp_aid (bus, octets (profile->isdp_aid));
  lpad_bus_profile_set_state (bus, lpad_profile_state_to_string (profile->state));
  lpad_bus_profile_set_class (bus, lpad_profile_class_to_string (profile->profile_class));
  lpad_bus_profile_set_nickname (bus, profile->nickname != NULL ? profile->nickname : "");
  lpad_bus_profile_set_service_provider (bus,
                                         profile->service_provider != NULL ? profile->service_provider : "");
  lpad_bus_profile_set_name (bus, profile->name != NULL ? profile->name : "");
  lpad_bus_profile_set_owner (bus, lpad_profile_object_owner (profile));
  lpad_bus_profile_set_icon_type (bus, lpad_icon_type_to_string (profile->icon_type));
  lpad_bus_profile_set_policy_rules (bus, (const char *const *) rules);
  lpad_bus_profile_set_can_disable (bus, lpad_permit_disable (profile, NULL));
  lpad_bus_profile_set_can_delete (bus, lpad_permit_delete (profile, NULL));
  lpad_bus_profile_set_connection (
      bus,
      lpad_connections_find (lpad_euicc_core (object->euicc)->connections, lpad_bus_profile_get_iccid (bus)));
}

LpadProfileObject *
lpad_profile_object_new (LpadEuicc *euicc, guint number, const LpadProfile *profile)
{
  LpadProfileObject *object = g_object_new (LPAD_TYPE_PROFILE_OBJECT, NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (profile->iccid, &size);
  g_autofree char *iccid = lpad_iccid_to_string (data, size);

  object->euicc = g_object_ref (euicc);
  object->iccid = g_bytes_ref (profile->iccid);
  object->path = g_strdup_printf (LPAD_BUS_PROFILE_PATH, lpad_euicc_path (euicc), number);
  lpad_bus_profile_set_euicc (LPAD_BUS_PROFILE (object), lpad_euicc_path (euicc));
  lpad_bus_profile_set_iccid (LPAD_BUS_PROFILE (object), iccid);
  lpad_profile_object_update (object, profile);
  lpad_bus_object_export (lpad_euicc_core (euicc), object->path, object);
  return object;
}

const char *
lpad_profile_object_path (LpadProfileObject *object)
{
  return object->path;
}
