/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports.h"

#include <gudev/gudev.h>
#include <stdlib.h>
#include <string.h>

#define NODES   "/dev"
#define CLASSES "/sys/class"
#define DEVICES "/sys/devices/"
/* With it udev rules of ModemManager's and of users name a device */
#define UID "ID_MM_PHYSDEV_UID"

/* Ports of USB devices have a driver that says what they speak; those of the kernel's WWAN framework, to
 * which PCIe modems and those of a SoC belong, say it themselves. */
#define USB_PORTS  "usbmisc"
#define WWAN_PORTS "wwan"

static const char *const subsystems[] = { USB_PORTS, WWAN_PORTS, NULL };

static const struct
{
  const char *transport;
  const char *driver;
  const char *type;
} kinds[] = { { "qmi", "qmi_wwan", "QMI" }, { "mbim", "cdc_mbim", "MBIM" } };

struct _LpadModemPorts
{
  LpadModemPortFound found;
  LpadModemPortGone gone;
  gpointer user_data;
  GUdevClient *udev;
  GHashTable *known; /* paths */
};

/* What the kernel says */

/* The last part of where the link @name in @folder leads. Returns: (nullable) */
static char *
link_name (const char *folder, const char *name)
{
  g_autofree char *link = g_build_filename (folder, name, NULL);
  g_autofree char *target = g_file_read_link (link, NULL);

  return target != NULL ? g_path_get_basename (target) : NULL;
}

static char *
read_attribute (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? g_strstrip (text) : NULL;
}

static gboolean
is_usb (const char *folder)
{
  g_autofree char *subsystem = link_name (folder, "subsystem");

  return g_strcmp0 (subsystem, "usb") == 0;
}

/* What ModemManager takes for a modem: a USB device, not one of its interfaces, or the nearest other device.
 */
static gboolean
is_physical (const char *folder)
{
  static const char *const buses[] = { "pci", "platform", "pnp", "sdio", NULL };
  g_autofree char *subsystem = link_name (folder, "subsystem");
  g_autofree char *vendor = g_build_filename (folder, "idVendor", NULL);

  if (g_strcmp0 (subsystem, "usb") == 0)
    return g_file_test (vendor, G_FILE_TEST_EXISTS);
  return subsystem != NULL && g_strv_contains (buses, subsystem);
}

/* Folder of the device that the port in @folder belongs to; "" if there is none. */
static char *
find_physical (const char *folder)
{
  g_autofree char *found = g_strdup (folder);

  while (g_str_has_prefix (found, DEVICES))
    {
      char *parent;

      if (is_physical (found))
        return g_steal_pointer (&found);
      parent = g_path_get_dirname (found);
      g_free (found);
      found = parent;
    }
  return g_strdup ("");
}

/* Linux 5.13 has no types: there, names of ports end with them. */
static gboolean
has_type (const char *folder, const char *type)
{
  g_autofree char *said = read_attribute (folder, "type");

  return said != NULL ? g_str_equal (said, type) : g_str_has_suffix (folder, type);
}

/* What USB devices have in both subsystems can be opened in one only, and that is the older one for all. */
static const char *
find_transport (const LpadModemPortInfo *info, const char *subsystem, const char *folder)
{
  gboolean wwan = g_str_equal (subsystem, WWAN_PORTS);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (wwan ? !is_usb (info->folder) && has_type (folder, kinds[i].type)
               : g_str_equal (info->driver, kinds[i].driver))
        return kinds[i].transport;
    }
  return NULL;
}

static char *
find_usb_id (const char *folder)
{
  g_autofree char *vendor = read_attribute (folder, "idVendor");
  g_autofree char *product = read_attribute (folder, "idProduct");

  return vendor != NULL && product != NULL ? g_strdup_printf ("%s:%s", vendor, product) : g_strdup ("");
}

/* The name that somebody has given to the device, or its folder. */
static char *
find_name (const char *subsystem, const char *port, const char *folder)
{
  g_autoptr (GUdevClient) client = g_udev_client_new (NULL);
  g_autoptr (GUdevDevice) device = g_udev_client_query_by_subsystem_and_name (client, subsystem, port);
  const char *uid = device != NULL ? g_udev_device_get_property (device, UID) : NULL;

  return g_strdup (uid != NULL && g_utf8_validate (uid, -1, NULL) ? uid : folder);
}

