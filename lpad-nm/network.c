/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include "bus-call.h"

#define NM                   LPAD_NM_NETWORK_MANAGER
#define NM_ROOT              "/org/freedesktop"
#define NM_PATH              "/org/freedesktop/NetworkManager"
#define NM_SETTINGS_PATH     NM_PATH "/Settings"
#define NM_SETTINGS          NM ".Settings"
#define NM_CONNECTION        NM ".Settings.Connection"
#define NM_DEVICE            NM ".Device"
#define NM_ACTIVE            NM ".Connection.Active"
#define NM_DEVICE_TYPE_MODEM 8
#define MM                   LPAD_NM_MODEM_MANAGER
#define MM_PATH              "/org/freedesktop/ModemManager1"
#define NO_OBJECT            "/"

/* NMSettingsUpdate2Flags and NMSettingsAddConnection2Flags */
#define TO_DISK    0x1
#define IN_MEMORY  0x2
#define NO_REAPPLY 0x40

static void
modem_free (gpointer data)
{
  LpadNmModem *modem = data;

  g_free (modem->path);
  g_free (modem->sim);
  g_free (modem->device);
  g_free (modem->iccid);
  g_free (modem->initial_apn);
  g_free (modem);
}

static void
device_free (gpointer data)
{
  LpadNmDevice *device = data;

  g_free (device->path);
  g_free (device->udi);
  g_free (device);
}

static void
active_free (gpointer data)
{
  LpadNmActive *active = data;

  g_free (active->uuid);
  g_free (active->device);
  g_free (active);
}

LpadNmNetwork *
lpad_nm_network_new (void)
{
  LpadNmNetwork *network = g_new0 (LpadNmNetwork, 1);

  network->modems = g_ptr_array_new_with_free_func (modem_free);
  network->devices = g_ptr_array_new_with_free_func (device_free);
  network->actives = g_ptr_array_new_with_free_func (active_free);
  network->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_nm_connection_free);
  return network;
}

void
lpad_nm_network_free (LpadNmNetwork *network)
{
  g_ptr_array_unref (network->modems);
  g_ptr_array_unref (network->devices);
  g_ptr_array_unref (network->actives);
  g_ptr_array_unref (network->connections);
  g_free (network);
}

/* Properties of the interface @name of the object at @path; NULL: there are none. */
static GVariant *
get_interface (GVariant *objects, const char *path, const char *name)
{
  g_autoptr (GVariant) interfaces = g_variant_lookup_value (objects, path, G_VARIANT_TYPE ("a{sa{sv}}"));

  return interfaces != NULL ? g_variant_lookup_value (interfaces, name, G_VARIANT_TYPE_VARDICT) : NULL;
}

static char *
dup_path (GVariant *values, const char *key)
{
  char *path = NULL;

  g_variant_lookup (values, key, "o", &path);
  return path != NULL ? path : g_strdup (NO_OBJECT);
}

/* The APN with which the modem asks for its first bearer when it attaches to LTE. */
static char *
dup_initial_apn (GVariant *modem_3gpp)
{
  g_autoptr (GVariant) bearer = NULL;

  if (modem_3gpp != NULL)
    bearer = g_variant_lookup_value (modem_3gpp, "InitialEpsBearerSettings", G_VARIANT_TYPE_VARDICT);
  return lpad_nm_dup_string (bearer, "apn");
}

void
lpad_nm_network_take_modems (LpadNmNetwork *network, GVariant *objects)
{
  GVariantIter iter;
  const char *path;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, NULL))
    {
      g_autoptr (GVariant) shown = get_interface (objects, path, MM ".Modem");
      g_autoptr (GVariant) modem_3gpp = get_interface (objects, path, MM ".Modem.Modem3gpp");
      LpadNmModem *modem;

      if (shown == NULL)
        continue;
      modem = g_new0 (LpadNmModem, 1);
      modem->path = g_strdup (path);
      modem->device = lpad_nm_dup_string (shown, "Device");
      modem->sim = dup_path (shown, "Sim");
      modem->iccid = g_strdup ("");
      modem->initial_apn = dup_initial_apn (modem_3gpp);
      g_ptr_array_add (network->modems, modem);
    }
}

