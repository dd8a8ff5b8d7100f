/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc-info.h"

#include "error-details.h"
#include "identifiers.h"
#include "text.h"
#include "tlv.h"

/* Tags of EUICCInfo2; EUICCInfo1 has those of them that are marked. */
#define TAG_PROFILE_VERSION        0x81
#define TAG_SVN                    0x82 /* in EUICCInfo1 too */
#define TAG_FIRMWARE_VERSION       0x83
#define TAG_CARD_RESOURCE          0x84
#define TAG_UICC_CAPABILITY        0x85
#define TAG_JAVACARD_VERSION       0x86
#define TAG_GLOBALPLATFORM_VERSION 0x87
#define TAG_RSP_CAPABILITY         0x88
#define TAG_CATEGORY               0x8b
#define TAG_TRE_PROPERTIES         0x8d
#define TAG_TRE_PRODUCT            0x8e
#define TAG_FORBIDDEN_RULES        0x99
#define TAG_VERIFICATION           0xa9 /* in EUICCInfo1 too */
#define TAG_SIGNING                0xaa /* in EUICCInfo1 too */
#define TAG_CERTIFICATION          0xac
#define TAG_PROFILE_VERSIONS       0xaf
#define TAG_PROTECTION_PROFILE     0x04
#define TAG_ACCREDITATION          0x0c
#define TAG_KEY_IDENTIFIER         0x04 /* in a list of issuers */
#define TAG_VERSION                0x04 /* in a list of versions */
#define TAG_PLATFORM_LABEL         0x80 /* in certificationDataObject */
#define TAG_DISCOVERY_URL          0x81
#define TAG_APPLICATIONS           0x81 /* in extCardResource */
#define TAG_FREE_NON_VOLATILE      0x82
#define TAG_FREE_VOLATILE          0x83

#define TEXT_MAX     255 /* octets of a text that the specification does not limit */
#define VERSION_SIZE 3
#define VERSIONS_MAX 16

/* Names by bit of RspCapability and UICCCapability (SGP.22 5.7.8; later bits of the same lists in v2.6, v3
 * and SGP.32). NULL: reserved. */
static const char *const rsp_names[] = {
  "additional-profile",
  "crl",
  "rpm",
  "test-profile",
  "device-info-extensibility",
  "service-specific-data",
  "hri-server-address",
  "service-provider-message",
  "lpa-proxy",
  "enterprise-profiles",
  "service-description",
  "device-change",
  "encrypted-device-change-data",
  "estimated-profile-size",
  "profile-size-in-profiles-info",
  "crl-stapling-v3",
  "certificate-chain-v3",
  "signed-smds-response-v3",
  "rsp-capability-in-info1",
  "os-update",
  "cancel-for-empty-names",
  "update-notification-configuration",
  "update-metadata-v3",
  "v3-objects-in-ctx-params",
  "push-service-registration",
  NULL,
  "iot-specific-metadata",
  "msl-check",
  "test-profile-allow-list",
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
  "dns-resolution",
  "scp11ac",
  "scp11c-authorization",
  "s16-mode",
  "eaka",
  "iot-minimal",
};
static const char *const tre_names[] = { "discrete", "integrated", "remote-memory" };
static const char *const category_names[] = { "other", "basic", "medium", "contactless" };

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

/* A number without sign of any length. One that makes no sense is taken for unknown. */
static guint64
read_plain_number (const LpadTlv *parent, guint32 tag)
{
  guint64 number = 0;
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, NULL))
    return 0;
  for (gsize i = 0; i < tlv.length; i++)
    {
      if (number > G_MAXUINT64 >> 8)
        return 0;
      number = number << 8 | tlv.value[i];
    }
  return number;
}

/* extCardResource (ETSI TS 102 226 8.2.1.7.2): nothing depends on it but what a user is shown. */
static gboolean
read_resources (const LpadTlv *parent, LpadEuiccInfo *info, GError **error)
{
  LpadTlv resource, unused;

  if (!lpad_tlv_find_optional (parent, TAG_CARD_RESOURCE, &resource, error)
      || !lpad_tlv_find_optional (&resource, TAG_FREE_NON_VOLATILE, &unused, error))
    return FALSE;
  info->applications = read_plain_number (&resource, TAG_APPLICATIONS);
  info->free_memory = read_plain_number (&resource, TAG_FREE_NON_VOLATILE);
  info->free_ram = read_plain_number (&resource, TAG_FREE_VOLATILE);
  return TRUE;
}

