/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus-call.h"

#define TIMEOUT_MSEC 2000
#define NM           "org.freedesktop.NetworkManager"

GVariant *
lpad_nm_call (GDBusConnection *bus,
              const char *name,
              const char *path,
              const char *interface,
              const char *method,
              GVariant *arguments,
              const GVariantType *reply,
              GError **error)
{
  return g_dbus_connection_call_sync (bus,
                                      name,
                                      path,
                                      interface,
                                      method,
                                      arguments,
                                      reply,
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                      TIMEOUT_MSEC,
                                      NULL,
                                      error);
}

GVariant *
lpad_nm_get_objects (GDBusConnection *bus, const char *name, const char *path, GError **error)
{
  g_autoptr (GVariant) answer = lpad_nm_call (bus,
                                              name,
                                              path,
                                              "org.freedesktop.DBus.ObjectManager",
                                              "GetManagedObjects",
                                              NULL,
                                              G_VARIANT_TYPE ("(a{oa{sa{sv}}})"),
                                              error);

  return answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;
}

gboolean
lpad_nm_is_absent (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

gboolean
lpad_nm_is_gone (const GError *error)
{
  const char *const names[] = { NM ".UnknownDevice", NM ".UnknownConnection", NM ".Device.NotActive", NULL };
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
         || (name != NULL && g_strv_contains (names, name));
}

char *
lpad_nm_dup_string (GVariant *values, const char *key)
{
  char *text = NULL;

  if (values != NULL)
    g_variant_lookup (values, key, "s", &text);
  return text != NULL ? text : g_strdup ("");
}
