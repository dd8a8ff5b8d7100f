/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hex.h"

#include <string.h>

#include "error-details.h"

char *
lpad_hex_encode (const guint8 *data, gsize size)
{
  static const char digits[] = "0123456789abcdef";
  char *text;

  g_return_val_if_fail (data != NULL || size == 0, NULL);

  text = g_malloc_n (size + 1, 2);
  for (gsize i = 0; i < size; i++)
    {
      text[2 * i] = digits[data[i] >> 4];
      text[2 * i + 1] = digits[data[i] & 0x0f];
    }
  text[2 * size] = '\0';
  return text;
}

GBytes *
lpad_hex_decode (const char *text, gsize maximum, GError **error)
{
  g_autofree guint8 *data = NULL;
  gsize digits;

  g_return_val_if_fail (text != NULL, NULL);

  digits = strlen (text);
  if (digits % 2 != 0)
    {
      g_set_error_literal (
          error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "an odd number of hexadecimal digits");
      return NULL;
    }
  if (digits / 2 > maximum)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "%" G_GSIZE_FORMAT " octets where at most %" G_GSIZE_FORMAT " are accepted",
                   digits / 2,
                   maximum);
      return NULL;
    }

  data = g_malloc (digits / 2 + 1);
  for (gsize i = 0; i < digits / 2; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]);
      int low = g_ascii_xdigit_value (text[2 * i + 1]);

      if (high < 0 || low < 0)
        {
          g_set_error (error,
                       LPAD_ERROR,
                       LPAD_ERROR_PROTOCOL_ERROR,
                       "character %" G_GSIZE_FORMAT " is no hexadecimal digit",
                       2 * i + (high < 0 ? 1 : 2));
          return NULL;
        }
      data[i] = (guint8) (high << 4 | low);
    }

  return g_bytes_new_take (g_steal_pointer (&data), digits / 2);
}
