/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-keys.h"

#include <string.h>

#include "address.h"
#include "channel.h"
#include "config-value.h"

/* The structure that has the field of a key. */
typedef enum
{
  PART_CONFIG,
  PART_NET,
  PART_READER,
  PART_SERVER,
} Part;

typedef struct
{
  const char *group; /* one that ends with ":" is any section that begins so */
  const char *key;
  LpadConfigRead read;
  Part part;
  gsize offset;
  LpadConfigBounds bounds;
} Key;

#define CONFIG(field) PART_CONFIG, G_STRUCT_OFFSET (LpadConfig, field)
#define NET(field)    PART_NET, G_STRUCT_OFFSET (LpadNetConfig, field)
#define SERVER(field) PART_SERVER, G_STRUCT_OFFSET (LpadServerConfig, field)
#define READER(field) PART_READER, G_STRUCT_OFFSET (LpadReaderConfig, field)
#define FROM_TO(min, max)                                                                                    \
  {                                                                                                          \
    (min), (max)                                                                                             \
  }
#define ANY     FROM_TO (0, G_MAXUINT)
#define SEGMENT FROM_TO (LPAD_SEGMENT_SIZE_MIN, LPAD_SEGMENT_SIZE_MAX)
#define HOUR    3600
#define DAY     (24 * HOUR)

/* Every key of lpad.conf(5). The type of a field is what the function that reads it is for. */
static const Key keys[] = {
  { "General", "TestMode", lpad_config_read_boolean, CONFIG (test_mode), ANY },
  { "General", "IdleTimeout", lpad_config_read_number, CONFIG (idle_timeout_s), FROM_TO (0, DAY) },
  { "Card", "IsdrAids", lpad_config_read_aids, CONFIG (isdr_aids), ANY },
  { "Card", "SegmentSize", lpad_config_read_number, CONFIG (segment_size), SEGMENT },
  { "Card", "ApduTimeout", lpad_config_read_seconds, CONFIG (apdu_timeout_ms), FROM_TO (1, 600) },
  { "Card", "RefreshTimeout", lpad_config_read_seconds, CONFIG (refresh_timeout_ms), FROM_TO (1, 600) },
  { "Card", "Refresh", lpad_config_read_boolean, CONFIG (refresh), ANY },
  { "Modem", "Enabled", lpad_config_read_boolean, CONFIG (modems), ANY },
  { "Network", "AllowPrivateAddresses", lpad_config_read_boolean, NET (allow_private), ANY },
  { "Network", "ConnectTo", lpad_config_read_list, NET (connect_to), ANY },
  { "Network", "Proxy", lpad_config_read_text, NET (proxy), ANY },
  { "Network", "AllowedServers", lpad_config_read_servers, NET (allowed_servers), ANY },
  { "Network", "ConnectTimeout", lpad_config_read_seconds, NET (connect_timeout_ms), FROM_TO (1, 600) },
  { "Network", "StallTimeout", lpad_config_read_number, NET (stall_timeout_s), FROM_TO (1, HOUR) },
  { "Network", "RequestTimeout", lpad_config_read_seconds, NET (total_timeout_ms), FROM_TO (1, HOUR) },
  { "Network", "DownloadTimeout", lpad_config_read_seconds, NET (download_timeout_ms), FROM_TO (1, HOUR) },
  { "Trust", "IssuerFolders", lpad_config_read_list, CONFIG (issuer_folders), ANY },
  { "Trust", "CrlFolders", lpad_config_read_list, CONFIG (crl_folders), ANY },
  { "Trust", "Pkcs11Module", lpad_config_read_text, NET (pkcs11_module), ANY },
  { "Server:", "ClientCertificate", lpad_config_read_text, SERVER (certificate), ANY },
  { "Server:", "ClientKey", lpad_config_read_text, SERVER (key), ANY },
  { "Switch", "RollbackTimeout", lpad_config_read_number, CONFIG (rollback_timeout_s), FROM_TO (0, DAY) },
  { "Policy", "Unattended", lpad_config_read_boolean, CONFIG (unattended), ANY },
  { "Policy", "PromptTimeout", lpad_config_read_number, CONFIG (prompt_timeout_s), FROM_TO (1, DAY) },
  { "Discovery", "Servers", lpad_config_read_servers, CONFIG (discovery_servers), ANY },
  { "Discovery", "AtPowerOn", lpad_config_read_boolean, CONFIG (discovery_at_power_on), ANY },
  { "Discovery", "RetryAfter", lpad_config_read_number, CONFIG (discovery_retry_s), FROM_TO (1, HOUR) },
  { "Provisioning", "Use", lpad_config_read_use, CONFIG (provisioning_use), ANY },
  { "Provisioning", "Profile", lpad_config_read_iccid, CONFIG (provisioning_profile), ANY },
  { "Provisioning", "WaitTime", lpad_config_read_number, CONFIG (provisioning_wait_s), FROM_TO (1, HOUR) },
  { "FirstBoot", "Smdp", lpad_config_read_smdp, CONFIG (first_boot_smdp), ANY },
  { "FirstBoot", "Smds", lpad_config_read_boolean, CONFIG (first_boot_smds), ANY },
  { "FirstBoot", "Consent", lpad_config_read_boolean, CONFIG (first_boot_consent), ANY },
  { "FirstBoot", "Enable", lpad_config_read_boolean, CONFIG (first_boot_enable), ANY },
  { "FirstBoot", "AcceptPolicyRules", lpad_config_read_boolean, CONFIG (first_boot_accept_rules), ANY },
  { "FirstBoot", "UseProvisioning", lpad_config_read_boolean, CONFIG (first_boot_provisioning), ANY },
  { "FirstBoot", "RetryAfter", lpad_config_read_number, CONFIG (first_boot_retry_s), FROM_TO (1, DAY) },
  { "Device", "Imei", lpad_config_read_imei, CONFIG (device.imei), ANY },
  { "Device", "Tac", lpad_config_read_tac, CONFIG (device.tac), ANY },
  { "Device", "Releases", lpad_config_read_releases, CONFIG (device.releases), ANY },
  { "Reader:", "SegmentSize", lpad_config_read_number, READER (segment_size), SEGMENT },
  { "Reader:", "Refresh", lpad_config_read_boolean, READER (refresh), ANY },
  { "Reader:", "Identifier", lpad_config_read_identifier, READER (identifier), ANY },
  { "Reader:", "Removable", lpad_config_read_boolean, READER (removable), ANY },
};

