/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identity.h"

#include <string.h>

#define DIGITS_MIN   14
#define DIGITS_MAX   16
#define REVISION_MAX 128

char *
lpad_modem_clean_imei (const char *text)
{
  gsize length = text != NULL ? strspn (text, "0123456789") : 0;

  if (length < DIGITS_MIN || length > DIGITS_MAX || text[length] != '\0')
    return g_strdup ("");
  return g_strdup (text);
}

char *
lpad_modem_clean_revision (const char *text)
{
  g_autofree char *revision = g_strstrip (g_strndup (text != NULL ? text : "", REVISION_MAX + 1));

  if (strlen (revision) > REVISION_MAX)
    return g_strdup ("");
  for (const char *at = revision; *at != '\0'; at++)
    {
      if (!g_ascii_isprint (*at))
        return g_strdup ("");
    }
  return g_steal_pointer (&revision);
}
