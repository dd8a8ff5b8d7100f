/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports.h"

#include <gudev/gudev.h>
#include <stdlib.h>

#define DEVICES   "/dev"
#define SUBSYSTEM "usbmisc"
#define SYSFS     "/sys/class/" SUBSYSTEM

static const struct
{
  const char *name;
  const char *transport;
} drivers[] = { { "qmi_wwan", "qmi" }, { "cdc_mbim", "mbim" } };

struct _LpadModemPorts
{
  LpadModemPortFound found;
  LpadModemPortGone gone;
  gpointer user_data;
  GUdevClient *udev;
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

/* What has no node yet is told of again by udev. */
static void
look_at (LpadModemPorts *ports, const char *name)
{
  g_autofree char *path = g_build_filename (DEVICES, name, NULL);

  if (find_driver (name) == G_N_ELEMENTS (drivers) || !g_file_test (path, G_FILE_TEST_EXISTS)
      || !g_hash_table_add (ports->known, g_strdup (path)))
    return;
  ports->found (lpad_modem_port_info_new (path), ports->user_data);
}

/* udev tells of a port when its node is there, and when it is gone. */
static void
on_uevent (GUdevClient *client, const char *action, GUdevDevice *device, gpointer user_data)
{
  LpadModemPorts *ports = user_data;
  const char *name = g_udev_device_get_name (device);
  g_autofree char *path = g_build_filename (DEVICES, name, NULL);

  if (!g_str_equal (action, "remove"))
    look_at (ports, name);
  else if (g_hash_table_remove (ports->known, path))
    ports->gone (path, ports->user_data);
}

LpadModemPorts *
lpad_modem_ports_new (LpadModemPortFound found, LpadModemPortGone gone, gpointer user_data)
{
  const char *const subsystems[] = { SUBSYSTEM, NULL };
  LpadModemPorts *ports = g_new0 (LpadModemPorts, 1);
  g_autolist (GUdevDevice) devices = NULL;

  ports->found = found;
  ports->gone = gone;
  ports->user_data = user_data;
  ports->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ports->udev = g_udev_client_new (subsystems);
  g_signal_connect (ports->udev, "uevent", G_CALLBACK (on_uevent), ports);
  devices = g_udev_client_query_by_subsystem (ports->udev, SUBSYSTEM);
  for (GList *device = devices; device != NULL; device = device->next)
    look_at (ports, g_udev_device_get_name (device->data));
  return ports;
}

void
lpad_modem_ports_free (LpadModemPorts *ports)
{
  g_signal_handlers_disconnect_by_data (ports->udev, ports);
  g_object_unref (ports->udev);
  g_hash_table_unref (ports->known);
  g_free (ports);
}