static LpadReaderConfig *
reader_section (LpadConfig *config, const char *glob)
{
  LpadReaderConfig *reader;

  for (guint i = 0; i < config->readers->len; i++)
    {
      reader = g_ptr_array_index (config->readers, i);
      if (g_str_equal (reader->glob, glob))
        return reader;
    }
  reader = g_new0 (LpadReaderConfig, 1);
  reader->glob = g_strdup (glob);
  reader->segment_size = -1;
  reader->refresh = -1;
  reader->identifier = -1;
  reader->removable = -1;
  g_ptr_array_add (config->readers, reader);
  return reader;
}

static LpadServerConfig *
server_section (LpadConfig *config, LpadConfigSource *source)
{
  const char *name = strchr (source->group, ':') + 1;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = lpad_address_normalise (name, strlen (name), &error);
  g_autofree char *host = address != NULL ? lpad_address_host (address) : NULL;

  if (address != NULL && g_str_equal (address, host))
    return lpad_net_config_server (config->net, host);
  lpad_config_warn (source, "“%s” is no host name without a port", name);
  return NULL;
}

/* The structure that @part means in the section of @source, NULL with a warning when it means none. */
static gpointer
find_part (LpadConfig *config, Part part, LpadConfigSource *source)
{
  switch (part)
    {
    case PART_SERVER:
      return server_section (config, source);
    case PART_NET:
      return config->net;
    case PART_READER:
      return reader_section (config, strchr (source->group, ':') + 1);
    case PART_CONFIG:
    default:
      return config;
    }
}

static gboolean
is_group (const Key *key, const char *group)
{
  return g_str_has_suffix (key->group, ":") ? g_str_has_prefix (group, key->group)
                                            : g_str_equal (group, key->group);
}

void
lpad_config_keys_read (LpadConfig *config, LpadConfigSource *source)
{
  gboolean group_known = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const Key *key = &keys[i];

      if (!is_group (key, source->group))
        continue;
      group_known = TRUE;
      if (g_str_equal (key->key, source->key))
        {
          guint8 *part = find_part (config, key->part, source);

          if (part != NULL)
            key->read (source, &key->bounds, part + key->offset);
          return;
        }
    }
  lpad_config_warn (source, group_known ? "unknown key" : "unknown section");
}
