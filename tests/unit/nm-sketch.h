/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

/* What ModemManager and NetworkManager show, for tests. */

/* Connections "UUID SIM AUTOCONNECT PRIORITY TIMESTAMP", separated by semicolons. SIM is OLD, NEW or -, for
 * any. */
static inline void
sketch_connections (LpadNmNetwork *network, const char *text, const char *old, const char *new)
{
  g_auto (GStrv) lines = g_strsplit (text, ";", -1);

  for (char **line = lines; *line != NULL && **line != '\0'; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, " ", -1);
      LpadNmConnection *connection = g_new0 (LpadNmConnection, 1);

      g_assert_cmpuint (g_strv_length (fields), ==, 5);
      connection->path = g_strdup_printf ("/c/%s", fields[0]);
      connection->uuid = g_strdup (fields[0]);
      connection->id = g_strdup_printf ("Connection %s", fields[0]);
      connection->sim_id = g_strdup (g_str_equal (fields[1], "OLD")   ? old
                                     : g_str_equal (fields[1], "NEW") ? new
                                     : g_str_equal (fields[1], "-")   ? ""
                                                                      : fields[1]);
      connection->autoconnect = *fields[2] == '1';
      connection->priority = (int) g_ascii_strtoll (fields[3], NULL, 10);
      connection->timestamp = g_ascii_strtoull (fields[4], NULL, 10);
      connection->saved = TRUE;
      connection->settings = g_variant_ref_sink (g_variant_new ("a{sa{sv}}", NULL));
      g_ptr_array_add (network->connections, connection);
    }
}

static inline void
sketch_modem (LpadNmNetwork *network, const char *path, const char *device, const char *iccid)
{
  LpadNmModem *modem = g_new0 (LpadNmModem, 1);

  modem->path = g_strdup (path);
  modem->device = g_strdup (device);
  modem->iccid = g_strdup (iccid);
  modem->initial_apn = g_strdup ("");
  g_ptr_array_add (network->modems, modem);
}

static inline void
sketch_device (LpadNmNetwork *network, const char *path, const char *udi, guint state)
{
  LpadNmDevice *device = g_new0 (LpadNmDevice, 1);

  device->path = g_strdup (path);
  device->udi = g_strdup (udi);
  device->state = state;
  g_ptr_array_add (network->devices, device);
}

static inline void
sketch_active (LpadNmNetwork *network, const char *uuid, const char *device, LpadNmActiveState state)
{
  LpadNmActive *active = g_new0 (LpadNmActive, 1);

  active->uuid = g_strdup (uuid);
  active->device = g_strdup (device);
  active->state = state;
  g_ptr_array_add (network->actives, active);
}
