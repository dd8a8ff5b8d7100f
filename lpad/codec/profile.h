/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "tlv.h"

G_BEGIN_DECLS

typedef enum
{
  LPAD_PROFILE_DISABLED = 0,
  LPAD_PROFILE_ENABLED = 1,
} LpadProfileState;

typedef enum
{
  LPAD_PROFILE_CLASS_TEST = 0,
  LPAD_PROFILE_CLASS_PROVISIONING = 1,
  LPAD_PROFILE_CLASS_OPERATIONAL = 2,
} LpadProfileClass;

typedef enum
{
  LPAD_ICON_NONE = -1,
  LPAD_ICON_JPEG = 0,
  LPAD_ICON_PNG = 1,
} LpadIconType;

/* Bits of policy_rules (PprIds, SGP.22 2.8.1.1) */
#define LPAD_PPR_UPDATE_CONTROL (G_GUINT64_CONSTANT (1) << 0)
#define LPAD_PPR1               (G_GUINT64_CONSTANT (1) << 1) /* must not be disabled */
#define LPAD_PPR2               (G_GUINT64_CONSTANT (1) << 2) /* must not be deleted */

#define LPAD_NICKNAME_MAX 64   /* octets of UTF-8 */
#define LPAD_ICON_MAX     1024 /* octets */

/**
 * LpadProfile: a profile as the chip lists it (ProfileInfo E3) or as a server announces it (StoreMetadata
 * BF25). Texts are clean (lpad_text_clean()) and cut to the specification's sizes; what is absent is NULL.
 * @iccid: ten octets as on the chip (GBytes, never NULL, at most 16 octets for odd cards)
 * @owner_mcc_mnc: such as "262-01" or NULL; @owner_gid1, @owner_gid2: octets or NULL
 * @raw: the TLV as received
 */
typedef struct
{
  GBytes *raw;
  GBytes *iccid;
  GBytes *isdp_aid;
  LpadProfileState state;
  LpadProfileClass profile_class;
  char *nickname;
  char *service_provider;
  char *name;
  LpadIconType icon_type;
  GBytes *icon;
  GBytes *owner_plmn;
  char *owner_mcc_mnc;
  GBytes *owner_gid1;
  GBytes *owner_gid2;
  gboolean has_policy_rules;
  guint64 policy_rules;
} LpadProfile;

/** lpad_profile_parse: one E3 or BF25. NULL with %LPAD_ERROR_PROTOCOL_ERROR when it has no ICCID or is
 * malformed. */
LpadProfile *lpad_profile_parse (const LpadTlv *tlv, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lpad_profile_free (LpadProfile *profile);

/**
 * lpad_profile_same_metadata: whether @a and @b, both StoreMetadata, describe the same profile: ICCID, names,
 * icon, class, owner, notification configuration and policy rules octet by octet, defaults filled in.
 * @difference: (out) (nullable): static, the name of the first field that differs
 */
gboolean lpad_profile_same_metadata (const LpadProfile *a, const LpadProfile *b, const char **difference);

/** lpad_profile_state_to_string, lpad_profile_class_to_string, lpad_icon_type_to_string: the names that stand
 * on the bus. */
const char *lpad_profile_state_to_string (LpadProfileState state); /* "disabled", "enabled" */
const char *
lpad_profile_class_to_string (LpadProfileClass profile_class); /* "test", "provisioning", "operational" */
const char *lpad_icon_type_to_string (LpadIconType type);      /* "", "image/jpeg", "image/png" */
/** lpad_policy_rules_to_strv: names of the set bits: "ppr-update-control", "ppr1", "ppr2", "unknown-N". Free
 * with g_strfreev(). */
char **lpad_policy_rules_to_strv (guint64 policy_rules);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadProfile, lpad_profile_free)

G_END_DECLS
