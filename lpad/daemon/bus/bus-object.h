/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"

G_BEGIN_DECLS

/** lpad_bus_object_export: puts an object with the one interface @interface on the bus at @path. Its
 * properties are set. */
void lpad_bus_object_export (LpadCore *core, const char *path, gpointer interface);

/** lpad_bus_object_unexport: takes the object at @path from the bus. */
void lpad_bus_object_unexport (LpadCore *core, const char *path);

G_END_DECLS
