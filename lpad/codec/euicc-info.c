/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc-info.h"

#include "error-details.h"
#include "identifiers.h"
#include "tlv.h"

/* Tags of EUICCInfo2; EUICCInfo1 has those of them that are marked. */
#define TAG_PROFILE_VERSION   0x81
#define TAG_SVN               0x82 /* in EUICCInfo1 too */
#define TAG_FIRMWARE_VERSION  0x83
#define TAG_CARD_RESOURCE     0x84
#define TAG_UICC_CAPABILITY   0x85
#define TAG_RSP_CAPABILITY    0x88
#define TAG_FORBIDDEN_RULES   0x99
#define TAG_VERIFICATION      0xa9 /* in EUICCInfo1 too */
#define TAG_SIGNING           0xaa /* in EUICCInfo1 too */
#define TAG_KEY_IDENTIFIER    0x04
#define TAG_FREE_NON_VOLATILE 0x82 /* in extCardResource */

/* Names by bit of RspCapability and UICCCapability (SGP.22 5.7.8; later bits of the same lists in v3). NULL:
 * of no interest to a user of lpad. */
static const char *const rsp_names[] = {
  "additional-profile", "crl", "rpm", "test-profile", "device-info-extensibility", "service-specific-data",
};
static const char *const uicc_names[] = {
  "contactless",
  "usim",
  "isim",
  "csim",
  "milenage",
  "cave",
  "tuak128",
  "tuak256",
  "usim-test-algorithm",
  NULL,
  "gba-usim",
  "gba-isim",
  "mbms-usim",
  "eap-client",
  "javacard",
  "multos",
  "multiple-usim",
  "multiple-isim",
  "multiple-csim",
  "ber-tlv-file",
  "df-link",
  "cat-tp",
  "get-identity",
  "profile-a-x25519",
  "profile-b-p256",
  "suci-calculator-api",
};

static gboolean
read_version (const LpadTlv *parent, guint32 tag, char **version, GError **error)
{
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, error))
    return FALSE;
  if (tlv.data != NULL)
    *version = lpad_version_to_string (tlv.value, tlv.length);
  return TRUE;
}

static gboolean
read_bits (const LpadTlv *parent, guint32 tag, guint64 *bits, GError **error)
{
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, error))
    return FALSE;
  return tlv.data == NULL || lpad_tlv_get_bits (&tlv, bits, error);
}

static gboolean
read_key_identifiers (const LpadTlv *parent, guint32 tag, GPtrArray *list, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  LpadTlvIter iter;
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, error))
    return FALSE;

  lpad_tlv_iter_init (&iter, tlv.value, tlv.length);
  while (lpad_tlv_iter_next (&iter, &tlv, &local_error))
    {
      if (tlv.tag == TAG_KEY_IDENTIFIER && tlv.length > 0)
        g_ptr_array_add (list, lpad_tlv_get_bytes (&tlv));
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return TRUE;
}

/* extCardResource (ETSI TS 102 226 8.2.1.7.2) holds numbers without sign of any length. One that makes no
 * sense is taken for unknown: nothing depends on it but what a user is shown. */
static gboolean
read_free_memory (const LpadTlv *parent, guint64 *octets, GError **error)
{
  guint64 number = 0;
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, TAG_CARD_RESOURCE, &tlv, error))
    return FALSE;
  if (tlv.data == NULL)
    return TRUE;
  if (!lpad_tlv_find_optional (&tlv, TAG_FREE_NON_VOLATILE, &tlv, error))
    return FALSE;

  for (gsize i = 0; i < tlv.length; i++)
    {
      if (number > G_MAXUINT64 >> 8)
        return TRUE;
      number = number << 8 | tlv.value[i];
    }
  *octets = number;
  return TRUE;
}

LpadEuiccInfo *
lpad_euicc_info_parse (GBytes *raw, guint32 tag, GError **error)
{
  g_autoptr (LpadEuiccInfo) info = NULL;
  LpadTlv tlv;

  g_return_val_if_fail (raw != NULL, NULL);
  g_return_val_if_fail (tag == 0xbf20 || tag == 0xbf22, NULL);

  if (!lpad_tlv_parse_bytes (raw, tag, &tlv, error))
    return NULL;

  info = g_new0 (LpadEuiccInfo, 1);
  info->raw = g_bytes_ref (raw);
  info->verification = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  info->signing = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (!read_version (&tlv, TAG_SVN, &info->spec_version, error)
      || !read_key_identifiers (&tlv, TAG_VERIFICATION, info->verification, error)
      || !read_key_identifiers (&tlv, TAG_SIGNING, info->signing, error))
    return NULL;
  if (tag == 0xbf22
      && (!read_version (&tlv, TAG_PROFILE_VERSION, &info->profile_version, error)
          || !read_version (&tlv, TAG_FIRMWARE_VERSION, &info->firmware_version, error)
          || !read_free_memory (&tlv, &info->free_memory, error)
          || !read_bits (&tlv, TAG_UICC_CAPABILITY, &info->uicc_capability, error)
          || !read_bits (&tlv, TAG_RSP_CAPABILITY, &info->rsp_capability, error)
          || !read_bits (&tlv, TAG_FORBIDDEN_RULES, &info->forbidden_policy_rules, error)))
    return NULL;

  return g_steal_pointer (&info);
}

void
lpad_euicc_info_free (LpadEuiccInfo *info)
{
  if (info == NULL)
    return;

  g_bytes_unref (info->raw);
  g_free (info->spec_version);
  g_free (info->firmware_version);
  g_free (info->profile_version);
  g_ptr_array_unref (info->verification);
  g_ptr_array_unref (info->signing);
  g_free (info);
}

static void
add_names (GPtrArray *list, guint64 bits, const char *const *names, gsize n_names)
{
  for (gsize i = 0; i < n_names; i++)
    {
      if ((bits >> i & 1) != 0 && names[i] != NULL)
        g_ptr_array_add (list, g_strdup (names[i]));
    }
}

char **
lpad_euicc_info_capabilities (const LpadEuiccInfo *info)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  g_return_val_if_fail (info != NULL, NULL);

  add_names (list, info->rsp_capability, rsp_names, G_N_ELEMENTS (rsp_names));
  add_names (list, info->uicc_capability, uicc_names, G_N_ELEMENTS (uicc_names));
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&list), FALSE);
}
