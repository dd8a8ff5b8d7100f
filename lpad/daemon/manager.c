/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manager.h"

#include "bus-error.h"
#include "hex.h"
#include "options.h"

struct _LpadManager
{
  LpadBusManagerSkeleton parent_instance;

  LpadCore *core;
  LpadReaders *readers;
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
  if (manager->readers != NULL)
    lpad_readers_rescan (manager->readers);
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
lpad_manager_iface_init (LpadBusManagerIface *iface)
{
  iface->handle_rescan = handle_rescan;
}

static void
lpad_manager_class_init (LpadManagerClass *class)
{
}

static void
lpad_manager_init (LpadManager *manager)
{
}

static GVariant *
describe_issuers (LpadTrust *trust)
{
  GPtrArray *issuers = lpad_trust_issuers (trust);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < issuers->len; i++)
    {
      const LpadIssuer *issuer = g_ptr_array_index (issuers, i);
      gsize size = 0;
      const guint8 *data
          = issuer->key_identifier != NULL ? g_bytes_get_data (issuer->key_identifier, &size) : NULL;
      g_autofree char *key_identifier = lpad_hex_encode (data, size);
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "name", "s", issuer->name);
      g_variant_dict_insert (&dict, "key-identifier", "s", key_identifier);
      g_variant_dict_insert (&dict, "fingerprint", "s", issuer->fingerprint);
      g_variant_dict_insert (&dict, "test", "b", issuer->test);
      g_variant_dict_insert (&dict, "not-after", "t", (guint64) MAX (0, issuer->not_after));
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

LpadManager *
lpad_manager_new (LpadCore *core)
{
  LpadManager *manager = g_object_new (LPAD_TYPE_MANAGER, NULL);
  LpadBusManager *bus = LPAD_BUS_MANAGER (manager);

  manager->core = core;
  lpad_bus_manager_set_version (bus, LPAD_VERSION);
  lpad_bus_manager_set_test_mode (bus, core->config->test_mode);
  lpad_bus_manager_set_issuers (bus, describe_issuers (core->context.trust));
  return manager;
}

void
lpad_manager_set_readers (LpadManager *manager, LpadReaders *readers)
{
  manager->readers = readers;
}
