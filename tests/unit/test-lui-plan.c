/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-plan.h"

#include <string.h>

#define EID   "89049032000000000000000000000163"
#define OTHER "89049032000000000000000000000260"
#define CODE  "LPA:1$rsp.example.com$ABC"

static GPtrArray *
parse (const char *text, GPtrArray *problems)
{
  return lui_plan_parse (text, strlen (text), *text == '[' || *text == '{', problems);
}

static GPtrArray *
parse_good (const char *text)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *rows = parse (text, problems);

  if (problems->len > 0)
    g_test_message ("%s", (const char *) problems->pdata[0]);
  g_assert_cmpuint (problems->len, ==, 0);
  g_assert_nonnull (rows);
  return rows;
}

static void
assert_first (GPtrArray *rows)
{
  const LuiPlanRow *row = rows->pdata[0];

  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpstr (row->eid, ==, EID);
  g_assert_cmpstr (row->activation_code, ==, CODE);
  g_assert_cmpstr (row->confirmation_code, ==, "1234");
  g_assert_cmpstr (row->nickname, ==, "Till, 3");
  g_assert_true (row->enable);
  row = rows->pdata[1];
  g_assert_cmpstr (row->reader, ==, "ACME *");
  g_assert_true (row->use_default);
  g_assert_null (row->nickname);
  g_assert_false (row->enable);
}

static void
test_csv (void)
{
  g_autoptr (GPtrArray) rows
      = parse_good ("EID,reader,activation_code,use_default,confirmation_code,nickname,enable\r\n" EID
                    ",," CODE ",,1234,\"Till, 3\",yes\r\n\r\n,ACME *,,true,,,\r\n");

  assert_first (rows);
  g_assert_cmpuint (((const LuiPlanRow *) rows->pdata[1])->line, ==, 4);
}

static void
test_json (void)
{
  g_autoptr (GPtrArray) rows = parse_good ("[{\"eid\": \"" EID "\", \"activation_code\": \"" CODE
                                           "\", \"confirmation_code\": \"1234\","
                                           " \"nickname\": \"Till, 3\", \"enable\": true, \"imei\": null},"
                                           " {\"reader\": \"ACME *\", \"use_default\": true}]");

  assert_first (rows);
}

/* What the device is, and how the server is reached, goes on to lpad as a caller of it would say it. */
static void
test_device (void)
{
  g_autoptr (GPtrArray) rows = parse_good ("eid,activation_code,tac,releases,use_provisioning\n" EID "," CODE
                                           ",35123456,eutran-epc:15;nr-5gc:16,yes\n");
  g_autoptr (GVariant) options = g_variant_ref_sink (lui_plan_row_options (rows->pdata[0]));
  g_autoptr (GVariant) releases = g_variant_lookup_value (options, "releases", G_VARIANT_TYPE ("a{sy}"));
  const char *tac = NULL;
  gboolean use_provisioning = FALSE;

  g_assert_true (g_variant_lookup (options, "tac", "&s", &tac));
  g_assert_cmpstr (tac, ==, "35123456");
  g_assert_nonnull (releases);
  g_assert_cmpuint (g_variant_n_children (releases), ==, 2);
  g_assert_true (g_variant_lookup (options, "use-provisioning", "b", &use_provisioning));
  g_assert_true (use_provisioning);
}

static void
test_mistakes (void)
{
  static const char *const cases[][2] = {
    { "eid,colour\n", "Line 1: there is no column “colour”; lui-cli(1) lists those that there are." },
    { "eid,eid\n", "Line 1: the column “eid” is there twice." },
    { "", "There is no row." },
    { "eid,activation_code\n", "There is no row." },
    { "eid,activation_code\n" EID "\n", "Line 2: there are 1 cells, and 2 columns." },
    { "eid,activation_code\n," CODE "\n", "Line 2: exactly one of eid and reader is needed." },
    { "eid,reader,activation_code\n" EID ",A," CODE "\n",
      "Line 2: exactly one of eid and reader is needed." },
    { "eid,activation_code\n8904,LPA:1$a.b$C\n", "Line 2: the EID is not one" },
    { "eid,activation_code\n89049032000000000000000000000164," CODE "\n", "Line 2: the EID is not one" },
    { "eid,activation_code\n" EID "," CODE "\n\n" EID ",LPA:1$a.b$D\n",
      "Line 4: the same EID is in line 2." },
    { "reader,activation_code\nA 1," CODE "\nA 1,LPA:1$a.b$D\n", "Line 3: the same reader is in line 2." },
    { "eid,activation_code\n" EID ",LPA:1rsp\n", "Line 2: the activation code has not the form" },
    { "eid,activation_code,use_default\n" EID "," CODE ",yes\n", "Line 2: exactly one of activation_code" },
    { "eid,enable\n" EID ",maybe\n", "Line 2: enable is neither true nor false." },
    { "eid,matching_id,use_default\n" EID ",X,yes\n", "Line 2: matching_id needs smdp_address." },
    { "eid,activation_code\n\"" EID, "Line 2: a quote is opened" },
    { "eid,activation_code,releases\n" EID "," CODE ",gsm:4;lte\n", "Line 2: “lte” is not NAME:RELEASE" },
    { "{}", "A plan in JSON is an array of objects." },
    { "[1]", "Entry 1: this is no object." },
    { "[\n{\"eid\" 1}]", "Line 2: this is no JSON: " },
    { "[{\"eid\": 12}]", "Entry 1: eid must be a string." },
    { "[{\"enable\": \"yes\"}]", "Entry 1: enable must be true or false." },
    { "[{\"colour\": \"red\"}]", "Entry 1: there is no member “colour”." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);

      g_assert_null (parse (cases[i][0], problems));
      g_assert_cmpuint (problems->len, >, 0);
      if (!g_str_has_prefix (problems->pdata[0], cases[i][1]))
        g_error ("“%s” gives “%s”", cases[i][0], (const char *) problems->pdata[0]);
    }
}

