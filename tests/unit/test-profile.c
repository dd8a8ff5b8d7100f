/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "error-details.h"
#include "hex.h"
#include "profile.h"

#define ICCID "5a0a98001032547698103214"

static LpadProfile *
parse (const char *hex, GError **error)
{
  g_autoptr (GBytes) bytes = lpad_hex_decode (hex, 4096, NULL);
  LpadTlv tlv;

  g_assert_true (lpad_tlv_parse_bytes (bytes, 0, &tlv, NULL));
  return lpad_profile_parse (&tlv, error);
}

static void
test_full (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadProfile) profile = parse ("e34c" ICCID "4f10a0000005591010ffffffff8900001100"
                                           "9f7001019004547269709103414243920358595a93010194028950"
                                           "950101b70a800362f210810101820099020640",
                                           &error);
  g_auto (GStrv) rules = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (profile->raw), ==, 0x4e);
  g_assert_cmpuint (g_bytes_get_size (profile->iccid), ==, 10);
  g_assert_cmpuint (g_bytes_get_size (profile->isdp_aid), ==, 16);
  g_assert_cmpint (profile->state, ==, LPAD_PROFILE_ENABLED);
  g_assert_cmpint (profile->profile_class, ==, LPAD_PROFILE_CLASS_PROVISIONING);
  g_assert_cmpstr (profile->nickname, ==, "Trip");
  g_assert_cmpstr (profile->service_provider, ==, "ABC");
  g_assert_cmpstr (profile->name, ==, "XYZ");
  g_assert_cmpint (profile->icon_type, ==, LPAD_ICON_PNG);
  g_assert_cmpuint (g_bytes_get_size (profile->icon), ==, 2);
  g_assert_cmpstr (profile->owner_mcc_mnc, ==, "262-01");
  g_assert_cmpuint (g_bytes_get_size (profile->owner_gid1), ==, 1);
  g_assert_cmpuint (g_bytes_get_size (profile->owner_gid2), ==, 0);
  g_assert_true (profile->has_policy_rules);
  g_assert_cmphex (profile->policy_rules, ==, LPAD_PPR1);
  rules = lpad_policy_rules_to_strv (profile->policy_rules);
  g_assert_cmpstr (rules[0], ==, "ppr1");
  g_assert_null (rules[1]);
}

/* A profile may lack everything but the ICCID; the class is operational then. */
static void
test_bare (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadProfile) profile = parse ("e30c" ICCID, &error);

  g_assert_no_error (error);
  g_assert_null (profile->isdp_aid);
  g_assert_cmpint (profile->state, ==, LPAD_PROFILE_DISABLED);
  g_assert_cmpint (profile->profile_class, ==, LPAD_PROFILE_CLASS_OPERATIONAL);
  g_assert_null (profile->nickname);
  g_assert_null (profile->name);
  g_assert_cmpint (profile->icon_type, ==, LPAD_ICON_NONE);
  g_assert_null (profile->owner_mcc_mnc);
  g_assert_false (profile->has_policy_rules);
}

/* Unknown elements are skipped; with several enabled profiles (v3) the port tells. */
static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadProfile) profile = parse ("e317" ICCID "9f240101df7f0101bf7600", &error);

  g_assert_no_error (error);
  g_assert_cmpint (profile->state, ==, LPAD_PROFILE_ENABLED);
}

static void
test_hostile_text (void)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (LpadProfile) profile = NULL;
  g_autofree char *name = g_strnfill (200, 'n');
  LpadTlv tlv;

  lpad_tlv_builder_open (builder, 0xe3);
  lpad_tlv_builder_add (builder, 0x5a, "\x98\x00", 2);
  lpad_tlv_builder_add_text (builder, 0x90, "\xe2\x80\xaeknab\xff");
  lpad_tlv_builder_add_text (builder, 0x91, "\033]0;owned\007");
  lpad_tlv_builder_add_text (builder, 0x92, name);
  lpad_tlv_builder_close (builder);
  bytes = lpad_tlv_builder_end (builder);
  g_assert_true (lpad_tlv_parse_bytes (bytes, 0xe3, &tlv, NULL));
  profile = lpad_profile_parse (&tlv, NULL);

  g_assert_cmpstr (profile->nickname, ==, "\xef\xbf\xbdknab\xef\xbf\xbd");
  g_assert_cmpstr (profile->service_provider, ==, "\xef\xbf\xbd]0;owned\xef\xbf\xbd");
  g_assert_cmpuint (strlen (profile->name), ==, 64);
}

static void
test_icon (void)
{
  g_autofree guint8 *octets = g_malloc0 (LPAD_ICON_MAX + 1);

  for (gsize size = LPAD_ICON_MAX; size <= LPAD_ICON_MAX + 1; size++)
    {
      g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (LpadProfile) profile = NULL;
      LpadTlv tlv;

      lpad_tlv_builder_open (builder, 0xe3);
      lpad_tlv_builder_add (builder, 0x5a, "\x98\x00", 2);
      lpad_tlv_builder_add_uint (builder, 0x93, 0);
      lpad_tlv_builder_add (builder, 0x94, octets, size);
      lpad_tlv_builder_close (builder);
      bytes = lpad_tlv_builder_end (builder);
      g_assert_true (lpad_tlv_parse_bytes (bytes, 0xe3, &tlv, NULL));
      profile = lpad_profile_parse (&tlv, NULL);
      g_assert_cmpint (profile->icon_type, ==, LPAD_ICON_JPEG);
      g_assert_true ((profile->icon != NULL) == (size == LPAD_ICON_MAX));
    }
}