static gboolean
read_text (const LpadTlv *parent, guint32 tag, char **text, GError **error)
{
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, error))
    return FALSE;
  if (tlv.length > 0)
    *text = lpad_text_clean (tlv.value, tlv.length, TEXT_MAX);
  return TRUE;
}

static gboolean
read_certification (const LpadTlv *parent, LpadEuiccInfo *info, GError **error)
{
  LpadTlv data;

  return lpad_tlv_find_optional (parent, TAG_CERTIFICATION, &data, error)
         && read_text (&data, TAG_PLATFORM_LABEL, &info->platform_label, error)
         && read_text (&data, TAG_DISCOVERY_URL, &info->discovery_url, error);
}

static gboolean
read_profile_versions (const LpadTlv *parent, GPtrArray *versions, GError **error)
{
  g_autoptr (GError) local = NULL;
  LpadTlvIter iter;
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, TAG_PROFILE_VERSIONS, &tlv, error))
    return FALSE;
  lpad_tlv_iter_init (&iter, tlv.value, tlv.length);
  while (versions->len < VERSIONS_MAX && lpad_tlv_iter_next (&iter, &tlv, &local))
    {
      if (tlv.tag == TAG_VERSION && tlv.length == VERSION_SIZE)
        g_ptr_array_add (versions, lpad_version_to_string (tlv.value, tlv.length));
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
read_category (const LpadTlv *parent, int *category, GError **error)
{
  guint64 number = G_MAXINT;
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, TAG_CATEGORY, &tlv, error))
    return FALSE;
  if (tlv.data != NULL && lpad_tlv_get_uint (&tlv, &number, NULL) && number < G_N_ELEMENTS (category_names))
    *category = (int) number;
  return TRUE;
}

/* What a user may want to know and lpad itself does not need. */
static gboolean
read_description (const LpadTlv *tlv, LpadEuiccInfo *info, GError **error)
{
  return read_profile_versions (tlv, info->profile_versions, error)
         && read_version (tlv, TAG_JAVACARD_VERSION, &info->javacard_version, error)
         && read_version (tlv, TAG_GLOBALPLATFORM_VERSION, &info->globalplatform_version, error)
         && read_version (tlv, TAG_PROTECTION_PROFILE, &info->protection_profile_version, error)
         && read_category (tlv, &info->category, error)
         && read_text (tlv, TAG_ACCREDITATION, &info->accreditation, error)
         && read_certification (tlv, info, error)
         && read_bits (tlv, TAG_TRE_PROPERTIES, &info->tre_properties, error)
         && read_text (tlv, TAG_TRE_PRODUCT, &info->tre_product, error);
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
  info->profile_versions = g_ptr_array_new_with_free_func (g_free);
  info->category = -1;
  if (!read_version (&tlv, TAG_SVN, &info->spec_version, error)
      || !read_key_identifiers (&tlv, TAG_VERIFICATION, info->verification, error)
      || !read_key_identifiers (&tlv, TAG_SIGNING, info->signing, error))
    return NULL;
  if (tag == 0xbf22
      && (!read_version (&tlv, TAG_PROFILE_VERSION, &info->profile_version, error)
          || !read_version (&tlv, TAG_FIRMWARE_VERSION, &info->firmware_version, error)
          || !read_resources (&tlv, info, error)
          || !read_bits (&tlv, TAG_UICC_CAPABILITY, &info->uicc_capability, error)
          || !read_bits (&tlv, TAG_RSP_CAPABILITY, &info->rsp_capability, error)
          || !read_bits (&tlv, TAG_FORBIDDEN_RULES, &info->forbidden_policy_rules, error)
          || !read_description (&tlv, info, error)))
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
  g_ptr_array_unref (info->profile_versions);
  g_free (info->javacard_version);
  g_free (info->globalplatform_version);
  g_free (info->protection_profile_version);
  g_free (info->accreditation);
  g_free (info->platform_label);
  g_free (info->discovery_url);
  g_free (info->tre_product);
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

const char *
lpad_euicc_info_category (const LpadEuiccInfo *info)
{
  return info->category < 0 ? NULL : category_names[info->category];
}

char **
lpad_euicc_info_tre_properties (const LpadEuiccInfo *info)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  add_names (list, info->tre_properties, tre_names, G_N_ELEMENTS (tre_names));
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&list), FALSE);
}
