/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "known-issuers.h"

#include "hex.h"
#include "known-issuers-resource.h"

#define TABLE "/org/lpad/Lpad1/known-issuers.ini"

/* The table is part of the program: that it can be read is not a matter of chance. */
static gpointer
read_table (gpointer unused)
{
  g_autoptr (GBytes) text = g_resource_lookup_data (
      lpad_known_issuers_get_resource (), TABLE, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  GPtrArray *table = g_ptr_array_new ();

  if (text == NULL || !g_key_file_load_from_bytes (file, text, G_KEY_FILE_NONE, NULL))
    g_error ("the table of known issuers is damaged");
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      LpadKnownIssuer *issuer = g_new0 (LpadKnownIssuer, 1);

      issuer->key_identifier = g_strdup (groups[i]);
      issuer->name = g_key_file_get_string (file, groups[i], "Name", NULL);
      issuer->fingerprints = g_key_file_get_string_list (file, groups[i], "Sha256", NULL, NULL);
      issuer->test = g_key_file_get_boolean (file, groups[i], "Test", NULL);
      if (issuer->name == NULL || issuer->fingerprints == NULL)
        g_error ("the table of known issuers is damaged at [%s]", groups[i]);
      g_ptr_array_add (table, issuer);
    }
  return table;
}

GPtrArray *
lpad_known_issuers (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, read_table, NULL);
}

const LpadKnownIssuer *
lpad_known_issuer_by_key (GBytes *key_identifier)
{
  GPtrArray *table = lpad_known_issuers ();
  gsize size;
  const guint8 *data = g_bytes_get_data (key_identifier, &size);
  g_autofree char *digits = lpad_hex_encode (data, size);

  for (guint i = 0; i < table->len; i++)
    {
      const LpadKnownIssuer *issuer = table->pdata[i];

      if (g_str_equal (issuer->key_identifier, digits))
        return issuer;
    }
  return NULL;
}

const LpadKnownIssuer *
lpad_known_issuer_by_fingerprint (const char *fingerprint)
{
  GPtrArray *table = lpad_known_issuers ();

  for (guint i = 0; i < table->len; i++)
    {
      const LpadKnownIssuer *issuer = table->pdata[i];

      if (g_strv_contains ((const char *const *) issuer->fingerprints, fingerprint))
        return issuer;
    }
  return NULL;
}

char *
lpad_known_issuer_describe (GBytes *key_identifier)
{
  const LpadKnownIssuer *known = lpad_known_issuer_by_key (key_identifier);
  gsize size;
  const guint8 *data = g_bytes_get_data (key_identifier, &size);
  g_autofree char *digits = lpad_hex_encode (data, size);

  return known != NULL ? g_strdup_printf ("%s (%s)", known->name, digits) : g_steal_pointer (&digits);
}
