/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports.h"

#define DEVICES "/dev"
#define SYSFS   "/sys/class/usbmisc"

static const struct
{
  const char *name;
  const char *transport;
} drivers[] = { { "qmi_wwan", "qmi" }, { "cdc_mbim", "mbim" } };

struct _LpadModemPorts
{
  LpadModemPortFound found;
  gpointer user_data;
  GFileMonitor *monitor;
  GHashTable *known; /* paths */
};

/* What the port @name speaks; NULL: it is no control port. */
static const char *
transport_of (const char *name)
{
  g_autofree char *link = g_build_filename (SYSFS, name, "device", "driver", NULL);
  g_autofree char *target = g_file_read_link (link, NULL);
  g_autofree char *driver = target != NULL ? g_path_get_basename (target) : NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (drivers); i++)
    {
      if (g_strcmp0 (driver, drivers[i].name) == 0)
        return drivers[i].transport;
    }
  return NULL;
}

const char *
lpad_modem_ports_transport (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  const char *transport = transport_of (name);

  return transport != NULL ? transport : "qmi";
}

/* The kernel shows a port in /sys before its node in /dev is there, and the node is what can be opened. */
static void
look_at (LpadModemPorts *ports, const char *name)
{
  g_autofree char *path = g_build_filename (DEVICES, name, NULL);
  const char *told = path, *transport = transport_of (name);

  if (transport == NULL || !g_file_test (path, G_FILE_TEST_EXISTS)
      || g_hash_table_contains (ports->known, path))
    return;
  g_hash_table_add (ports->known, g_steal_pointer (&path));
  ports->found (told, transport, ports->user_data);
}

static void
on_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user_data)
{
  g_autofree char *name = g_file_get_basename (file);

  if (event == G_FILE_MONITOR_EVENT_CREATED)
    look_at (user_data, name);
}

LpadModemPorts *
lpad_modem_ports_new (LpadModemPortFound found, gpointer user_data)
{
  LpadModemPorts *ports = g_new0 (LpadModemPorts, 1);
  g_autoptr (GFile) devices = g_file_new_for_path (DEVICES);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = NULL;
  const char *name;

  ports->found = found;
  ports->user_data = user_data;
  ports->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ports->monitor = g_file_monitor_directory (devices, G_FILE_MONITOR_NONE, NULL, &error);
  if (ports->monitor != NULL)
    g_signal_connect (ports->monitor, "changed", G_CALLBACK (on_changed), ports);
  else
    g_warning ("Modems that are plugged in later are not seen: %s", error->message);
  folder = g_dir_open (SYSFS, 0, NULL);
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    look_at (ports, name);
  return ports;
}

void
lpad_modem_ports_free (LpadModemPorts *ports)
{
  if (ports->monitor != NULL)
    {
      g_signal_handlers_disconnect_by_data (ports->monitor, ports);
      g_object_unref (ports->monitor);
    }
  g_hash_table_unref (ports->known);
  g_free (ports);
}