static void
take_device (LpadNmNetwork *network, const char *path, GVariant *shown)
{
  guint type = 0;
  LpadNmDevice *device;

  g_variant_lookup (shown, "DeviceType", "u", &type);
  if (type != NM_DEVICE_TYPE_MODEM)
    return;
  device = g_new0 (LpadNmDevice, 1);
  device->path = g_strdup (path);
  device->udi = lpad_nm_dup_string (shown, "Udi");
  g_variant_lookup (shown, "State", "u", &device->state);
  g_ptr_array_add (network->devices, device);
}

static void
take_active (LpadNmNetwork *network, GVariant *shown)
{
  g_autofree const char **devices = NULL;
  LpadNmActive *active = g_new0 (LpadNmActive, 1);
  guint state = LPAD_NM_ACTIVE_UNKNOWN;

  g_variant_lookup (shown, "Devices", "^a&o", &devices);
  g_variant_lookup (shown, "State", "u", &state);
  active->uuid = lpad_nm_dup_string (shown, "Uuid");
  active->device = g_strdup (devices != NULL && devices[0] != NULL ? devices[0] : "");
  active->state = state;
  g_ptr_array_add (network->actives, active);
}

void
lpad_nm_network_take_objects (LpadNmNetwork *network, GVariant *objects)
{
  GVariantIter iter;
  const char *path;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, NULL))
    {
      g_autoptr (GVariant) device = get_interface (objects, path, NM_DEVICE);
      g_autoptr (GVariant) active = get_interface (objects, path, NM_ACTIVE);

      if (device != NULL)
        take_device (network, path, device);
      if (active != NULL)
        take_active (network, active);
    }
}

/* A connection of a user that others must not see is refused, and one that has just been removed is gone:
 * both are left out. When it is not known whether there is a connection, nothing may be concluded from it. */
static gboolean
may_be_left_out (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  return lpad_nm_is_gone (error) || g_strcmp0 (name, NM ".Settings.PermissionDenied") == 0;
}

static gboolean
read_connection (LpadNmNetwork *network,
                 GDBusConnection *bus,
                 const char *path,
                 GVariant *properties,
                 GError **error)
{
  g_autoptr (GError) failed = NULL;
  g_autoptr (GVariant) answer = lpad_nm_call (
      bus, NM, path, NM_CONNECTION, "GetSettings", NULL, G_VARIANT_TYPE ("(a{sa{sv}})"), &failed);
  g_autoptr (GVariant) settings = NULL;
  LpadNmConnection *connection;

  if (answer == NULL && may_be_left_out (failed))
    return TRUE;
  if (answer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failed));
      return FALSE;
    }
  settings = g_variant_get_child_value (answer, 0);
  connection = lpad_nm_connection_new (path, properties, settings);
  if (connection != NULL)
    g_ptr_array_add (network->connections, connection);
  return TRUE;
}

static gboolean
read_connections (LpadNmNetwork *network, GDBusConnection *bus, GVariant *objects, GError **error)
{
  GVariantIter iter;
  const char *path;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, NULL))
    {
      g_autoptr (GVariant) properties = get_interface (objects, path, NM_CONNECTION);

      if (properties != NULL && !read_connection (network, bus, path, properties, error))
        return FALSE;
    }
  return TRUE;
}

/* A modem or SIM that is gone by now has no ICCID; the next signal tells. */
static void
read_iccids (LpadNmNetwork *network, GDBusConnection *bus)
{
  for (guint i = 0; i < network->modems->len; i++)
    {
      LpadNmModem *modem = g_ptr_array_index (network->modems, i);
      g_autoptr (GVariant) answer = NULL;

      if (g_str_equal (modem->sim, NO_OBJECT))
        continue;
      answer = lpad_nm_call (bus,
                             MM,
                             modem->sim,
                             "org.freedesktop.DBus.Properties",
                             "GetAll",
                             g_variant_new ("(s)", MM ".Sim"),
                             G_VARIANT_TYPE ("(a{sv})"),
                             NULL);
      if (answer != NULL)
        {
          g_autoptr (GVariant) sim = g_variant_get_child_value (answer, 0);

          g_free (modem->iccid);
          modem->iccid = lpad_nm_dup_string (sim, "SimIdentifier");
        }
    }
}

