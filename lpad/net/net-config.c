/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-config.h"

static void
server_config_free (LpadServerConfig *server)
{
  g_free (server->host);
  g_free (server->certificate);
  g_free (server->key);
  g_free (server);
}

LpadNetConfig *
lpad_net_config_new (void)
{
  LpadNetConfig *config = g_new0 (LpadNetConfig, 1);

  config->servers = g_ptr_array_new_with_free_func ((GDestroyNotify) server_config_free);
  config->connect_timeout_ms = 30 * 1000;
  config->stall_timeout_s = 60;
  config->total_timeout_ms = 120 * 1000;
  config->download_timeout_ms = 300 * 1000;
  return config;
}

void
lpad_net_config_free (LpadNetConfig *config)
{
  if (config == NULL)
    return;

  g_strfreev (config->connect_to);
  g_free (config->proxy);
  g_strfreev (config->allowed_servers);
  g_ptr_array_unref (config->servers);
  g_free (config->pkcs11_module);
  g_free (config);
}

static LpadServerConfig *
find_server (const LpadNetConfig *config, const char *host)
{
  for (guint i = 0; i < config->servers->len; i++)
    {
      LpadServerConfig *server = g_ptr_array_index (config->servers, i);

      if (g_ascii_strcasecmp (server->host, host) == 0)
        return server;
    }
  return NULL;
}

LpadServerConfig *
lpad_net_config_server (LpadNetConfig *config, const char *host)
{
  LpadServerConfig *server = find_server (config, host);

  if (server != NULL)
    return server;
  server = g_new0 (LpadServerConfig, 1);
  server->host = g_strdup (host);
  g_ptr_array_add (config->servers, server);
  return server;
}

const LpadServerConfig *
lpad_net_config_find_server (const LpadNetConfig *config, const char *host)
{
  return find_server (config, host);
}
