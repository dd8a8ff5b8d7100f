/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manager.h"

#include "bus-error.h"
#include "options.h"

struct _LpadManager
{
  LpadBusManagerSkeleton parent_instance;

  LpadCore *core;
  LpadSlots *slots;
};

static void lpad_manager_iface_init (LpadBusManagerIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadManager,
                               lpad_manager,
                               LPAD_BUS_TYPE_MANAGER_SKELETON,
                               G_IMPLEMENT_INTERFACE (LPAD_BUS_TYPE_MANAGER, lpad_manager_iface_init))

static void
on_may_rescan (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadManager *manager = LPAD_MANAGER (user_data);
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 0);
  g_autoptr (GError) error = NULL;

  if (!lpad_options_none (options, &error))
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  if (manager->slots != NULL)
    lpad_slots_rescan (manager->slots);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static gboolean
handle_rescan (LpadBusManager *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  LpadManager *manager = LPAD_MANAGER (interface);

  lpad_auth_method (manager->core->auth, invocation, manager, NULL, on_may_rescan);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
publish_issuers (LpadManager *manager)
{
  lpad_bus_manager_set_issuers (LPAD_BUS_MANAGER (manager), lpad_issuers_describe (manager->core->issuers));
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (manager));
}

/* The octets of an argument; the message that it comes in has a limit of its own. */
static GBytes *
get_octets (GVariant *parameters, gsize index)
{
  g_autoptr (GVariant) octets = g_variant_get_child_value (parameters, index);

  return g_variant_get_data_as_bytes (octets);
}

static void
on_may_inspect_issuer (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadManager *manager = LPAD_MANAGER (user_data);
  g_autoptr (GBytes) certificate = get_octets (parameters, 0);
  g_autoptr (GError) error = NULL;
  GVariant *issuer = lpad_issuers_inspect (manager->core->issuers, certificate, &error);

  if (issuer == NULL)
    lpad_bus_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@a{sv})", issuer));
}

static gboolean
handle_inspect_issuer (LpadBusManager *interface, GDBusMethodInvocation *invocation, GVariant *certificate)
{
  LpadManager *manager = LPAD_MANAGER (interface);

  lpad_auth_method (manager->core->auth, invocation, manager, NULL, on_may_inspect_issuer);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_may_add_issuer (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadManager *manager = LPAD_MANAGER (user_data);
  g_autoptr (GBytes) certificate = get_octets (parameters, 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *key_identifier = NULL;
  gboolean test = FALSE;
  const LpadOption table[] = { { "test", "b", &test, NULL } };

  if (lpad_options_read (options, table, G_N_ELEMENTS (table), &error))
    key_identifier = lpad_issuers_add (manager->core->issuers, certificate, test, &error);
  if (key_identifier == NULL)
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  publish_issuers (manager);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", key_identifier));
}

static gboolean
handle_add_issuer (LpadBusManager *interface,
                   GDBusMethodInvocation *invocation,
                   GVariant *certificate,
                   GVariant *options)
{
  LpadManager *manager = LPAD_MANAGER (interface);

  lpad_auth_method (manager->core->auth, invocation, manager, NULL, on_may_add_issuer);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_may_remove_issuer (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadManager *manager = LPAD_MANAGER (user_data);
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 1);
  g_autoptr (GError) error = NULL;
  const char *fingerprint = NULL;

  g_variant_get_child (parameters, 0, "&s", &fingerprint);
  if (!lpad_options_none (options, &error)
      || !lpad_issuers_remove (manager->core->issuers, fingerprint, &error))
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  publish_issuers (manager);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static gboolean
handle_remove_issuer (LpadBusManager *interface,
                      GDBusMethodInvocation *invocation,
                      const char *fingerprint,
                      GVariant *options)
{
  LpadManager *manager = LPAD_MANAGER (interface);

  lpad_auth_method (manager->core->auth, invocation, manager, NULL, on_may_remove_issuer);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
lpad_manager_iface_init (LpadBusManagerIface *iface)
{
  iface->handle_rescan = handle_rescan;
  iface->handle_inspect_issuer = handle_inspect_issuer;
  iface->handle_add_issuer = handle_add_issuer;
  iface->handle_remove_issuer = handle_remove_issuer;
}

static void
lpad_manager_class_init (LpadManagerClass *class)
{
}

static void
lpad_manager_init (LpadManager *manager)
{
}

LpadManager *
lpad_manager_new (LpadCore *core)
{
  LpadManager *manager = g_object_new (LPAD_TYPE_MANAGER, NULL);
  LpadBusManager *bus = LPAD_BUS_MANAGER (manager);

  manager->core = core;
  lpad_bus_manager_set_version (bus, LPAD_VERSION);
  lpad_bus_manager_set_test_mode (bus, core->config->test_mode);
  lpad_bus_manager_set_known_issuers (bus, lpad_issuers_describe_known ());
  publish_issuers (manager);
  return manager;
}

void
lpad_manager_set_slots (LpadManager *manager, LpadSlots *slots)
{
  manager->slots = slots;
}
