/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apn.h"

#include <string.h>

#define GROUP   "Apn"
#define APN_MAX 100 /* octets; 3GPP TS 23.003, 9.1 */

/* Letters, digits, hyphens and dots. */
static gboolean
is_apn (const char *text)
{
  gsize length = strlen (text);

  return length > 0 && length <= APN_MAX
         && strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-.") == length;
}

char *
lpad_nm_apn_find (const char *path, const char *owner)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *apn = NULL;

  if (path == NULL || *owner == '\0')
    return NULL;
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &error))
    {
      if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_warning ("%s cannot be read: %s", path, error->message);
      return NULL;
    }
  apn = g_key_file_get_string (file, GROUP, owner, NULL);
  if (apn != NULL && !is_apn (apn))
    {
      g_warning ("%s: “%s” is no APN", path, apn);
      return NULL;
    }
  return g_steal_pointer (&apn);
}
