/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-trace.h"
#include "es10c.h"

#define ICCID "98001032547698103214"
#define AID   "a0000005591010ffffffff8900001100"

/* SGP.22 5.7.20, the published example EID of SGP.02 */
static void
test_eid (void)
{
  g_autoptr (TestChannel) test
      = test_channel_new_exchange ("bf3e035c015a", "bf3e125a1089049032123451234512345678901235");
  g_autoptr (GError) error = NULL;
  g_autofree char *eid = lpad_es10c_get_eid (test->channel, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (eid, ==, "89049032123451234512345678901235");
}

static void
test_eid_malformed (void)
{
  const char *answers[] = { "bf3e00", "bf3e035a0189", "bf3e025a00", "bf2e00" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new_exchange ("bf3e035c015a", answers[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_es10c_get_eid (test->channel, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

#define BRIEF_REQUEST "bf2d065c045a9f7095"

static void
test_profiles (void)
{
  g_autoptr (TestChannel) test
      = test_channel_new_exchange (BRIEF_REQUEST,
                                   "bf2d35a033"
                                   "e3165a0a" ICCID "9f700101950102df7f00"
                                   "c000"     /* not a profile */
                                   "e3024f00" /* a profile without an ICCID is left out */
                                   "e3135a0a980010325476981032249f700100950100");
  g_autoptr (GError) error = NULL;

  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "a profile that the chip lists was left out*");
  g_autoptr (GPtrArray) profiles = lpad_es10c_get_profiles_info (test->channel, LPAD_PROFILES_BRIEF, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_cmpuint (profiles->len, ==, 2);
  const LpadProfile *first = profiles->pdata[0], *second = profiles->pdata[1];
  test_assert_hex (first->iccid, ICCID);
  g_assert_cmpint (first->state, ==, LPAD_PROFILE_ENABLED);
  g_assert_cmpint (first->profile_class, ==, LPAD_PROFILE_CLASS_OPERATIONAL);
  g_assert_cmpint (second->state, ==, LPAD_PROFILE_DISABLED);
  g_assert_cmpint (second->profile_class, ==, LPAD_PROFILE_CLASS_TEST);
}

/* No icons: they would be most of the answer. */
static void
test_profiles_full_none (void)
{
  g_autoptr (TestChannel) test = test_channel_new_exchange ("bf2d0d5c0b5a4f9f709091929395b799", "bf2d02a000");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) profiles = lpad_es10c_get_profiles_info (test->channel, LPAD_PROFILES_FULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (profiles->len, ==, 0);
}

static void
test_profiles_without_list (void)
{
  g_autoptr (TestChannel) test = test_channel_new ("> 81e2910009" BRIEF_REQUEST "00\n< bf2d038101019000\n"
                                                   "> 81e2910003bf2d0000\n< bf2d02a0009000\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) profiles = lpad_es10c_get_profiles_info (test->channel, LPAD_PROFILES_BRIEF, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (profiles->len, ==, 0);
}

static void
test_profiles_refused (void)
{
  g_autoptr (TestChannel) test = test_channel_new_exchange (BRIEF_REQUEST, "bf2d0381017f");
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_es10c_get_profiles_info (test->channel, LPAD_PROFILES_BRIEF, &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 127);
}

static void
test_profiles_malformed (void)
{
  const char *answers[] = { "bf2d00", "bf2d03a001e3", "bf2d04a002e305", "bf2d03810100", "bf2d028100" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new_exchange (BRIEF_REQUEST, answers[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_es10c_get_profiles_info (test->channel, LPAD_PROFILES_BRIEF, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

static void
test_icon (void)
{
  static const char request[] = "bf2d13a00c5a0a" ICCID "5c035a9394";
  g_autoptr (TestChannel) png
      = test_channel_new_exchange (request, "bf2d17a015e3135a0a" ICCID "9301019402beef");
  g_autoptr (TestChannel) none = test_channel_new_exchange (request, "bf2d10a00ee30c5a0a" ICCID);
  g_autoptr (TestChannel) missing = test_channel_new_exchange (request, "bf2d02a000");
  g_autoptr (GBytes) iccid = test_bytes (ICCID);
  g_autoptr (GError) error = NULL;
  LpadIconType type = LPAD_ICON_JPEG;

  g_autoptr (GBytes) icon = lpad_es10c_get_icon (png->channel, iccid, &type, &error);
  g_assert_no_error (error);
  test_assert_hex (icon, "beef");
  g_assert_cmpint (type, ==, LPAD_ICON_PNG);

  g_autoptr (GBytes) empty = lpad_es10c_get_icon (none->channel, iccid, &type, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (empty), ==, 0);
  g_assert_cmpint (type, ==, LPAD_ICON_NONE);

  g_assert_null (lpad_es10c_get_icon (missing->channel, iccid, &type, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
}

/* By class and by AID, with tags of one and of two octets; each question has the ICCID among its tags. */
static void
test_query (void)
{
  const guint32 tags[] = { 0x5a, 0x9f70, 0xbf76, 0xb6 };
  g_autoptr (GBytes) aid = test_bytes (AID);
  const LpadProfileId id = { LPAD_PROFILE_ID_AID, aid };
  const LpadProfileQuery by_class = {
    .by_class = TRUE, .profile_class = LPAD_PROFILE_CLASS_TEST, .tags = tags, .n_tags = G_N_ELEMENTS (tags)
  };
  const LpadProfileQuery by_aid = { .id = &id };
  g_autoptr (TestChannel) classes
      = test_channel_new_exchange ("bf2d0da0039501005c065a9f70bf76b6", "bf2d10a00ee30c5a0a" ICCID);
  g_autoptr (TestChannel) usual = test_channel_new_exchange ("bf2d14a0124f10" AID, "bf2d02a000");
  g_autoptr (GError) error = NULL;

  g_autoptr (GPtrArray) found = lpad_es10c_query_profiles (classes->channel, &by_class, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 1);
  g_autoptr (GPtrArray) none = lpad_es10c_query_profiles (usual->channel, &by_aid, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
}

/* A question without a tag list is not asked a second time. */
static void
test_query_refused (void)
{
  const LpadProfileQuery all = { .id = NULL };
  g_autoptr (TestChannel) test = test_channel_new_exchange ("bf2d00", "bf2d03810101");
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_es10c_query_profiles (test->channel, &all, &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 1);
}

static void
test_switch (void)
{
  g_autoptr (TestChannel) enable
      = test_channel_new_exchange ("bf3111a00c5a0a" ICCID "8101ff", "bf3103800100");
  g_autoptr (TestChannel) disable
      = test_channel_new_exchange ("bf3211a00c5a0a" ICCID "810100", "bf3203800100");
  g_autoptr (TestChannel) delete = test_channel_new_exchange ("bf330c5a0a" ICCID, "bf3303800100");
  g_autoptr (GBytes) iccid = test_bytes (ICCID);
  const LpadProfileId id = { LPAD_PROFILE_ID_ICCID, iccid };
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_es10c_enable_profile (enable->channel, &id, TRUE, &error));
  g_assert_no_error (error);
  g_assert_true (lpad_es10c_disable_profile (disable->channel, &id, FALSE, &error));
  g_assert_no_error (error);
  g_assert_true (lpad_es10c_delete_profile (delete->channel, &id, &error));
  g_assert_no_error (error);
}

static void
test_switch_by_aid (void)
{
  g_autoptr (TestChannel) enable = test_channel_new_exchange ("bf3117a0124f10" AID "8101ff", "bf3103800100");
  g_autoptr (TestChannel) disable = test_channel_new_exchange ("bf3217a0124f10" AID "810100", "bf3203800100");
  g_autoptr (TestChannel) delete = test_channel_new_exchange ("bf33124f10" AID, "bf3303800100");
  g_autoptr (GBytes) aid = test_bytes (AID);
  const LpadProfileId id = { LPAD_PROFILE_ID_AID, aid };
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_es10c_enable_profile (enable->channel, &id, TRUE, &error));
  g_assert_true (lpad_es10c_disable_profile (disable->channel, &id, FALSE, &error));
  g_assert_true (lpad_es10c_delete_profile (delete->channel, &id, &error));
  g_assert_no_error (error);
}

/* A proactive command waits: the answer counts all the same. */
static void
test_switch_with_refresh (void)
{
  g_autoptr (TestChannel) test
      = test_channel_new ("> 81e2910014bf3111a00c5a0a" ICCID "8101ff00\n< bf3103800100910b");
  g_autoptr (GBytes) iccid = test_bytes (ICCID);
  const LpadProfileId id = { LPAD_PROFILE_ID_ICCID, iccid };
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_es10c_enable_profile (test->channel, &id, TRUE, &error));
  g_assert_no_error (error);
}

static void
test_switch_refused (void)
{
  const guint codes[] = { 1, 2, 3, 4, 5, 6, 127 };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autofree char *answer = g_strdup_printf ("bf31038001%02x", codes[i]);
      g_autoptr (TestChannel) test = test_channel_new_exchange ("bf3111a00c5a0a" ICCID "8101ff", answer);
      g_autoptr (GBytes) iccid = test_bytes (ICCID);
      const LpadProfileId id = { LPAD_PROFILE_ID_ICCID, iccid };
      g_autoptr (GError) error = NULL;

      g_assert_false (lpad_es10c_enable_profile (test->channel, &id, TRUE, &error));
      g_assert_true (error->domain == LPAD_ERROR);
      g_assert_cmpint (lpad_error_details (error)->result, ==, (int) codes[i]);
    }
}

static void
test_nickname (void)
{
  g_autoptr (TestChannel) set = test_channel_new_exchange ("bf29125a0a" ICCID "900454726970", "bf2903800100");
  g_autoptr (TestChannel) clear = test_channel_new_exchange ("bf290e5a0a" ICCID "9000", "bf2903800100");
  g_autoptr (GBytes) iccid = test_bytes (ICCID);
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_es10c_set_nickname (set->channel, iccid, "Trip", &error));
  g_assert_true (lpad_es10c_set_nickname (clear->channel, iccid, "", &error));
  g_assert_no_error (error);
}

static void
test_nickname_invalid (void)
{
  g_autofree char *too_long = g_strnfill (65, 'a');
  const char *names[] = { "a\nb", "a\x1b[2J", "\xff", too_long };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new ("");
      g_autoptr (GBytes) iccid = test_bytes (ICCID);
      g_autoptr (GError) error = NULL;

      g_assert_false (lpad_es10c_set_nickname (test->channel, iccid, names[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
    }
}

static void
test_memory_reset (void)
{
  const struct
  {
    guint options;
    const char *request;
  } cases[] = {
    { LPAD_RESET_OPERATIONAL_PROFILES, "bf340482020780" },
    { LPAD_RESET_TEST_PROFILES, "bf340482020640" },
    { LPAD_RESET_DEFAULT_SMDP_ADDRESS, "bf340482020520" },
    { LPAD_RESET_OPERATIONAL_PROFILES | LPAD_RESET_TEST_PROFILES | LPAD_RESET_DEFAULT_SMDP_ADDRESS,
      "bf3404820205e0" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new_exchange (cases[i].request, "bf3403800100");
      g_autoptr (GError) error = NULL;

      g_assert_true (lpad_es10c_memory_reset (test->channel, cases[i].options, &error));
      g_assert_no_error (error);
    }
}

static void
test_memory_reset_refused (void)
{
  const guint codes[] = { 1, 5, 6, 7, 127 };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autofree char *answer = g_strdup_printf ("bf34038001%02x", codes[i]);
      g_autoptr (TestChannel) test = test_channel_new_exchange ("bf340482020780", answer);
      g_autoptr (GError) error = NULL;

      g_assert_false (lpad_es10c_memory_reset (test->channel, LPAD_RESET_OPERATIONAL_PROFILES, &error));
      g_assert_cmpint (lpad_error_details (error)->result, ==, (int) codes[i]);
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10c.eUICCMemoryReset");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ES10c.GetEID/read", test_eid);
  g_test_add_func ("/ES10c.GetEID/malformed", test_eid_malformed);
  g_test_add_func ("/ES10c.GetProfilesInfo/list", test_profiles);
  g_test_add_func ("/ES10c.GetProfilesInfo/full-none", test_profiles_full_none);
  g_test_add_func ("/ES10c.GetProfilesInfo/without-list", test_profiles_without_list);
  g_test_add_func ("/ES10c.GetProfilesInfo/refused", test_profiles_refused);
  g_test_add_func ("/ES10c.GetProfilesInfo/malformed", test_profiles_malformed);
  g_test_add_func ("/ES10c.GetProfilesInfo/icon", test_icon);
  g_test_add_func ("/ES10c.GetProfilesInfo/query", test_query);
  g_test_add_func ("/ES10c.GetProfilesInfo/query-refused", test_query_refused);
  g_test_add_func ("/ES10c.EnableProfile/switch", test_switch);
  g_test_add_func ("/ES10c.EnableProfile/by-aid", test_switch_by_aid);
  g_test_add_func ("/ES10c.EnableProfile/refresh", test_switch_with_refresh);
  g_test_add_func ("/ES10c.EnableProfile/refused", test_switch_refused);
  g_test_add_func ("/ES10c.SetNickname/set", test_nickname);
  g_test_add_func ("/ES10c.SetNickname/invalid", test_nickname_invalid);
  g_test_add_func ("/ES10c.eUICCMemoryReset/reset", test_memory_reset);
  g_test_add_func ("/ES10c.eUICCMemoryReset/refused", test_memory_reset_refused);
  return g_test_run ();
}
