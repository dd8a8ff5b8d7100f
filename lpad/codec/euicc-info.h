/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadEuiccInfo: EUICCInfo1 (BF20) or EUICCInfo2 (BF22), SGP.22 5.7.8.
 * What the chip does not say (and all that EUICCInfo1 lacks) is NULL or 0.
 * @raw: the TLV as received; it is relayed, never re-encoded
 * @spec_version, @firmware_version, @profile_version: such as "2.5.0"
 * @profile_versions: other versions of profile packages that it takes, too (utf8)
 * @category: a number of EuiccCategory, -1 when it says none; see lpad_euicc_info_category()
 * @accreditation: number of the accreditation of its production site (SAS)
 * @platform_label, @discovery_url: what certifies the platform, and where that can be looked up; text
 * @tre_properties, @tre_product: the tamper resistant element that it is made of
 * @verification, @signing: GPtrArray of GBytes: key identifiers of issuers (CI), most preferred first: those
 * with which the chip verifies servers, and those under which it has a certificate of its own
 */
typedef struct
{
  GBytes *raw;
  char *spec_version;
  char *firmware_version;
  char *profile_version;
  GPtrArray *profile_versions;
  char *javacard_version; /* of TS 102 241 */
  char *globalplatform_version;
  char *protection_profile_version;
  int category;
  char *accreditation;
  char *platform_label;
  char *discovery_url;
  guint64 tre_properties;
  char *tre_product;
  guint64 applications; /* installed */
  guint64 free_memory;  /* octets of non-volatile memory */
  guint64 free_ram;     /* octets of volatile memory */
  guint64 uicc_capability;
  guint64 rsp_capability;
  guint64 forbidden_policy_rules; /* bits as in LpadProfile.policy_rules */
  GPtrArray *verification;
  GPtrArray *signing;
} LpadEuiccInfo;

/* Bits of rsp_capability */
#define LPAD_RSP_ADDITIONAL_PROFILE        (G_GUINT64_CONSTANT (1) << 0)
#define LPAD_RSP_CRL                       (G_GUINT64_CONSTANT (1) << 1)
#define LPAD_RSP_TEST_PROFILE              (G_GUINT64_CONSTANT (1) << 3)
#define LPAD_RSP_DEVICE_INFO_EXTENSIBILITY (G_GUINT64_CONSTANT (1) << 4)

/** lpad_euicc_info_parse: reads @raw, whose tag must be @tag (0xbf20 or 0xbf22). NULL with
 * %LPAD_ERROR_PROTOCOL_ERROR. */
LpadEuiccInfo *lpad_euicc_info_parse (GBytes *raw, guint32 tag, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lpad_euicc_info_free (LpadEuiccInfo *info);

/** lpad_euicc_info_capabilities: NULL-terminated names of the capabilities in @rsp_capability and
 * @uicc_capability, such as "additional-profile", "test-profile", "usim". Free with g_strfreev(). */
char **lpad_euicc_info_capabilities (const LpadEuiccInfo *info);

/** lpad_euicc_info_category: "other", "basic", "medium", "contactless", or NULL when the chip does not say.
 */
const char *lpad_euicc_info_category (const LpadEuiccInfo *info);

/** lpad_euicc_info_tre_properties: NULL-terminated names of the set bits: "discrete", "integrated",
 * "remote-memory". Free with g_strfreev(). */
char **lpad_euicc_info_tre_properties (const LpadEuiccInfo *info);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadEuiccInfo, lpad_euicc_info_free)

G_END_DECLS
