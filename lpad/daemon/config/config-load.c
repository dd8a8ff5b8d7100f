/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-load.h"

#include "config-file.h"
#include "config-keys.h"

static void
on_key (LpadConfigSource *source, gpointer config)
{
  lpad_config_keys_read (config, source);
}

LpadConfig *
lpad_config_load (const char *path, GError **error)
{
  g_autoptr (LpadConfig) config = lpad_config_new ();
  g_autoptr (GPtrArray) drop_ins = lpad_config_file_drop_ins (path);

  if (!lpad_config_file_read (path, config->warnings, on_key, config, error))
    return NULL;
  for (guint i = 0; i < drop_ins->len; i++)
    {
      const char *drop_in = g_ptr_array_index (drop_ins, i);

      if (!lpad_config_file_read (drop_in, config->warnings, on_key, config, error))
        return NULL;
    }
  return g_steal_pointer (&config);
}
