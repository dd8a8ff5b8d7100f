/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <string.h>

#include "error-details.h"
#include "text.h"

#define NAME_MAX_SHOWN 64 /* octets of a name that somebody else chose */

static const LpadOption *
find_option (const LpadOption *table, gsize n_table, const char *name)
{
  for (gsize i = 0; i < n_table; i++)
    {
      if (g_str_equal (table[i].name, name))
        return &table[i];
    }
  return NULL;
}

static gboolean
refuse (GError **error, const char *name, const char *what)
{
  g_autofree char *clean = lpad_text_clean ((const guint8 *) name, strlen (name), NAME_MAX_SHOWN);

  g_set_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "Option “%s” %s.", clean, what);
  return FALSE;
}

static gboolean
store_value (const LpadOption *option, GVariant *value, GError **error)
{
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE (option->type)))
    {
      g_autofree char *what = g_strdup_printf (
          "has the type “%s”; it must be “%s”", g_variant_get_type_string (value), option->type);

      return refuse (error, option->name, what);
    }

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    *(gboolean *) option->value = g_variant_get_boolean (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    *(guint *) option->value = g_variant_get_uint32 (value);
  else if (g_variant_is_container (value))
    {
      g_clear_pointer ((GVariant **) option->value, g_variant_unref);
      *(GVariant **) option->value = g_variant_ref (value);
    }
  else
    {
      gsize size;
      const char *text = g_variant_get_string (value, &size);

      if (size > LPAD_OPTION_TEXT_MAX)
        return refuse (error, option->name, "is too long");
      g_free (*(char **) option->value);
      *(char **) option->value = g_strdup (text);
    }
  if (option->given != NULL)
    *option->given = TRUE;
  return TRUE;
}

gboolean
lpad_options_read (GVariant *options, const LpadOption *table, gsize n_table, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_return_val_if_fail (g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT), FALSE);

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      const LpadOption *option = find_option (table, n_table, name);

      if (option == NULL)
        return refuse (error, name, "is unknown");
      if (!g_hash_table_add (seen, g_strdup (name)))
        return refuse (error, name, "is given twice");
      if (!store_value (option, owned, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
lpad_options_none (GVariant *options, GError **error)
{
  return lpad_options_read (options, NULL, 0, error);
}
