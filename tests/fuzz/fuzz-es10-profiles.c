/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to GetProfilesInfo and to the functions that change profiles. */
#include "es10c.h"
#include "fuzz-card.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
ask (LpadChannel *channel)
{
  g_autoptr (GBytes) iccid = g_bytes_new_static ("\x98\x00\x10\x32\x54\x76\x98\x10\x32\x14", 10);
  LpadIconType type = LPAD_ICON_NONE;

  g_autoptr (GPtrArray) profiles = lpad_es10c_get_profiles_info (channel, LPAD_PROFILES_FULL, NULL);
  for (guint i = 0; profiles != NULL && i < profiles->len; i++)
    {
      const LpadProfile *profile = profiles->pdata[i];
      g_assert_true (profile->iccid != NULL && g_bytes_get_size (profile->iccid) > 0);
      g_assert_true (profile->name == NULL || g_utf8_validate (profile->name, -1, NULL));
    }
  g_autoptr (GBytes) icon = lpad_es10c_get_icon (channel, iccid, &type, NULL);
  g_assert_true (icon == NULL || g_bytes_get_size (icon) <= LPAD_ICON_MAX);

  const LpadProfileId id = { LPAD_PROFILE_ID_ICCID, iccid };
  (void) !lpad_es10c_enable_profile (channel, &id, TRUE, NULL);
  (void) !lpad_es10c_disable_profile (channel, &id, TRUE, NULL);
  (void) !lpad_es10c_delete_profile (channel, &id, NULL);
  (void) !lpad_es10c_set_nickname (channel, iccid, "", NULL);
  (void) !lpad_es10c_memory_reset (channel, LPAD_RESET_TEST_PROFILES, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  return fuzz_with_channel (data, size, ask);
}