static LpadModemPortInfo *
read_port (const char *subsystem, const char *name, const char *folder)
{
  LpadModemPortInfo *info = g_new0 (LpadModemPortInfo, 1);
  g_autofree char *interface = g_build_filename (folder, "device", NULL);

  info->path = g_build_filename (NODES, name, NULL);
  info->folder = find_physical (folder);
  info->driver = link_name (g_str_equal (subsystem, WWAN_PORTS) ? info->folder : interface, "driver");
  if (info->driver == NULL)
    info->driver = g_strdup ("");
  info->usb = find_usb_id (info->folder);
  info->physical_device = find_name (subsystem, name, info->folder);
  info->transport = find_transport (info, subsystem, folder);
  return info;
}

/* Returns: (nullable): NULL for what is no control port */
static LpadModemPortInfo *
find_port (const char *subsystem, const char *name)
{
  g_autofree char *link = g_build_filename (CLASSES, subsystem, name, NULL);
  char *folder = realpath (link, NULL);
  LpadModemPortInfo *info = folder != NULL ? read_port (subsystem, name, folder) : NULL;

  free (folder);
  if (info != NULL && info->transport == NULL)
    g_clear_pointer (&info, lpad_modem_port_info_free);
  return info;
}

LpadModemPortInfo *
lpad_modem_port_info_new (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  LpadModemPortInfo *info = NULL;

  for (gsize i = 0; info == NULL && subsystems[i] != NULL; i++)
    info = find_port (subsystems[i], name);
  if (info == NULL)
    {
      info = g_new0 (LpadModemPortInfo, 1);
      info->transport = "qmi";
      info->driver = g_strdup ("");
      info->folder = g_strdup ("");
      info->physical_device = g_strdup ("");
      info->usb = g_strdup ("");
    }
  g_free (info->path);
  info->path = g_strdup (path);
  return info;
}

void
lpad_modem_port_info_free (LpadModemPortInfo *info)
{
  g_free (info->path);
  g_free (info->driver);
  g_free (info->folder);
  g_free (info->physical_device);
  g_free (info->usb);
  g_free (info);
}

static gboolean
has_sibling (const LpadModemPortInfo *info, const char *subsystem, const char *transport)
{
  g_autofree char *path = g_build_filename (CLASSES, subsystem, NULL);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  gboolean found = FALSE;
  const char *name;

  while (!found && folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autoptr (LpadModemPortInfo) other = find_port (subsystem, name);

      found = other != NULL && g_str_equal (other->transport, transport)
              && g_str_equal (other->folder, info->folder);
    }
  return found;
}

gboolean
lpad_modem_port_info_has_sibling (const LpadModemPortInfo *info, const char *transport)
{
  gboolean found = FALSE;

  for (gsize i = 0; !found && *info->folder != '\0' && subsystems[i] != NULL; i++)
    found = has_sibling (info, subsystems[i], transport);
  return found;
}

/* What udev says */

/* What has no node yet is told of again by udev. */
static void
look_at (LpadModemPorts *ports, GUdevDevice *device)
{
  g_autoptr (LpadModemPortInfo) info
      = find_port (g_udev_device_get_subsystem (device), g_udev_device_get_name (device));

  if (info != NULL && g_file_test (info->path, G_FILE_TEST_EXISTS)
      && g_hash_table_add (ports->known, g_strdup (info->path)))
    ports->found (g_steal_pointer (&info), ports->user_data);
}

/* udev tells of a port when its node is there, and when it is gone. */
static void
on_uevent (GUdevClient *client, const char *action, GUdevDevice *device, gpointer user_data)
{
  LpadModemPorts *ports = user_data;
  g_autofree char *path = g_build_filename (NODES, g_udev_device_get_name (device), NULL);

  if (!g_str_equal (action, "remove"))
    look_at (ports, device);
  else if (g_hash_table_remove (ports->known, path))
    ports->gone (path, ports->user_data);
}

LpadModemPorts *
lpad_modem_ports_new (LpadModemPortFound found, LpadModemPortGone gone, gpointer user_data)
{
  LpadModemPorts *ports = g_new0 (LpadModemPorts, 1);

  ports->found = found;
  ports->gone = gone;
  ports->user_data = user_data;
  ports->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ports->udev = g_udev_client_new (subsystems);
  g_signal_connect (ports->udev, "uevent", G_CALLBACK (on_uevent), ports);
  for (gsize i = 0; subsystems[i] != NULL; i++)
    {
      g_autolist (GUdevDevice) devices = g_udev_client_query_by_subsystem (ports->udev, subsystems[i]);

      for (GList *device = devices; device != NULL; device = device->next)
        look_at (ports, device->data);
    }
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
