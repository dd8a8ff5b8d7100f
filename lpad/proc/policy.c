/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy.h"

#include "error-details.h"
#include "tlv.h"

#define TAG_MCC_MNC 0x80
#define TAG_GID1    0x81
#define TAG_GID2    0x82
#define ANY_DIGIT   0xe
#define EVALUATED   (LPAD_PPR_UPDATE_CONTROL | LPAD_PPR1 | LPAD_PPR2)

/* SGP.22 2.9.1.1: digit by digit, E in the table stands for any */
static gboolean
plmn_matches (const LpadTlv *allowed, GBytes *owner)
{
  gsize size = 0;
  const guint8 *digits = owner == NULL ? NULL : g_bytes_get_data (owner, &size);

  if (allowed->data == NULL || allowed->length != 3 || size != 3)
    return FALSE;
  for (guint i = 0; i < 6; i++)
    {
      guint shift = i % 2 == 0 ? 0 : 4;
      guint wanted = (allowed->value[i / 2] >> shift) & 0xf;

      if (wanted != ANY_DIGIT && wanted != ((digits[i / 2] >> shift) & 0xf))
        return FALSE;
    }
  return TRUE;
}

/* A GID that the table leaves out matches an owner without one; an empty one matches an owner that has one,
 * whatever it is (of the two readings of the specification in use this is the stricter); any other must be
 * equal. */
static gboolean
gid_matches (const LpadTlv *allowed, GBytes *owner)
{
  gsize size = 0;
  const guint8 *gid = owner == NULL ? NULL : g_bytes_get_data (owner, &size);

  if (allowed->data == NULL)
    return owner == NULL;
  if (allowed->length == 0)
    return size > 0;
  return size == allowed->length && memcmp (gid, allowed->value, size) == 0;
}

static gboolean
operator_matches (GBytes *operator_id, const LpadProfile *metadata)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (operator_id, &size);
  LpadTlv allowed = { .value = data, .length = size };
  LpadTlv plmn, gid1, gid2;

  return lpad_tlv_find_optional (&allowed, TAG_MCC_MNC, &plmn, NULL)
         && lpad_tlv_find_optional (&allowed, TAG_GID1, &gid1, NULL)
         && lpad_tlv_find_optional (&allowed, TAG_GID2, &gid2, NULL)
         && plmn_matches (&plmn, metadata->owner_plmn) && gid_matches (&gid1, metadata->owner_gid1)
         && gid_matches (&gid2, metadata->owner_gid2);
}

/* The first row that names @rule and the profile's owner decides (SGP.22 2.9.2.1). */
static const LpadRatEntry *
find_row (GPtrArray *rat, guint64 rule, const LpadProfile *metadata)
{
  for (guint i = 0; i < rat->len; i++)
    {
      const LpadRatEntry *entry = g_ptr_array_index (rat, i);

      if ((entry->policy_rules & rule) == 0)
        continue;
      for (guint k = 0; k < entry->operators->len; k++)
        if (operator_matches (g_ptr_array_index (entry->operators, k), metadata))
          return entry;
    }
  return NULL;
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION, message);
  return FALSE;
}

gboolean
lpad_policy_check (const LpadProfile *metadata,
                   GPtrArray *rat,
                   gboolean operational_installed,
                   gboolean *consent_required,
                   GError **error)
{
  const guint64 rules[] = { LPAD_PPR1, LPAD_PPR2 };
  gboolean consent = FALSE;

  if (metadata->has_policy_rules && (metadata->policy_rules & ~EVALUATED) != 0)
    return refuse (error, "The profile has a policy rule that this device does not know");
  if ((metadata->policy_rules & (LPAD_PPR1 | LPAD_PPR2)) == 0)
    {
      *consent_required = FALSE;
      return TRUE;
    }
  if (metadata->owner_plmn == NULL)
    return refuse (error, "The profile has policy rules but does not say which operator it belongs to");

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      const LpadRatEntry *row;

      if ((metadata->policy_rules & rules[i]) == 0)
        continue;
      row = find_row (rat, rules[i], metadata);
      if (row == NULL)
        return refuse (
            error,
            rules[i] == LPAD_PPR1
                ? "The profile must never be disabled, and the chip does not grant its operator this rule"
                : "The profile must never be deleted, and the chip does not grant its operator this rule");
      consent = consent || row->consent_required;
    }
  if ((metadata->policy_rules & LPAD_PPR1) != 0 && operational_installed)
    return refuse (error, "The profile must never be disabled, and another profile is installed already");

  *consent_required = consent;
  return TRUE;
}