/* A service that is not on the bus has no objects. */
static GVariant *
get_objects_if_any (GDBusConnection *bus, const char *name, const char *path, GError **error)
{
  g_autoptr (GError) failed = NULL;
  GVariant *objects = lpad_nm_get_objects (bus, name, path, &failed);

  if (objects != NULL)
    return objects;
  if (lpad_nm_is_absent (failed))
    return g_variant_ref_sink (g_variant_new ("a{oa{sa{sv}}}", NULL));
  g_propagate_error (error, g_steal_pointer (&failed));
  return NULL;
}

LpadNmNetwork *
lpad_nm_network_read (GDBusConnection *bus, GError **error)
{
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_new ();
  g_autoptr (GVariant) modems = get_objects_if_any (bus, MM, MM_PATH, error);
  g_autoptr (GVariant) objects = NULL;

  if (modems == NULL)
    return NULL;
  lpad_nm_network_take_modems (network, modems);
  read_iccids (network, bus);
  objects = get_objects_if_any (bus, NM, NM_ROOT, error);
  if (objects == NULL)
    return NULL;
  network->managed = g_variant_n_children (objects) > 0;
  lpad_nm_network_take_objects (network, objects);
  if (!read_connections (network, bus, objects, error))
    return NULL;
  return g_steal_pointer (&network);
}

const LpadNmConnection *
lpad_nm_network_find (const LpadNmNetwork *network, const char *uuid)
{
  for (guint i = 0; i < network->connections->len; i++)
    {
      const LpadNmConnection *connection = g_ptr_array_index (network->connections, i);

      if (g_str_equal (connection->uuid, uuid))
        return connection;
    }
  return NULL;
}

static gboolean
call_nm (GDBusConnection *bus,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *arguments,
         GError **error)
{
  g_autoptr (GVariant) answer = lpad_nm_call (bus, NM, path, interface, method, arguments, NULL, error);

  return answer != NULL;
}

gboolean
lpad_nm_network_update (GDBusConnection *bus,
                        const LpadNmConnection *connection,
                        GVariant *settings,
                        gboolean save,
                        GError **error)
{
  return call_nm (
      bus,
      connection->path,
      NM_CONNECTION,
      "Update2",
      g_variant_new ("(@a{sa{sv}}ua{sv})", settings, (save ? TO_DISK : IN_MEMORY) | NO_REAPPLY, NULL),
      error);
}

gboolean
lpad_nm_network_add (GDBusConnection *bus, GVariant *settings, GError **error)
{
  return call_nm (bus,
                  NM_SETTINGS_PATH,
                  NM_SETTINGS,
                  "AddConnection2",
                  g_variant_new ("(@a{sa{sv}}ua{sv})", settings, IN_MEMORY, NULL),
                  error);
}

gboolean
lpad_nm_network_remove (GDBusConnection *bus, const LpadNmConnection *connection, GError **error)
{
  return call_nm (bus, connection->path, NM_CONNECTION, "Delete", NULL, error);
}

gboolean
lpad_nm_network_activate (GDBusConnection *bus,
                          const LpadNmConnection *connection,
                          const char *device,
                          GError **error)
{
  return call_nm (bus,
                  NM_PATH,
                  NM,
                  "ActivateConnection",
                  g_variant_new ("(ooo)", connection->path, device, NO_OBJECT),
                  error);
}

gboolean
lpad_nm_network_add_and_activate (GDBusConnection *bus,
                                  GVariant *settings,
                                  const char *device,
                                  GError **error)
{
  return call_nm (bus,
                  NM_PATH,
                  NM,
                  "AddAndActivateConnection2",
                  g_variant_new ("(@a{sa{sv}}ooa{sv})", settings, device, NO_OBJECT, NULL),
                  error);
}

gboolean
lpad_nm_network_reapply (GDBusConnection *bus, const char *device, GError **error)
{
  g_auto (GVariantBuilder) nothing = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));

  return call_nm (
      bus, device, NM_DEVICE, "Reapply", g_variant_new ("(a{sa{sv}}tu)", &nothing, (guint64) 0, 0), error);
}
