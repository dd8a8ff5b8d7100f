/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "channel.h"
#include "hex.h"
#include "isdr-aids.h"

#define DEFAULT_ISSUER_FOLDERS "/usr/share/lpad/issuers;/etc/lpad/issuers"
#define DEFAULT_CRL_FOLDERS    "/etc/lpad/crls"

static const char *const default_aids[] = LPAD_ISDR_AIDS;

static void
reader_config_free (LpadReaderConfig *reader)
{
  g_free (reader->glob);
  g_free (reader);
}

LpadConfig *
lpad_config_new (void)
{
  LpadConfig *config = g_new0 (LpadConfig, 1);

  config->idle_timeout_s = 30;
  config->isdr_aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < G_N_ELEMENTS (default_aids); i++)
    g_ptr_array_add (config->isdr_aids,
                     lpad_hex_decode (default_aids[i], strlen (default_aids[i]) / 2, NULL));
  config->modems = TRUE;
  config->segment_size = LPAD_SEGMENT_SIZE_MAX;
  config->apdu_timeout_ms = 60 * 1000;
  config->refresh_timeout_ms = 10 * 1000;
  config->refresh = -1;
  config->readers = g_ptr_array_new_with_free_func ((GDestroyNotify) reader_config_free);
  config->net = lpad_net_config_new ();
  config->issuer_folders = g_strsplit (DEFAULT_ISSUER_FOLDERS, ";", -1);
  config->crl_folders = g_strsplit (DEFAULT_CRL_FOLDERS, ";", -1);
  config->prompt_timeout_s = 300;
  config->discovery_retry_s = 60;
  config->provisioning_use = LPAD_PROVISIONING_ASK_CALLER;
  config->provisioning_wait_s = 180;
  config->first_boot_retry_s = 60;
  config->warnings = g_ptr_array_new_with_free_func (g_free);
  return config;
}

void
lpad_config_free (LpadConfig *config)
{
  if (config == NULL)
    return;
  g_ptr_array_unref (config->isdr_aids);
  g_ptr_array_unref (config->readers);
  lpad_net_config_free (config->net);
  g_strfreev (config->issuer_folders);
  g_strfreev (config->crl_folders);
  g_strfreev (config->discovery_servers);
  g_free (config->provisioning_profile);
  g_free (config->first_boot_smdp);
  lpad_device_clear (&config->device);
  g_ptr_array_unref (config->warnings);
  g_free (config);
}

guint
lpad_config_segment_size (const LpadConfig *config, const char *reader)
{
  guint size = config->segment_size;

  for (guint i = 0; i < config->readers->len; i++)
    {
      const LpadReaderConfig *section = g_ptr_array_index (config->readers, i);

      if (section->segment_size >= 0 && g_pattern_match_simple (section->glob, reader))
        size = (guint) section->segment_size;
    }
  return size;
}

LpadProfileIdKind
lpad_config_identifier (const LpadConfig *config, const char *reader)
{
  LpadProfileIdKind identifier = 0;

  for (guint i = 0; i < config->readers->len; i++)
    {
      const LpadReaderConfig *section = g_ptr_array_index (config->readers, i);

      if (section->identifier >= 0 && g_pattern_match_simple (section->glob, reader))
        identifier = (LpadProfileIdKind) section->identifier;
    }
  return identifier;
}

gboolean
lpad_config_removable (const LpadConfig *config, const char *reader, gboolean otherwise)
{
  gboolean removable = otherwise;

  for (guint i = 0; i < config->readers->len; i++)
    {
      const LpadReaderConfig *section = g_ptr_array_index (config->readers, i);

      if (section->removable >= 0 && g_pattern_match_simple (section->glob, reader))
        removable = section->removable;
    }
  return removable;
}

LpadRefresh
lpad_config_refresh (const LpadConfig *config, const char *reader)
{
  int refresh = config->refresh;

  for (guint i = 0; i < config->readers->len; i++)
    {
      const LpadReaderConfig *section = g_ptr_array_index (config->readers, i);

      if (section->refresh >= 0 && g_pattern_match_simple (section->glob, reader))
        refresh = section->refresh;
    }
  if (refresh < 0)
    return LPAD_REFRESH_EITHER;
  return refresh ? LPAD_REFRESH_ALWAYS : LPAD_REFRESH_NEVER;
}
