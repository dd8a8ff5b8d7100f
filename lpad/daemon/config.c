/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "address.h"
#include "channel.h"
#include "error-details.h"
#include "hex.h"
#include "identifiers.h"

#define READER_PREFIX          "Reader:"
#define FILE_MAX               (256 * 1024) /* octets */
#define AID_SIZE_MIN           5
#define DEFAULT_ISSUER_FOLDERS "/usr/share/lpad/issuers;/etc/lpad/issuers"
#define AID_SIZE_MAX           16

/* ISD-R of SGP.02 2.2.3, and those of removable eUICCs that have one of their own. */
static const char *const default_aids[] = {
  "a0000005591010ffffffff8900000100", "a0000005591010000000008900000300", "a0000005591010ffffffff8900050500",
  "a0000005591010ffffffff8900000177", "a000000559104c696e6b736669656c64", "a06573746b6d65ffff4953442d522030",
};

/* Where a value is read from, and where a complaint about it goes. */
typedef struct
{
  LpadConfig *config;
  GKeyFile *file;
  const char *path;
  const char *text;
  const char *group;
  const char *key;
} Source;

typedef void (*ReadFunc) (Source *source);

static void
reader_config_free (LpadReaderConfig *reader)
{
  g_free (reader->glob);
  g_free (reader);
}

/* The line of @key (or of the header, when @key is NULL) of @group, the last one that counts; 0 when there is
 * none. */
static guint
find_line (const char *text, const char *group, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *header = g_strdup_printf ("[%s]", group);
  gboolean inside = FALSE;
  guint found = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);
      const char *equals = strchr (line, '=');

      if (line[0] == '[')
        {
          inside = g_str_equal (line, header);
          if (inside && key == NULL)
            found = i + 1;
        }
      else if (inside && key != NULL && line[0] != '#' && equals != NULL)
        {
          g_autofree char *name = g_strchomp (g_strndup (line, (gsize) (equals - line)));

          if (g_str_equal (name, key))
            found = i + 1;
        }
    }
  return found;
}

static void G_GNUC_PRINTF (2, 3) warn (Source *source, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (source->config->warnings,
                   g_strdup_printf ("%s:%u: [%s] %s%s%s",
                                    source->path,
                                    find_line (source->text, source->group, source->key),
                                    source->group,
                                    source->key != NULL ? source->key : "",
                                    source->key != NULL ? ": " : "",
                                    message));
}

static void
read_boolean (Source *source, gboolean *value)
{
  g_autoptr (GError) error = NULL;
  gboolean read = g_key_file_get_boolean (source->file, source->group, source->key, &error);

  if (error != NULL)
    warn (source, "must be true or false");
  else
    *value = read;
}

static gboolean
read_number (Source *source, guint minimum, guint maximum, guint *value)
{
  g_autofree char *text = g_key_file_get_value (source->file, source->group, source->key, NULL);
  guint64 number = 0;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, minimum, maximum, &number, NULL))
    {
      warn (source, "must be a number from %u to %u", minimum, maximum);
      return FALSE;
    }
  *value = (guint) number;
  return TRUE;
}

static void
read_seconds_as_ms (Source *source, guint maximum, guint *value_ms)
{
  guint seconds;

  if (read_number (source, 1, maximum, &seconds))
    *value_ms = seconds * 1000;
}

/* The trimmed, non-empty elements of a list. */
static char **
read_list (Source *source)
{
  g_auto (GStrv) raw = g_key_file_get_string_list (source->file, source->group, source->key, NULL, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; raw != NULL && raw[i] != NULL; i++)
    {
      if (*g_strstrip (raw[i]) != '\0')
        g_strv_builder_add (builder, raw[i]);
    }
  return g_strv_builder_end (builder);
}

static void
read_test_mode (Source *source)
{
  read_boolean (source, &source->config->test_mode);
}

static void
read_idle_timeout (Source *source)
{
  read_number (source, 0, 24 * 3600, &source->config->idle_timeout_s);
}

static void
read_isdr_aids (Source *source)
{
  g_auto (GStrv) list = read_list (source);
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (guint i = 0; list[i] != NULL; i++)
    {
      g_autoptr (GBytes) aid = lpad_hex_decode (list[i], AID_SIZE_MAX, NULL);

      if (aid == NULL || g_bytes_get_size (aid) < AID_SIZE_MIN)
        warn (source, "“%s” is no application identifier of 5 to 16 octets in hexadecimal digits", list[i]);
      else
        g_ptr_array_add (aids, g_steal_pointer (&aid));
    }
  if (aids->len == 0)
    {
      warn (source, "no application is left; the default stays");
      return;
    }
  g_ptr_array_unref (source->config->isdr_aids);
  source->config->isdr_aids = g_steal_pointer (&aids);
}

static void
read_segment_size (Source *source)
{
  read_number (source, LPAD_SEGMENT_SIZE_MIN, LPAD_SEGMENT_SIZE_MAX, &source->config->segment_size);
}

static void
read_apdu_timeout (Source *source)
{
  read_seconds_as_ms (source, 600, &source->config->apdu_timeout_ms);
}

