/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10b.h"

#include "error-details.h"
#include "es10.h"

/* LoadCRL: telling the chip which certificates of servers are revoked. */

#define TAG_LOAD_CRL   0xbf35
#define TAG_SEQUENCE   0x30
#define TAG_INTEGER    0x02
#define TAG_OLD_NUMBER 0x80 /* v2.0 has each number in a SEQUENCE of its own */

static gboolean
check_support (const LpadEuiccInfo *info, GError **error)
{
  if ((info->rsp_capability & LPAD_RSP_CRL) != 0)
    return TRUE;
  g_set_error_literal (
      error, LPAD_ERROR, LPAD_ERROR_NOT_SUPPORTED, "The chip keeps no lists of revoked certificates");
  return FALSE;
}

static gboolean
read_list (GBytes *crl, LpadTlv *list, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_bytes_get_size (crl) > LPAD_CRL_MAX)
    g_set_error (&local,
                 LPAD_ERROR,
                 LPAD_ERROR_INVALID_ARGUMENTS,
                 "A list of revoked certificates for a chip has at most %d octets",
                 LPAD_CRL_MAX);
  else if (!lpad_tlv_parse_bytes (crl, TAG_SEQUENCE, list, &local))
    local->code = LPAD_ERROR_INVALID_ARGUMENTS;
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  lpad_error_wrap (error, "This is no list of revoked certificates");
  return FALSE;
}

static gboolean
add_number (const LpadTlv *tlv, GArray *numbers, GError **error)
{
  LpadTlv number = *tlv;
  guint64 value;

  if (tlv->tag == TAG_SEQUENCE && !lpad_tlv_find (tlv, TAG_OLD_NUMBER, &number, error))
    return FALSE;
  if (!lpad_tlv_get_uint (&number, &value, error))
    return FALSE;
  g_array_append_val (numbers, value);
  return TRUE;
}

/* LoadCRLResponseOk { A0 { 02 number ... } OPTIONAL } */
static GArray *
read_missing (const LpadTlv *ok, GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GError) local = NULL;
  LpadTlvIter iter;
  LpadTlv parts, tlv;

  if (!lpad_tlv_find_optional (ok, 0xa0, &parts, error))
    return NULL;
  if (parts.data == NULL)
    return g_steal_pointer (&numbers);
  lpad_tlv_iter_init_children (&iter, &parts);
  while (lpad_tlv_iter_next (&iter, &tlv, &local))
    {
      if (tlv.tag != TAG_INTEGER && tlv.tag != TAG_SEQUENCE)
        continue;
      if (!add_number (&tlv, numbers, error))
        return NULL;
    }
  if (local == NULL)
    return g_steal_pointer (&numbers);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

GArray *
lpad_es10b_load_crl (LpadChannel *channel, const LpadEuiccInfo *info, GBytes *crl, GError **error)
{
  const LpadFunction function = LPAD_FUNCTION_LOAD_CRL;
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv list, answer, ok;

  if (!check_support (info, error) || !read_list (crl, &list, error))
    return NULL;
  lpad_tlv_builder_open (builder, TAG_LOAD_CRL);
  lpad_tlv_builder_add (builder, 0xa0, list.value, list.length); /* in the place of the SEQUENCE's tag */
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  g_autoptr (GBytes) octets
      = lpad_es10_call (channel, request, TAG_LOAD_CRL, lpad_function_name (function), &answer, error);
  if (octets == NULL || !lpad_es10_find_ok (&answer, 0xa0, function, &ok, NULL, error))
    return NULL;
  GArray *missing = read_missing (&ok, error);
  if (missing == NULL)
    lpad_es10_malformed (error, lpad_function_name (function));
  return missing;
}
