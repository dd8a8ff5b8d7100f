/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-trace.h"
#include "es10a.h"

static void
test_addresses (void)
{
  const struct
  {
    const char *answer, *smdp, *smds;
  } rows[] = {
    { "bf3c1c800b736d64702e742e74657374810d6c70612e64732e67736d612e63", "smdp.t.test", "lpa.ds.gsma.c" },
    { "bf3c0480008100", "", "" },
    { "bf3c028100", "", "" },
    { "bf3c00", "", "" },
    { "bf3c0bdf7f01018005610a621b63",
      "a\xef\xbf\xbd"
      "b\xef\xbf\xbd"
      "c",
      "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new_exchange ("bf3c00", rows[i].answer);
      g_autofree char *smdp = NULL, *smds = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (lpad_es10a_get_configured_addresses (test->channel, &smdp, &smds, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (smdp, ==, rows[i].smdp);
      g_assert_cmpstr (smds, ==, rows[i].smds);
    }
}

static void
test_addresses_malformed (void)
{
  const char *answers[] = { "bf3c", "bf3d00", "bf3c0380", "bf3c03800561", "bf3c0000", "" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new_exchange ("bf3c00", answers[i]);
      g_autofree char *smdp = NULL, *smds = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_false (lpad_es10a_get_configured_addresses (test->channel, &smdp, &smds, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10a.GetEuiccConfiguredAddresses");
      g_assert_null (smdp);
      g_assert_null (smds);
    }
}

static void
test_set_address (void)
{
  g_autoptr (TestChannel) set = test_channel_new_exchange ("bf3f0880066120622e6364", "bf3f03800100");
  g_autoptr (TestChannel) clear = test_channel_new_exchange ("bf3f028000", "bf3f03800100");
  g_autoptr (TestChannel) refuse = test_channel_new_exchange ("bf3f028000", "bf3f0380017f");
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_es10a_set_default_dp_address (set->channel, "a b.cd", &error));
  g_assert_true (lpad_es10a_set_default_dp_address (clear->channel, "", &error));
  g_assert_no_error (error);
  g_assert_false (lpad_es10a_set_default_dp_address (refuse->channel, "", &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 127);
}

static void
test_set_address_too_long (void)
{
  g_autoptr (TestChannel) test = test_channel_new ("");
  g_autofree char *address = g_strnfill (256, 'a');
  g_autoptr (GError) error = NULL;

  g_assert_false (lpad_es10a_set_default_dp_address (test->channel, address, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ES10a.GetEuiccConfiguredAddresses/read", test_addresses);
  g_test_add_func ("/ES10a.GetEuiccConfiguredAddresses/malformed", test_addresses_malformed);
  g_test_add_func ("/ES10a.SetDefaultDpAddress/set", test_set_address);
  g_test_add_func ("/ES10a.SetDefaultDpAddress/too-long", test_set_address_too_long);
  return g_test_run ();
}