/* Every mistake is told, not only the first one, and no code is repeated. */
static void
test_all_mistakes (void)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);

  g_assert_null (parse ("eid,activation_code\n1,SECRET\n2,SECRET\n", problems));
  g_assert_cmpuint (problems->len, ==, 4);
  for (guint i = 0; i < problems->len; i++)
    g_assert_null (strstr (problems->pdata[i], "SECRET"));
}

static void
test_fits (void)
{
  g_autoptr (GPtrArray) rows
      = parse_good ("eid,reader,activation_code\n" EID ",," CODE "\n,ACME * 00," CODE "\n");

  g_assert_true (lui_plan_row_fits (rows->pdata[0], EID, "any"));
  g_assert_false (lui_plan_row_fits (rows->pdata[0], OTHER, "any"));
  g_assert_true (lui_plan_row_fits (rows->pdata[1], OTHER, "ACME Reader 00"));
  g_assert_false (lui_plan_row_fits (rows->pdata[1], OTHER, "ACME Reader 01"));
  g_assert_false (lui_plan_row_fits (rows->pdata[1], OTHER, NULL));
}

/* A row keeps its key wherever it stands; rows that are alike have different ones. */
static void
test_keys (void)
{
  g_autoptr (GPtrArray) one = parse_good ("eid,activation_code\n" EID "," CODE "\n" OTHER "," CODE "\n");
  g_autoptr (GPtrArray) two
      = parse_good ("activation_code,eid,enable\n" CODE "," OTHER ",yes\n" CODE "," EID ",no\n");
  g_autoptr (GPtrArray) alike = parse_good ("reader,activation_code\n*," CODE "\n*," CODE "\n*," CODE "\n");

  g_assert_cmpstr (((LuiPlanRow *) one->pdata[0])->key, ==, ((LuiPlanRow *) two->pdata[1])->key);
  g_assert_cmpstr (((LuiPlanRow *) one->pdata[1])->key, ==, ((LuiPlanRow *) two->pdata[0])->key);
  g_assert_cmpstr (((LuiPlanRow *) one->pdata[0])->key, !=, ((LuiPlanRow *) one->pdata[1])->key);
  g_assert_cmpstr (((LuiPlanRow *) alike->pdata[0])->key, !=, ((LuiPlanRow *) alike->pdata[1])->key);
  g_assert_cmpstr (((LuiPlanRow *) alike->pdata[1])->key, !=, ((LuiPlanRow *) alike->pdata[2])->key);
}

static void
test_options (void)
{
  g_autoptr (GPtrArray) rows
      = parse_good ("eid,smdp_address,matching_id,accept_policy_rules\n" EID ",rsp.example.com,M,true\n");
  g_autoptr (GVariant) options = g_variant_ref_sink (lui_plan_row_options (rows->pdata[0]));
  g_autofree char *text = g_variant_print (options, FALSE);

  g_assert_cmpstr (
      text,
      ==,
      "{'smdp-address': <'rsp.example.com'>, 'matching-id': <'M'>, 'accept-policy-rules': <true>, "
      "'consent': <true>}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lui-plan/csv", test_csv);
  g_test_add_func ("/lui-plan/json", test_json);
  g_test_add_func ("/lui-plan/device", test_device);
  g_test_add_func ("/lui-plan/mistakes", test_mistakes);
  g_test_add_func ("/lui-plan/all-mistakes", test_all_mistakes);
  g_test_add_func ("/lui-plan/fits", test_fits);
  g_test_add_func ("/lui-plan/keys", test_keys);
  g_test_add_func ("/lui-plan/options", test_options);
  return g_test_run ();
}
