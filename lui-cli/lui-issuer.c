/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-issuer.h"

#include <string.h>

#include "lui-file.h"
#include "lui-output.h"

#define DIGITS_MIN 8 /* fewer are too easily another's */

GBytes *
lui_certificate_read (const char *source, GError **error)
{
  gsize size = 0;
  char *octets = lui_file_read (source, "a certificate", LUI_CERTIFICATE_MAX, &size, error);

  return octets != NULL ? g_bytes_new_take (octets, size) : NULL;
}

const char *
lui_issuer_text (GVariant *issuer, const char *name)
{
  const char *text = "";

  g_variant_lookup (issuer, name, "&s", &text);
  return text;
}

char *
lui_issuer_title (GVariant *issuer)
{
  return lui_clean (lui_or (lui_issuer_text (issuer, "known-as"), lui_issuer_text (issuer, "name")));
}

char *
lui_issuer_until (GVariant *issuer)
{
  guint64 seconds = 0;
  g_autoptr (GDateTime) date = NULL;

  g_variant_lookup (issuer, "not-after", "t", &seconds);
  if (seconds <= G_MAXINT64)
    date = g_date_time_new_from_unix_utc ((gint64) seconds);
  return date != NULL ? g_date_time_format (date, "%F") : g_strdup ("unknown");
}

char *
lui_fingerprint (const char *digits)
{
  g_autofree char *clean = lui_clean (digits);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; clean[i] != '\0'; i++)
    {
      if (i > 0 && i % 4 == 0)
        g_string_append_c (text, ' ');
      g_string_append_c (text, clean[i]);
    }
  return g_string_free (text, FALSE);
}

static gboolean
has_digits (GVariant *issuer, const char *member, const char *text)
{
  return strlen (text) >= DIGITS_MIN
         && g_ascii_strncasecmp (lui_issuer_text (issuer, member), text, strlen (text)) == 0;
}

static gboolean
has_name (GVariant *issuer, const char *member, const char *text)
{
  g_autofree char *name = g_utf8_casefold (lui_issuer_text (issuer, member), -1);
  g_autofree char *part = g_utf8_casefold (text, -1);

  return *part != '\0' && strstr (name, part) != NULL;
}

static gboolean
is_meant (GVariant *issuer, const char *text, gboolean by_name)
{
  if (by_name)
    return has_name (issuer, "name", text) || has_name (issuer, "known-as", text);
  return has_digits (issuer, "fingerprint", text) || has_digits (issuer, "key-identifier", text);
}

/* Counts those that fit, and keeps the last one. */
static guint
look_for (GVariant *issuers, const char *text, gboolean by_name, GVariant **found)
{
  guint count = 0;

  for (gsize i = 0; issuers != NULL && i < g_variant_n_children (issuers); i++)
    {
      g_autoptr (GVariant) issuer = g_variant_get_child_value (issuers, i);

      if (!is_meant (issuer, text, by_name))
        continue;
      count++;
      g_clear_pointer (found, g_variant_unref);
      *found = g_variant_ref (issuer);
    }
  return count;
}

GVariant *
lui_issuer_find (GVariant *issuers, const char *text, GError **error)
{
  g_autoptr (GVariant) found = NULL;
  guint count = look_for (issuers, text, FALSE, &found);

  if (count == 0)
    count = look_for (issuers, text, TRUE, &found);
  if (count == 1)
    return g_steal_pointer (&found);
  if (count == 0)
    g_set_error (
        error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "No issuer fits “%s”: see lui-cli issuer list.", text);
  else
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_INVALID_ARGUMENTS,
                 "%u issuers fit “%s”: name one by its fingerprint, see lui-cli issuer list --json.",
                 count,
                 text);
  return NULL;
}