static void
test_malformed (void)
{
  static const char *const bad[] = {
    "e300",                                       /* no ICCID */
    "e3025a00",                                   /* empty ICCID */
    "e3135a1100000000000000000000000000000000ff", /* long ICCID */
    "e30d" ICCID "80",                            /* cut off */
    "e30f" ICCID "9f7000",                        /* state without content */
    "e30e" ICCID "9500",                          /* class without content */
    "e30f" ICCID "990108",                        /* policy rules that are no bit string */
    "e30f" ICCID "b70180",                        /* owner that is no list */
    ("bf2d0c" ICCID),                             /* something else */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (parse (bad[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

static void
test_plmn (void)
{
  static const struct
  {
    const char *hex;
    const char *text;
  } cases[] = {
    { "e313" ICCID "b705800313f001", "310-10" }, { "e313" ICCID "b7058003130014", "310-410" },
    { "e313" ICCID "b7058003eeeeee", NULL },     { "e313" ICCID "b705800362f21f", NULL },
    { "e312" ICCID "b704800262f2", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LpadProfile) profile = parse (cases[i].hex, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (profile->owner_mcc_mnc, ==, cases[i].text);
      g_assert_nonnull (profile->owner_plmn);
    }
}

static void
test_same_metadata (void)
{
  static const char base[] = "bf2516" ICCID "9103414243920358595a";
  static const struct
  {
    const char *hex;
    const char *difference;
  } cases[] = {
    { base, NULL },
    { "bf258116" ICCID "9103414243920358595a", NULL },
    { "bf2519" ICCID "9103414243920358595a950102", NULL },
    { "bf2516"
      "5a0a98001032547698103215"
      "9103414243920358595a",
      "ICCID" },
    { "bf2516" ICCID "9103414244920358595a", "service provider name" },
    { "bf2511" ICCID "9103414243", "profile name" },
    { "bf2519" ICCID "9103414243920358595a930100", "icon type" },
    { "bf2519" ICCID "9103414243920358595a940100", "icon" },
    { "bf2519" ICCID "9103414243920358595a950101", "profile class" },
    { "bf2518" ICCID "9103414243920358595ab600", "notification configuration" },
    { "bf251d" ICCID "9103414243920358595ab705800362f210", "profile owner" },
    { "bf251a" ICCID "9103414243920358595a99020640", "policy rules" },
    { "e316" ICCID "9103414243920358595a", "kind of profile information" },
  };
  g_autoptr (LpadProfile) shown = parse (base, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LpadProfile) other = parse (cases[i].hex, &error);
      const char *difference = "untouched";

      g_assert_no_error (error);
      g_assert_true (lpad_profile_same_metadata (shown, other, &difference) == (cases[i].difference == NULL));
      g_assert_cmpstr (difference, ==, cases[i].difference);
      g_assert_true (lpad_profile_same_metadata (other, shown, NULL) == (cases[i].difference == NULL));
    }
}

static void
test_names (void)
{
  g_auto (GStrv) rules = lpad_policy_rules_to_strv (0x0f | G_GUINT64_CONSTANT (1) << 63);
  g_auto (GStrv) none = lpad_policy_rules_to_strv (0);
  g_autofree char *joined = g_strjoinv (" ", rules);

  g_assert_cmpstr (joined, ==, "ppr-update-control ppr1 ppr2 unknown-3 unknown-63");
  g_assert_null (none[0]);
  g_assert_cmpstr (lpad_profile_state_to_string (LPAD_PROFILE_DISABLED), ==, "disabled");
  g_assert_cmpstr (lpad_profile_state_to_string (LPAD_PROFILE_ENABLED), ==, "enabled");
  g_assert_cmpstr (lpad_profile_class_to_string (LPAD_PROFILE_CLASS_TEST), ==, "test");
  g_assert_cmpstr (lpad_profile_class_to_string (LPAD_PROFILE_CLASS_PROVISIONING), ==, "provisioning");
  g_assert_cmpstr (lpad_profile_class_to_string (LPAD_PROFILE_CLASS_OPERATIONAL), ==, "operational");
  g_assert_cmpstr (lpad_icon_type_to_string (LPAD_ICON_NONE), ==, "");
  g_assert_cmpstr (lpad_icon_type_to_string (LPAD_ICON_JPEG), ==, "image/jpeg");
  g_assert_cmpstr (lpad_icon_type_to_string (LPAD_ICON_PNG), ==, "image/png");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/profile/full", test_full);
  g_test_add_func ("/profile/bare", test_bare);
  g_test_add_func ("/profile/unknown", test_unknown);
  g_test_add_func ("/profile/hostile-text", test_hostile_text);
  g_test_add_func ("/profile/icon", test_icon);
  g_test_add_func ("/profile/malformed", test_malformed);
  g_test_add_func ("/profile/plmn", test_plmn);
  g_test_add_func ("/profile/same-metadata", test_same_metadata);
  g_test_add_func ("/profile/names", test_names);
  return g_test_run ();
}