static void
read_refresh_timeout (Source *source)
{
  read_seconds_as_ms (source, 600, &source->config->refresh_timeout_ms);
}

static void
read_refresh (Source *source)
{
  read_boolean (source, &source->config->refresh);
}

static void
read_allow_private (Source *source)
{
  read_boolean (source, &source->config->net->allow_private);
}

static void
read_connect_to (Source *source)
{
  g_strfreev (source->config->net->connect_to);
  source->config->net->connect_to = read_list (source);
}

static void
read_proxy (Source *source)
{
  g_autofree char *text = g_key_file_get_string (source->file, source->group, source->key, NULL);

  g_clear_pointer (&source->config->net->proxy, g_free);
  if (text != NULL && *g_strstrip (text) != '\0')
    source->config->net->proxy = g_steal_pointer (&text);
}

/* An entry that is not understood allows nothing, but the rule stands: only an empty value means "any
 * server". */
static void
read_allowed_servers (Source *source)
{
  g_auto (GStrv) list = read_list (source);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_clear_pointer (&source->config->net->allowed_servers, g_strfreev);
  if (list[0] == NULL)
    return;
  for (guint i = 0; list[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *address = lpad_address_normalise (list[i], strlen (list[i]), &error);

      if (address == NULL)
        warn (source, "“%s”: %s", list[i], error->message);
      else
        g_strv_builder_add (builder, address);
    }
  source->config->net->allowed_servers = g_strv_builder_end (builder);
}

static void
read_connect_timeout (Source *source)
{
  read_seconds_as_ms (source, 600, &source->config->net->connect_timeout_ms);
}

static void
read_stall_timeout (Source *source)
{
  read_number (source, 1, 3600, &source->config->net->stall_timeout_s);
}

static void
read_request_timeout (Source *source)
{
  read_seconds_as_ms (source, 3600, &source->config->net->total_timeout_ms);
}

static void
read_download_timeout (Source *source)
{
  read_seconds_as_ms (source, 3600, &source->config->net->download_timeout_ms);
}

static void
read_issuer_folders (Source *source)
{
  g_strfreev (source->config->issuer_folders);
  source->config->issuer_folders = read_list (source);
}

static void
read_unattended (Source *source)
{
  read_boolean (source, &source->config->unattended);
}

static void
read_prompt_timeout (Source *source)
{
  read_number (source, 1, 24 * 3600, &source->config->prompt_timeout_s);
}

static void
read_imei (Source *source)
{
  g_autofree char *text = g_key_file_get_string (source->file, source->group, source->key, NULL);
  g_autoptr (GError) error = NULL;
  guint8 octets[8];
  guint8 tac[4];

  if (text == NULL || *g_strstrip (text) == '\0')
    {
      g_clear_pointer (&source->config->imei, g_free);
      return;
    }
  if (!lpad_imei_encode (text, octets, tac, &error))
    {
      warn (source, "%s", error->message);
      return;
    }
  g_free (source->config->imei);
  source->config->imei = g_steal_pointer (&text);
}

/* DeviceCapabilities in the order of their tags (SGP.22 4.2). */
static const char *const release_names[] = {
  "gsm",         "utran",   "cdma2000-1x", "cdma2000-hrpd", "cdma2000-ehrpd", "eutran-epc",
  "contactless", "rsp-crl", "nr-epc",      "nr-5gc",        "eutran-5gc",
};

static void
read_releases (Source *source)
{
  g_auto (GStrv) list = read_list (source);
  guint8 releases[G_N_ELEMENTS (release_names)] = { 0 };

  for (guint i = 0; list[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (list[i], ":", 2);
      guint64 release;
      guint k = 0;

      while (k < G_N_ELEMENTS (release_names) && !g_str_equal (g_strstrip (parts[0]), release_names[k]))
        k++;
      if (k == G_N_ELEMENTS (release_names) || parts[1] == NULL
          || !g_ascii_string_to_unsigned (g_strstrip (parts[1]), 10, 1, 255, &release, NULL))
        warn (source, "“%s” is not NAME:RELEASE, such as eutran-epc:15", list[i]);
      else
        releases[k] = (guint8) release;
    }
  G_STATIC_ASSERT (sizeof releases == sizeof source->config->releases);
  memcpy (source->config->releases, releases, sizeof releases);
}

static LpadReaderConfig *
reader_section (Source *source)
{
  const char *glob = source->group + strlen (READER_PREFIX);
  LpadReaderConfig *reader;

  for (guint i = 0; i < source->config->readers->len; i++)
    {
      reader = g_ptr_array_index (source->config->readers, i);
      if (g_str_equal (reader->glob, glob))
        return reader;
    }
  reader = g_new0 (LpadReaderConfig, 1);
  reader->glob = g_strdup (glob);
  reader->segment_size = -1;
  reader->refresh = -1;
  g_ptr_array_add (source->config->readers, reader);
  return reader;
}

static void
read_reader_segment_size (Source *source)
{
  guint value;

  if (read_number (source, LPAD_SEGMENT_SIZE_MIN, LPAD_SEGMENT_SIZE_MAX, &value))
    reader_section (source)->segment_size = (int) value;
}

static void
read_reader_refresh (Source *source)
{
  LpadReaderConfig *reader = reader_section (source);
  gboolean value = reader->refresh;

  read_boolean (source, &value);
  reader->refresh = value;
}

static const struct
{
  const char *group; /* READER_PREFIX: any section that begins so */
  const char *key;
  ReadFunc read;
} keys[] = {
  { "General", "TestMode", read_test_mode },
  { "General", "IdleTimeout", read_idle_timeout },
  { "Card", "IsdrAids", read_isdr_aids },
  { "Card", "SegmentSize", read_segment_size },
  { "Card", "ApduTimeout", read_apdu_timeout },
  { "Card", "RefreshTimeout", read_refresh_timeout },
  { "Card", "Refresh", read_refresh },
  { "Network", "AllowPrivateAddresses", read_allow_private },
  { "Network", "ConnectTo", read_connect_to },
  { "Network", "Proxy", read_proxy },
  { "Network", "AllowedServers", read_allowed_servers },
  { "Network", "ConnectTimeout", read_connect_timeout },
  { "Network", "StallTimeout", read_stall_timeout },
  { "Network", "RequestTimeout", read_request_timeout },
  { "Network", "DownloadTimeout", read_download_timeout },
  { "Trust", "IssuerFolders", read_issuer_folders },
  { "Policy", "Unattended", read_unattended },
  { "Policy", "PromptTimeout", read_prompt_timeout },
  { "Device", "Imei", read_imei },
  { "Device", "Releases", read_releases },
  { READER_PREFIX, "SegmentSize", read_reader_segment_size },
  { READER_PREFIX, "Refresh", read_reader_refresh },
};

static void
read_key (Source *source)
{
  gboolean is_reader = g_str_has_prefix (source->group, READER_PREFIX);
  const char *group = is_reader ? READER_PREFIX : source->group;
  gboolean group_known = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (!g_str_equal (keys[i].group, group))
        continue;
      group_known = TRUE;
      if (g_str_equal (keys[i].key, source->key))
        {
          keys[i].read (source);
          return;
        }
    }
  warn (source, group_known ? "unknown key" : "unknown section");
}

static gboolean
load_file (LpadConfig *config, const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) groups = NULL;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, local->message);
      return FALSE;
    }
  if (size > FILE_MAX || !g_key_file_load_from_data (file, text, size, G_KEY_FILE_NONE, &local))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "%s: %s",
                   path,
                   local != NULL ? local->message : "the file is too large");
      return FALSE;
    }

  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) names = g_key_file_get_keys (file, groups[i], NULL, NULL);

      for (guint k = 0; names != NULL && names[k] != NULL; k++)
        {
          Source source = { config, file, path, text, groups[i], names[k] };

          read_key (&source);
        }
    }
  return TRUE;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_drop_ins (const char *path)
{
  g_autofree char *folder = g_strconcat (path, ".d", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (name[0] != '.' && g_str_has_suffix (name, ".conf"))
        g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
    }
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}

