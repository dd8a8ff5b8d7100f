/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "debug.h"

#include "hex.h"

gboolean
lpad_debug_secrets (void)
{
  return g_strcmp0 (g_getenv ("LPAD_DEBUG_SECRETS"), "1") == 0;
}

void
lpad_debug_octets (const char *what, const guint8 *data, gsize size)
{
  g_autofree char *hex = NULL;

  if (!lpad_debug_secrets ())
    {
      g_debug ("%s: %" G_GSIZE_FORMAT " octets", what, size);
      return;
    }

  hex = lpad_hex_encode (data, size);
  g_debug ("%s: %" G_GSIZE_FORMAT " octets: %s", what, size, hex);
}
