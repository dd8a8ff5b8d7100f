/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-value.h"

#include <string.h>

#include "address.h"
#include "config.h"
#include "device.h"
#include "hex.h"
#include "identifiers.h"
#include "ladder.h"

#define AID_SIZE_MIN 5
#define AID_SIZE_MAX 16

void
lpad_config_read_boolean (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autoptr (GError) error = NULL;
  gboolean read = g_key_file_get_boolean (source->file, source->group, source->key, &error);

  if (error != NULL)
    lpad_config_warn (source, "must be true or false");
  else
    *(gboolean *) value = read;
}

void
lpad_config_read_identifier (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autofree char *text = NULL;

  lpad_config_read_text (source, bounds, &text);
  if (g_strcmp0 (text, "iccid") == 0)
    *(int *) value = LPAD_PROFILE_ID_ICCID;
  else if (g_strcmp0 (text, "aid") == 0)
    *(int *) value = LPAD_PROFILE_ID_AID;
  else
    lpad_config_warn (source, "must be iccid or aid");
}

void
lpad_config_read_number (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autofree char *text = g_key_file_get_value (source->file, source->group, source->key, NULL);
  guint64 number = 0;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, bounds->minimum, bounds->maximum, &number, NULL))
    lpad_config_warn (source, "must be a number from %u to %u", bounds->minimum, bounds->maximum);
  else
    *(guint *) value = (guint) number;
}

void
lpad_config_read_seconds (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  guint seconds = 0;

  lpad_config_read_number (source, bounds, &seconds);
  if (seconds > 0)
    *(guint *) value = seconds * 1000;
}

void
lpad_config_read_text (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autofree char *text = g_key_file_get_string (source->file, source->group, source->key, NULL);
  char **field = value;

  g_clear_pointer (field, g_free);
  if (text != NULL && *g_strstrip (text) != '\0')
    *field = g_steal_pointer (&text);
}

/* The trimmed, non-empty elements of a list. */
static char **
split (LpadConfigSource *source)
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

void
lpad_config_read_list (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  char ***field = value;

  g_strfreev (*field);
  *field = split (source);
}

void
lpad_config_read_aids (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_auto (GStrv) list = split (source);
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  GPtrArray **field = value;

  for (guint i = 0; list[i] != NULL; i++)
    {
      g_autoptr (GBytes) aid = lpad_hex_decode (list[i], AID_SIZE_MAX, NULL);

      if (aid == NULL || g_bytes_get_size (aid) < AID_SIZE_MIN)
        lpad_config_warn (
            source, "“%s” is no application identifier of 5 to 16 octets in hexadecimal digits", list[i]);
      else
        g_ptr_array_add (aids, g_steal_pointer (&aid));
    }
  if (aids->len == 0)
    {
      lpad_config_warn (source, "no application is left; the default stays");
      return;
    }
  g_ptr_array_unref (*field);
  *field = g_steal_pointer (&aids);
}

void
lpad_config_read_servers (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_auto (GStrv) list = split (source);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  char ***field = value;

  g_clear_pointer (field, g_strfreev);
  if (list[0] == NULL)
    return;
  for (guint i = 0; list[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *address = lpad_address_normalise (list[i], strlen (list[i]), &error);

      if (address == NULL)
        lpad_config_warn (source, "“%s”: %s", list[i], error->message);
      else
        g_strv_builder_add (builder, address);
    }
  *field = g_strv_builder_end (builder);
}

void
lpad_config_read_use (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  static const char *const names[] = { "never", "ask-caller", "no-route" }; /* LpadProvisioningUse */
  g_autofree char *text = NULL;

  lpad_config_read_text (source, bounds, &text);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_strcmp0 (text, names[i]) != 0)
        continue;
      *(LpadProvisioningUse *) value = (LpadProvisioningUse) i;
      return;
    }
  lpad_config_warn (source, "must be never, ask-caller or no-route");
}

void
lpad_config_read_iccid (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autofree char *text = NULL;
  g_autoptr (GBytes) iccid = NULL;
  g_autoptr (GError) error = NULL;
  char **field = value;

  lpad_config_read_text (source, bounds, &text);
  if (text != NULL && (iccid = lpad_iccid_from_string (text, &error)) == NULL)
    {
      lpad_config_warn (source, "%s", error->message);
      return;
    }
  g_free (*field);
  *field = iccid == NULL ? NULL : lpad_iccid_to_string (g_bytes_get_data (iccid, NULL), LPAD_ICCID_SIZE);
}

void
lpad_config_read_smdp (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autofree char *text = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;
  char **field = value;

  lpad_config_read_text (source, bounds, &text);
  if (text != NULL)
    address = g_str_equal (text, "default") ? g_strdup (text)
                                            : lpad_address_normalise (text, strlen (text), &error);
  if (error != NULL)
    {
      lpad_config_warn (source, "“%s”: %s", text, error->message);
      return;
    }
  g_free (*field);
  *field = g_steal_pointer (&address);
}

void
lpad_config_read_imei (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  char **field = value;
  guint8 octets[8];
  guint8 tac[4];

  lpad_config_read_text (source, bounds, &text);
  if (text != NULL && !lpad_imei_encode (text, octets, tac, &error))
    {
      lpad_config_warn (source, "%s", error->message);
      return;
    }
  g_free (*field);
  *field = g_steal_pointer (&text);
}

void
lpad_config_read_tac (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  char **field = value;
  guint8 octets[4];

  lpad_config_read_text (source, bounds, &text);
  if (text != NULL && !lpad_tac_encode (text, octets, &error))
    {
      lpad_config_warn (source, "%s", error->message);
      return;
    }
  g_free (*field);
  *field = g_steal_pointer (&text);
}

void
lpad_config_read_releases (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value)
{
  g_auto (GStrv) list = split (source);
  guint8 releases[LPAD_RELEASES] = { 0 };

  for (guint i = 0; list[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (list[i], ":", 2);
      g_autoptr (GError) error = NULL;
      guint64 release;

      if (parts[1] == NULL
          || !g_ascii_string_to_unsigned (g_strstrip (parts[1]), 10, 0, G_MAXUINT64, &release, NULL))
        lpad_config_warn (source, "“%s” is not NAME:RELEASE, such as eutran-epc:15", list[i]);
      else if (!lpad_device_set_release (releases, g_strstrip (parts[0]), release, &error))
        lpad_config_warn (
            source, "“%s” is not NAME:RELEASE, such as eutran-epc:15: %s", list[i], error->message);
    }
  memcpy (value, releases, sizeof releases);
}
