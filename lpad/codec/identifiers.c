/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identifiers.h"

#include <string.h>

#include "error-details.h"
#include "hex.h"

#define ICCID_DIGITS_MIN 18
#define EID_DIGITS       (2 * LPAD_EID_SIZE)
#define TAC_DIGITS       8
#define IMEI_DIGITS      14 /* TAC and serial number, without check digit (TS 23.003 6.2.1) */

char *
lpad_iccid_to_string (const guint8 *iccid, gsize size)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_return_val_if_fail (iccid != NULL || size == 0, NULL);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (text, "%x%x", (guint) iccid[i] & 0x0f, (guint) iccid[i] >> 4);
  while (text->len > 0 && text->str[text->len - 1] == 'f')
    g_string_truncate (text, text->len - 1);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

GBytes *
lpad_iccid_from_string (const char *text, GError **error)
{
  guint8 iccid[LPAD_ICCID_SIZE];
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);

  length = strlen (text);
  if (length < ICCID_DIGITS_MIN || length > 2 * LPAD_ICCID_SIZE
      || strspn (text, "0123456789abcdefABCDEF") != length)
    {
      g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "an ICCID has 18 to 20 digits");
      return NULL;
    }

  memset (iccid, 0xff, sizeof iccid);
  for (gsize i = 0; i < length; i++)
    {
      guint8 digit = (guint8) g_ascii_xdigit_value (text[i]);

      if (i % 2 == 0)
        iccid[i / 2] = 0xf0 | digit;
      else
        iccid[i / 2] = (guint8) (digit << 4) | (iccid[i / 2] & 0x0f);
    }
  return g_bytes_new (iccid, sizeof iccid);
}

char *
lpad_eid_to_string (const guint8 *eid, gsize size, GError **error)
{
  if (size != LPAD_EID_SIZE)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "the chip's EID has %" G_GSIZE_FORMAT " octets instead of %d",
                   size,
                   LPAD_EID_SIZE);
      return NULL;
    }

  return lpad_hex_encode (eid, size);
}

gboolean
lpad_eid_is_valid (const char *eid)
{
  guint remainder = 0;

  g_return_val_if_fail (eid != NULL, FALSE);

  if (strlen (eid) != EID_DIGITS || strspn (eid, "0123456789") != EID_DIGITS)
    return FALSE;

  for (const char *p = eid; *p != '\0'; p++)
    remainder = (remainder * 10 + (guint) g_ascii_digit_value (*p)) % 97;
  return remainder == 1;
}

char *
lpad_version_to_string (const guint8 *data, gsize size)
{
  g_return_val_if_fail (data != NULL || size == 0, NULL);

  if (size != 3)
    return lpad_hex_encode (data, size);
  return g_strdup_printf ("%u.%u.%u", (guint) data[0], (guint) data[1], (guint) data[2]);
}

/* The check digit of the first 14 digits of @imei (TS 23.003 annex B). */
static guint8
luhn_digit (const char *imei)
{
  guint sum = 0;

  for (guint i = 0; i < IMEI_DIGITS; i++)
    {
      guint digit = (guint) g_ascii_digit_value (imei[i]) << (i % 2);

      sum += digit / 10 + digit % 10;
    }
  return (guint8) ((10 - sum % 10) % 10);
}

/* Two digits an octet, the first one in the lower half */
static void
pack_digits (const char *digits, guint8 *octets, gsize size)
{
  for (gsize i = 0; i < size; i++)
    octets[i] = (guint8) (g_ascii_digit_value (digits[2 * i]) | g_ascii_digit_value (digits[2 * i + 1]) << 4);
}

gboolean
lpad_imei_encode (const char *imei, guint8 imei_octets[8], guint8 tac[4], GError **error)
{
  gsize length;
  guint8 check;

  g_return_val_if_fail (imei != NULL, FALSE);

  length = strlen (imei);
  if (length < IMEI_DIGITS || length > IMEI_DIGITS + 2 || strspn (imei, "0123456789") != length)
    {
      g_set_error_literal (
          error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "an IMEI has 14 to 16 digits and nothing else");
      return FALSE;
    }
  check = luhn_digit (imei);
  if (length == IMEI_DIGITS + 1 && g_ascii_digit_value (imei[IMEI_DIGITS]) != check)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "the last digit of the IMEI does not fit the others: one of them is wrong");
      return FALSE;
    }

  pack_digits (imei, imei_octets, IMEI_DIGITS / 2);
  imei_octets[IMEI_DIGITS / 2] = (guint8) (check << 4 | 0x0f);
  memcpy (tac, imei_octets, 4);
  return TRUE;
}

gboolean
lpad_tac_encode (const char *tac, guint8 octets[4], GError **error)
{
  g_return_val_if_fail (tac != NULL, FALSE);

  if (strlen (tac) != TAC_DIGITS || strspn (tac, "0123456789") != TAC_DIGITS)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "a TAC is the first eight digits of an IMEI and nothing else");
      return FALSE;
    }
  pack_digits (tac, octets, TAC_DIGITS / 2);
  return TRUE;
}
