/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "imei.h"

#include <string.h>

#define DIGITS_MIN 14
#define DIGITS_MAX 16

char *
lpad_modem_clean_imei (const char *text)
{
  gsize length = text != NULL ? strspn (text, "0123456789") : 0;

  if (length < DIGITS_MIN || length > DIGITS_MAX || text[length] != '\0')
    return g_strdup ("");
  return g_strdup (text);
}
