/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-output.h"

#include <string.h>

#include "lui-failure.h"
#include "lui-icon.h"
#include "lui-offer.h"
#include "lui-profile.h"
#include "lui-terminal.h"
#include "names.h"

static char *
json_of (const char *text)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed (text));
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  lui_json_variant (builder, "v", value);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
assert_json (const char *text, const char *expected)
{
  g_autofree char *json = json_of (text);

  g_assert_cmpstr (json, ==, expected);
}

static void
test_json (void)
{
  assert_json ("@a{sv} {}", "{\"v\":{}}");
  assert_json ("{'status-word': <uint32 27013>}", "{\"v\":{\"status_word\":27013}}");
  assert_json ("@ay [0x00, 0xff]", "{\"v\":\"00ff\"}");
  assert_json ("['a', 'b']", "{\"v\":[\"a\",\"b\"]}");
  assert_json ("(true, -1, <uint64 18446744073709551615>)", "{\"v\":[true,-1,9223372036854775807]}");
  assert_json ("objectpath '/a'", "{\"v\":\"/a\"}");
}

static void
test_json_hostile (void)
{
  g_autofree char *json = json_of ("'a\\u001b[2J\\u202eb'");

  g_assert_null (strchr (json, '\033'));
  g_assert_null (strstr (json, "\\u001b"));
  g_assert_null (strstr (json, "\xe2\x80\xae"));
}

static void
test_table (void)
{
  g_autoptr (LuiTable) table = lui_table_new (3);
  g_autofree char *text = NULL;

  lui_table_add (table, "A", "B", "C");
  lui_table_add (table, "日本", NULL, "x");
  lui_table_add (table, "long", "b", "");
  text = lui_table_to_string (table, 2);
  g_assert_cmpstr (text,
                   ==,
                   "  A     B  C\n"
                   "  日本     x\n"
                   "  long  b\n");
}

static void
test_table_hostile (void)
{
  g_autoptr (LuiTable) table = lui_table_new (1);
  g_autofree char *text = NULL;

  lui_table_add (table, "a\n\033[31mb\r");
  text = lui_table_to_string (table, 0);
  g_assert_null (strchr (text, '\033'));
  g_assert_null (strchr (text, '\r'));
  g_assert_true (strchr (text, '\n') == text + strlen (text) - 1);
}

static void
test_progress (void)
{
  g_autofree char *none = lui_progress_line ("connecting", 0.0, 0, 0, 80);
  g_autofree char *half = lui_progress_line ("installing", 0.5, 6000, 12000, 80);
  g_autofree char *beyond = lui_progress_line ("installing", 7.0, 12000, 12000, 80);
  g_autofree char *narrow = lui_progress_line ("installing", 0.5, 6000, 12000, 20);

  g_assert_cmpstr (none, ==, "Connecting             [------------------------]   0 %");
  g_assert_cmpstr (half, ==, "Installing             [############------------]  50 %  6.0 kB of 12.0 kB");
  g_assert_nonnull (strstr (beyond, "[########################] 100 %"));
  g_assert_cmpstr (narrow, ==, " 50 %");
}

static void
test_offer (void)
{
  g_autoptr (GVariant) prompt = g_variant_ref_sink (
      g_variant_new_parsed ("{'smdp-address': <'rsp.example.com'>, 'profile': <{'name': <'Da\\u001bta'>, "
                            "'service-provider': <'Example'>, 'class': <'operational'>, "
                            "'policy-rules': <['ppr1', 'ppr2']>}>}"));
  g_autofree char *text = lui_offer_to_string (prompt);

  g_assert_nonnull (strstr (text, "Server    rsp.example.com\n"));
  g_assert_nonnull (strstr (text, "Provider  Example\n"));
  g_assert_nonnull (strstr (text, "cannot be disabled"));
  g_assert_nonnull (strstr (text, "cannot be deleted"));
  g_assert_null (strchr (text, '\033'));
  g_assert_null (strstr (text, "ICCID"));
}

