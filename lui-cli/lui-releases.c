/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-releases.h"

#include "lpad-error.h"

GVariant *
lui_releases_build (const char *const *entries, GError **error)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("a{sy}"));
  for (; *entries != NULL; entries++)
    {
      g_auto (GStrv) parts = g_strsplit (*entries, ":", 2);
      guint64 release;

      if (parts[0] == NULL || parts[1] == NULL
          || !g_ascii_string_to_unsigned (g_strstrip (parts[1]), 10, 1, G_MAXUINT8, &release, NULL))
        {
          g_variant_builder_clear (&list);
          g_set_error (error,
                       LPAD_ERROR,
                       LPAD_ERROR_INVALID_ARGUMENTS,
                       "“%s” is not NAME:RELEASE, such as eutran-epc:15.",
                       *entries);
          return NULL;
        }
      g_variant_builder_add (&list, "{sy}", g_strstrip (parts[0]), (guint8) release);
    }
  return g_variant_builder_end (&list);
}

gboolean
lui_releases_add (GVariantBuilder *options, const char *const *entries, GError **error)
{
  GVariant *list;

  if (entries == NULL)
    return TRUE;
  list = lui_releases_build (entries, error);
  if (list != NULL)
    g_variant_builder_add (options, "{sv}", "releases", list);
  return list != NULL;
}
