/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadServerConfig: what a section [Server:HOST] of lpad.conf says of one server.
 * @host: normalised, without port
 * @certificate: (nullable): file or "pkcs11:" URI (RFC 7512) of the certificate by which this device is known
 * @key: (nullable): the same of its private key; NULL: where the certificate is
 */
typedef struct
{
  char *host;
  char *certificate;
  char *key;
} LpadServerConfig;

/**
 * LpadNetConfig: how lpad uses the network; from lpad.conf. Owned by the caller and immutable while in use.
 * @connect_to: NULL-terminated, entries "HOST:PORT=ADDRESS:PORT": connects there instead, names and TLS stay
 * (testbeds)
 * @allow_private: permits loopback, link-local and private addresses
 * @proxy: URL or NULL: none, whatever the environment says
 * @allowed_servers: NULL-terminated host names, or NULL: any
 * @servers: (element-type LpadServerConfig): what is special about single servers
 * @pkcs11_module: (nullable): see lpad_client_certificate_load()
 */
typedef struct
{
  char **connect_to;
  gboolean allow_private;
  char *proxy;
  char **allowed_servers;
  guint connect_timeout_ms;  /* default 30000 */
  guint stall_timeout_s;     /* below 50 octets a second for so long: default 60 */
  guint total_timeout_ms;    /* default 120000 */
  guint download_timeout_ms; /* GetBoundProfilePackage: default 300000 */
  GPtrArray *servers;
  char *pkcs11_module;
} LpadNetConfig;

/** lpad_net_config_new: the defaults. */
LpadNetConfig *lpad_net_config_new (void);
void lpad_net_config_free (LpadNetConfig *config);

/** lpad_net_config_server: (transfer none): the element of @config->servers for @host, made when there is
 * none yet. */
LpadServerConfig *lpad_net_config_server (LpadNetConfig *config, const char *host);

/** lpad_net_config_find_server: (nullable) (transfer none): the element of @config->servers for @host. */
const LpadServerConfig *lpad_net_config_find_server (const LpadNetConfig *config, const char *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadNetConfig, lpad_net_config_free)

G_END_DECLS