static void
test_icon_type (void)
{
  static const guint8 png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0 };
  static const guint8 jpeg[] = { 0xff, 0xd8, 0xff, 0xe0 };

  g_assert_cmpstr (lui_icon_type (png, sizeof png), ==, "image/png");
  g_assert_cmpstr (lui_icon_type (jpeg, sizeof jpeg), ==, "image/jpeg");
  g_assert_null (lui_icon_type (png, sizeof png - 1));
  g_assert_null (lui_icon_type (jpeg, 3));
  g_assert_null (lui_icon_type (png + 1, sizeof png - 1));
  g_assert_null (lui_icon_type ((const guint8 *) "<svg>", 5));
  g_assert_null (lui_icon_type (NULL, 0));
}

static void
assert_owner (const char *owner, const char *expected)
{
  g_autoptr (GVariant) value = owner == NULL ? NULL : g_variant_ref_sink (g_variant_new_parsed (owner));
  g_autofree char *text = lui_owner_to_string (value);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_owner (void)
{
  assert_owner (NULL, NULL);
  assert_owner ("@a{sv} {}", NULL);
  assert_owner ("{'mcc-mnc': <'262-01'>}", "262-01");
  assert_owner ("{'mcc-mnc': <'262-01'>, 'gid1': <@ay [0x01, 0xff]>, 'gid2': <@ay []>}",
                "262-01, GID1 01ff, GID2 empty");
  assert_owner ("{'gid2': <@ay [0x0a]>}", "GID2 0a");
  assert_owner ("{'mcc-mnc': <uint32 5>, 'gid1': <'text'>}", NULL);
}

static void
test_words (void)
{
  g_assert_nonnull (strstr (lui_rule_words ("ppr1"), "cannot be disabled"));
  g_assert_nonnull (strstr (lui_rule_words ("ppr2"), "cannot be deleted"));
  g_assert_nonnull (strstr (lui_rule_words ("ppr-update-control"), "lift"));
  g_assert_nonnull (strstr (lui_rule_words ("unknown-9"), "not know"));
  g_assert_cmpstr (lui_class_words ("operational"), ==, "operational");
  g_assert_true (g_str_has_prefix (lui_class_words ("provisioning"), "provisioning: "));
  g_assert_true (g_str_has_prefix (lui_class_words ("test"), "test: "));
  g_assert_cmpstr (lui_class_words ("new"), ==, "new");
}

static void
test_decision (void)
{
  g_assert_cmpint (lui_decision_parse ("y", FALSE), ==, LUI_DECISION_INSTALL);
  g_assert_cmpint (lui_decision_parse ("YES", FALSE), ==, LUI_DECISION_INSTALL);
  g_assert_cmpint (lui_decision_parse ("", FALSE), ==, LUI_DECISION_LATER);
  g_assert_cmpint (lui_decision_parse ("no", FALSE), ==, LUI_DECISION_LATER);
  g_assert_cmpint (lui_decision_parse ("r", FALSE), ==, LUI_DECISION_REFUSE);
  g_assert_cmpint (lui_decision_parse ("yo", FALSE), ==, LUI_DECISION_UNCLEAR);
  g_assert_cmpint (lui_decision_parse ("agree", FALSE), ==, LUI_DECISION_UNCLEAR);
}

static void
test_strong_decision (void)
{
  g_assert_cmpint (lui_decision_parse ("agree", TRUE), ==, LUI_DECISION_INSTALL);
  g_assert_cmpint (lui_decision_parse ("Agree", TRUE), ==, LUI_DECISION_INSTALL);
  g_assert_cmpint (lui_decision_parse ("y", TRUE), ==, LUI_DECISION_UNCLEAR);
  g_assert_cmpint (lui_decision_parse ("yes", TRUE), ==, LUI_DECISION_UNCLEAR);
  g_assert_cmpint (lui_decision_parse ("a", TRUE), ==, LUI_DECISION_UNCLEAR);
  g_assert_cmpint (lui_decision_parse ("", TRUE), ==, LUI_DECISION_LATER);
  g_assert_cmpint (lui_decision_parse ("n", TRUE), ==, LUI_DECISION_LATER);
  g_assert_cmpint (lui_decision_parse ("refuse", TRUE), ==, LUI_DECISION_REFUSE);
}

static void
test_exit_status (void)
{
  g_assert_cmpint (lui_exit_for_name (LPAD_BUS_ERROR_PREFIX "NotAuthorized"), ==, LUI_EXIT_NOT_AUTHORIZED);
  g_assert_cmpint (lui_exit_for_name (LPAD_BUS_ERROR_PREFIX "CodeRefused"), ==, LUI_EXIT_ORDER);
  g_assert_cmpint (lui_exit_for_name (LPAD_BUS_ERROR_PREFIX "ServerUnreachable"), ==, LUI_EXIT_SERVER);
  g_assert_cmpint (lui_exit_for_name (LPAD_BUS_ERROR_PREFIX "CardRemoved"), ==, LUI_EXIT_CARD);
  g_assert_cmpint (lui_exit_for_name (LPAD_BUS_ERROR_PREFIX "Newer"), ==, LUI_EXIT_FAILED);
  g_assert_cmpint (lui_exit_for_name ("org.freedesktop.DBus.Error.ServiceUnknown"), ==, LUI_EXIT_UNAVAILABLE);
}

static void
assert_sentence (const char *text, const char *expected)
{
  g_autofree char *sentence = lui_sentence (text);

  g_assert_cmpstr (sentence, ==, expected);
}

static void
test_sentence (void)
{
  assert_sentence ("the code is wrong", "The code is wrong.");
  assert_sentence ("étrange!", "Étrange!");
  assert_sentence ("A sentence.", "A sentence.");
  assert_sentence ("lpad has ended", "lpad has ended.");
  assert_sentence ("lpads", "Lpads.");
  assert_sentence ("“x” is no code", "“x” is no code.");
  assert_sentence ("", "");
  assert_sentence (NULL, "");
}

static void
test_waits (void)
{
  static const struct
  {
    guint64 seconds;
    const char *text;
  } cases[] = {
    { 0, "now" },          { 1000, "now" },      { 1001, "in 1 s" },
    { 1059, "in 59 s" },   { 1060, "in 1 min" }, { 1240, "in 4 min" },
    { 4599, "in 60 min" }, { 4600, "in 1 h" },   { 87400, "in 24 h" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = lui_wait_to_string (cases[i].seconds, 1000);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_sizes (void)
{
  g_autofree char *small = lui_size_to_string (999);
  g_autofree char *large = lui_size_to_string (12345);
  g_autofree char *far_away = lui_time_to_string (G_MAXUINT64);

  g_assert_cmpstr (small, ==, "999 octets");
  g_assert_cmpstr (large, ==, "12.3 kB");
  g_assert_cmpstr (far_away, ==, "an unknown time");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lui/json/variant", test_json);
  g_test_add_func ("/lui/json/hostile", test_json_hostile);
  g_test_add_func ("/lui/table/columns", test_table);
  g_test_add_func ("/lui/table/hostile", test_table_hostile);
  g_test_add_func ("/lui/progress", test_progress);
  g_test_add_func ("/lui/offer", test_offer);
  g_test_add_func ("/lui/decision", test_decision);
  g_test_add_func ("/lui/decision/strong", test_strong_decision);
  g_test_add_func ("/lui/icon-type", test_icon_type);
  g_test_add_func ("/lui/owner", test_owner);
  g_test_add_func ("/lui/words", test_words);
  g_test_add_func ("/lui/exit-status", test_exit_status);
  g_test_add_func ("/lui/sentence", test_sentence);
  g_test_add_func ("/lui/sizes", test_sizes);
  g_test_add_func ("/lui/waits", test_waits);
  return g_test_run ();
}
