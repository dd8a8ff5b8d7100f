/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"
#include "identifiers.h"
#include "profile.h"
#include "text.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_text (const char *text, gsize maximum)
{
  g_assert_true (text == NULL || lpad_text_is_clean (text, maximum));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadProfile) profile = NULL;
  g_autofree char *iccid = NULL;
  g_auto (GStrv) rules = NULL;
  LpadTlv tlv;

  if (!lpad_tlv_parse (data, size, 0, &tlv, NULL))
    return 0;
  profile = lpad_profile_parse (&tlv, &error);
  if (profile == NULL)
    {
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      return 0;
    }

  check_text (profile->nickname, LPAD_NICKNAME_MAX);
  check_text (profile->service_provider, 32);
  check_text (profile->name, 64);
  check_text (profile->owner_mcc_mnc, 7);
  g_assert_true (profile->icon == NULL || g_bytes_get_size (profile->icon) <= LPAD_ICON_MAX);
  iccid = lpad_iccid_to_string (g_bytes_get_data (profile->iccid, NULL), g_bytes_get_size (profile->iccid));
  check_text (iccid, 32);
  rules = lpad_policy_rules_to_strv (profile->policy_rules);
  g_assert_true (g_strv_length (rules) <= 64);
  g_assert_true (lpad_profile_same_metadata (profile, profile, NULL) == (tlv.tag == 0xbf25));
  return 0;
}