LpadConfig *
lpad_config_new (void)
{
  LpadConfig *config = g_new0 (LpadConfig, 1);

  config->idle_timeout_s = 30;
  config->isdr_aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < G_N_ELEMENTS (default_aids); i++)
    g_ptr_array_add (config->isdr_aids, lpad_hex_decode (default_aids[i], AID_SIZE_MAX, NULL));
  config->segment_size = LPAD_SEGMENT_SIZE_MAX;
  config->apdu_timeout_ms = 60 * 1000;
  config->refresh_timeout_ms = 10 * 1000;
  config->refresh = TRUE;
  config->readers = g_ptr_array_new_with_free_func ((GDestroyNotify) reader_config_free);
  config->net = lpad_net_config_new ();
  config->issuer_folders = g_strsplit (DEFAULT_ISSUER_FOLDERS, ";", -1);
  config->prompt_timeout_s = 300;
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
  g_free (config->imei);
  g_ptr_array_unref (config->warnings);
  g_free (config);
}

LpadConfig *
lpad_config_load (const char *path, GError **error)
{
  g_autoptr (LpadConfig) config = lpad_config_new ();
  g_autoptr (GPtrArray) drop_ins = list_drop_ins (path);

  if (!load_file (config, path, error))
    return NULL;
  for (guint i = 0; i < drop_ins->len; i++)
    {
      if (!load_file (config, g_ptr_array_index (drop_ins, i), error))
        return NULL;
    }
  return g_steal_pointer (&config);
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

gboolean
lpad_config_refresh (const LpadConfig *config, const char *reader)
{
  gboolean refresh = config->refresh;

  for (guint i = 0; i < config->readers->len; i++)
    {
      const LpadReaderConfig *section = g_ptr_array_index (config->readers, i);

      if (section->refresh >= 0 && g_pattern_match_simple (section->glob, reader))
        refresh = section->refresh;
    }
  return refresh;
}
