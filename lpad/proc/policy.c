/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy.h"

#include "error-details.h"
#include "tlv.h"

#define TAG_MCC_MNC 0x80
#define TAG_GID1    0x81
#define TAG_GID2    0x82
#define PLMN_SIZE   3
#define ANY_DIGIT   0xe
#define EVALUATED   (LPAD_PPR_UPDATE_CONTROL | LPAD_PPR1 | LPAD_PPR2)

/* How well a row of the table fits. Of what an empty GID in it means, two readings are in use. */
typedef enum
{
  FIT_NONE,
  FIT_LOOSE, /* in one of them only */
  FIT_EXACT,
} Fit;

/* SGP.22 2.9.1.1: digit by digit, E in the table stands for any */
static gboolean
plmn_matches (const LpadTlv *allowed, GBytes *owner)
{
  gsize size = 0;
  const guint8 *digits = owner == NULL ? NULL : g_bytes_get_data (owner, &size);

  if (allowed->data == NULL || allowed->length != PLMN_SIZE || size != PLMN_SIZE)
    return FALSE;
  for (guint i = 0; i < 2 * PLMN_SIZE; i++)
    {
      guint shift = i % 2 == 0 ? 0 : 4;
      guint wanted = (allowed->value[i / 2] >> shift) & 0xf;

      if (wanted != ANY_DIGIT && wanted != ((digits[i / 2] >> shift) & 0xf))
        return FALSE;
    }
  return TRUE;
}

/* A GID that the table leaves out matches an owner without one; an empty one matches any value, and in one
 * reading an owner without one, too; any other must be equal. */
static Fit
gid_fit (const LpadTlv *allowed, GBytes *owner)
{
  gsize size = 0;
  const guint8 *gid = owner == NULL ? NULL : g_bytes_get_data (owner, &size);

  if (allowed->data == NULL)
    return owner == NULL ? FIT_EXACT : FIT_NONE;
  if (allowed->length == 0)
    return size > 0 ? FIT_EXACT : FIT_LOOSE;
  return size == allowed->length && memcmp (gid, allowed->value, size) == 0 ? FIT_EXACT : FIT_NONE;
}

static Fit
operator_fit (GBytes *operator_id, const LpadProfile *metadata)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (operator_id, &size);
  LpadTlv allowed = { .value = data, .length = size };
  LpadTlv plmn, gid1, gid2;

  if (!lpad_tlv_find_optional (&allowed, TAG_MCC_MNC, &plmn, NULL)
      || !lpad_tlv_find_optional (&allowed, TAG_GID1, &gid1, NULL)
      || !lpad_tlv_find_optional (&allowed, TAG_GID2, &gid2, NULL)
      || !plmn_matches (&plmn, metadata->owner_plmn))
    return FIT_NONE;
  return MIN (gid_fit (&gid1, metadata->owner_gid1), gid_fit (&gid2, metadata->owner_gid2));
}

static Fit
row_fit (const LpadRatEntry *row, guint64 rule, const LpadProfile *metadata)
{
  Fit best = FIT_NONE;

  if ((row->policy_rules & rule) == 0)
    return FIT_NONE;
  for (guint i = 0; i < row->operators->len; i++)
    best = MAX (best, operator_fit (g_ptr_array_index (row->operators, i), metadata));
  return best;
}

/* The first row that names @rule and the profile's owner decides (SGP.22 2.9.2.1). A row that fits in one
 * reading only permits, because the chip has the last word, but never without asking: in the other reading
 * another row might have decided so. */
static gboolean
is_granted (GPtrArray *rat, guint64 rule, const LpadProfile *metadata, gboolean *consent)
{
  for (guint i = 0; i < rat->len; i++)
    {
      const LpadRatEntry *row = g_ptr_array_index (rat, i);
      Fit fit = row_fit (row, rule, metadata);

      if (fit == FIT_NONE)
        continue;
      *consent = *consent || row->consent_required || fit == FIT_LOOSE;
      return TRUE;
    }
  return FALSE;
}

/* An owner is one operator: MCC and MNC in three octets, without a wildcard (SGP.22 2.9.1.1). */
static gboolean
names_one_operator (GBytes *plmn)
{
  gsize size = 0;
  const guint8 *digits = plmn == NULL ? NULL : g_bytes_get_data (plmn, &size);

  if (size != PLMN_SIZE)
    return FALSE;
  for (guint i = 0; i < PLMN_SIZE; i++)
    if ((digits[i] & 0xf) == ANY_DIGIT || digits[i] >> 4 == ANY_DIGIT)
      return FALSE;
  return TRUE;
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION, message);
  return FALSE;
}

/* What is wrong with one of the rules PPR1 and PPR2, or NULL. */
static const char *
find_obstacle (guint64 rule, gboolean forbidden, gboolean granted)
{
  if (granted && !forbidden)
    return NULL;
  if (rule == LPAD_PPR1)
    return forbidden
               ? "The profile must never be disabled, and this chip takes no such profile"
               : "The profile must never be disabled, and the chip does not grant its operator this rule";
  return forbidden ? "The profile must never be deleted, and this chip takes no such profile"
                   : "The profile must never be deleted, and the chip does not grant its operator this rule";
}

gboolean
lpad_policy_check (const LpadProfile *metadata,
                   const LpadPolicyGround *ground,
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
  if (!names_one_operator (metadata->owner_plmn))
    return refuse (error, "The profile has policy rules but does not say which operator it belongs to");

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      const char *obstacle;

      if ((metadata->policy_rules & rules[i]) == 0)
        continue;
      obstacle = find_obstacle (rules[i],
                                (ground->forbidden & rules[i]) != 0,
                                is_granted (ground->rat, rules[i], metadata, &consent));
      if (obstacle != NULL)
        return refuse (error, obstacle);
    }
  if ((metadata->policy_rules & LPAD_PPR1) != 0 && ground->operational_installed)
    return refuse (error, "The profile must never be disabled, and another profile is installed already");

  *consent_required = consent;
  return TRUE;
}
