/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports.h"

#include <stdlib.h>

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

/* Index of the port's driver; G_N_ELEMENTS: it is no control port. */
static gsize
find_driver (const char *name)
{
  g_autofree char *link = g_build_filename (SYSFS, name, "device", "driver", NULL);
  g_autofree char *target = g_file_read_link (link, NULL);
  g_autofree char *driver = target != NULL ? g_path_get_basename (target) : NULL;
  gsize i = 0;

  while (i < G_N_ELEMENTS (drivers) && g_strcmp0 (driver, drivers[i].name) != 0)
    i++;
  return i;
}

/* Folder of the USB device whose interface the port belongs to; "" if it is none. */
static char *
find_physical_device (const char *name)
{
  g_autofree char *link = g_build_filename (SYSFS, name, "device", "..", NULL);
  char *found = realpath (link, NULL);
  char *copy = g_strdup (found != NULL ? found : "");

  free (found);
  return copy;
}

static char *
read_attribute (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? g_strstrip (text) : NULL;
}

LpadModemPortInfo *
lpad_modem_port_info_new (const char *path)
{
  LpadModemPortInfo *info = g_new0 (LpadModemPortInfo, 1);
  g_autofree char *name = g_path_get_basename (path);
  gsize driver = find_driver (name);
  g_autofree char *vendor = NULL;
  g_autofree char *product = NULL;

  info->path = g_strdup (path);
  info->transport = driver < G_N_ELEMENTS (drivers) ? drivers[driver].transport : "qmi";
  info->driver = driver < G_N_ELEMENTS (drivers) ? drivers[driver].name : "";
  info->physical_device = find_physical_device (name);
  vendor = read_attribute (info->physical_device, "idVendor");
  product = read_attribute (info->physical_device, "idProduct");
  info->usb = vendor != NULL && product != NULL ? g_strdup_printf ("%s:%s", vendor, product) : g_strdup ("");
  return info;
}

void
lpad_modem_port_info_free (LpadModemPortInfo *info)
{
  g_free (info->path);
  g_free (info->physical_device);
  g_free (info->usb);
  g_free (info);
}

gboolean
lpad_modem_port_info_has_sibling (const LpadModemPortInfo *info, const char *transport)
{
  g_autoptr (GDir) folder = g_dir_open (SYSFS, 0, NULL);
  gboolean found = FALSE;
  const char *name;

  while (!found && folder != NULL && *info->physical_device != '\0'
         && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *physical = find_physical_device (name);
      gsize driver = find_driver (name);

      found = driver < G_N_ELEMENTS (drivers) && g_str_equal (drivers[driver].transport, transport)
              && g_str_equal (physical, info->physical_device);
    }
  return found;
}

/* The kernel shows a port in /sys before its node in /dev is there, and the node is what can be opened. */
static void
look_at (LpadModemPorts *ports, const char *name)
{
  g_autofree char *path = g_build_filename (DEVICES, name, NULL);

  if (find_driver (name) == G_N_ELEMENTS (drivers) || !g_file_test (path, G_FILE_TEST_EXISTS)
      || !g_hash_table_add (ports->known, g_strdup (path)))
    return;
  ports->found (lpad_modem_port_info_new (path), ports->user_data);
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
