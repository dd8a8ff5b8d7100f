/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "offer.h"

#include "error-details.h"
#include "es10c.h"
#include "identifiers.h"
#include "policy.h"

#define TAG_STORE_METADATA 0xbf25

static void
offer_clear (gpointer data)
{
  LpadOffer *offer = data;

  g_free (offer->smdp_address);
  g_clear_pointer (&offer->metadata, lpad_profile_free);
}

/* Odd chips list odd ICCIDs; what is to be installed has one of the right size. */
static LpadProfile *
parse_metadata (GBytes *raw, GError **error)
{
  g_autoptr (LpadProfile) metadata = NULL;
  LpadTlv tlv;

  if (lpad_tlv_parse_bytes (raw, TAG_STORE_METADATA, &tlv, error))
    metadata = lpad_profile_parse (&tlv, error);
  if (metadata == NULL || g_bytes_get_size (metadata->iccid) == LPAD_ICCID_SIZE)
    return g_steal_pointer (&metadata);
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_PROTOCOL_ERROR,
                       "The ICCID of the profile that is offered has not ten octets");
  return NULL;
}

static gboolean
has_operational (GPtrArray *profiles)
{
  for (guint i = 0; i < profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (profiles, i);

      if (profile->profile_class == LPAD_PROFILE_CLASS_OPERATIONAL)
        return TRUE;
    }
  return FALSE;
}

static gboolean
check_not_installed (const LpadProfile *metadata, GPtrArray *profiles, GError **error)
{
  for (guint i = 0; i < profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (profiles, i);

      if (!g_bytes_equal (profile->iccid, metadata->iccid))
        continue;
      g_set_error_literal (
          error, LPAD_ERROR, LPAD_ERROR_PROFILE_EXISTS, "This very profile is on the chip already");
      lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_class (const LpadProfile *metadata, gboolean test_mode, GError **error)
{
  if (metadata->profile_class != LPAD_PROFILE_CLASS_TEST || test_mode)
    return TRUE;
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_POLICY_VIOLATION,
                       "The server offers a test profile, and this device is not in test mode");
  lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
  return FALSE;
}

static gboolean
check_policy (LpadChannel *channel,
              const LpadProfile *metadata,
              GPtrArray *profiles,
              guint64 forbidden,
              gboolean *consent,
              GError **error)
{
  g_autoptr (GPtrArray) rat = NULL;
  LpadPolicyGround ground = { .forbidden = forbidden, .operational_installed = has_operational (profiles) };

  if (!metadata->has_policy_rules)
    {
      *consent = FALSE;
      return TRUE;
    }
  rat = lpad_es10b_get_rat (channel, error);
  if (rat == NULL)
    return FALSE;
  ground.rat = rat;
  if (lpad_policy_check (metadata, &ground, consent, error))
    return TRUE;
  lpad_error_set_cancel_reason (error, LPAD_CANCEL_PPR_NOT_ALLOWED);
  return FALSE;
}

LpadOffer *
lpad_offer_new (const char *smdp_address, const LpadEs9ClientAnswer *answer, GError **error)
{
  g_autoptr (LpadOffer) offer = g_atomic_rc_box_new0 (LpadOffer);

  offer->smdp_address = g_strdup (smdp_address);
  offer->confirmation_code_required = answer->confirmation_code_required;
  offer->metadata = parse_metadata (answer->metadata, error);
  if (offer->metadata != NULL)
    return g_steal_pointer (&offer);
  lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
  return NULL;
}

gboolean
lpad_offer_check (LpadOffer *offer,
                  LpadChip *chip,
                  const LpadEuiccInfo *info,
                  gboolean test_mode,
                  GCancellable *cancellable,
                  GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  g_autoptr (GPtrArray) profiles = NULL;

  if (channel == NULL)
    return FALSE;
  profiles = lpad_es10c_get_profiles_info (channel, LPAD_PROFILES_BRIEF, error);
  return profiles != NULL && check_not_installed (offer->metadata, profiles, error)
         && check_class (offer->metadata, test_mode, error)
         && check_policy (channel,
                          offer->metadata,
                          profiles,
                          info->forbidden_policy_rules,
                          &offer->policy_rules_consent,
                          error);
}

LpadOffer *
lpad_offer_ref (LpadOffer *offer)
{
  return g_atomic_rc_box_acquire (offer);
}

void
lpad_offer_unref (LpadOffer *offer)
{
  if (offer != NULL)
    g_atomic_rc_box_release_full (offer, offer_clear);
}
