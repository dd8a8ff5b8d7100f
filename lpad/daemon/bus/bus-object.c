/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus-object.h"

void
lpad_bus_object_export (LpadCore *core, const char *path, gpointer interface)
{
  g_autoptr (GDBusObjectSkeleton) object = g_dbus_object_skeleton_new (path);

  g_dbus_object_skeleton_add_interface (object, G_DBUS_INTERFACE_SKELETON (interface));
  g_dbus_object_manager_server_export (core->objects, object);
}

void
lpad_bus_object_unexport (LpadCore *core, const char *path)
{
  (void) g_dbus_object_manager_server_unexport (core->objects, path);
}
