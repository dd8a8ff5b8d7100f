/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-trace.h"
#include "es10b.h"

static const LpadEuiccInfo capable = { .rsp_capability = LPAD_RSP_CRL };

/* Loads 30 03 020101 into a chip that answers @answer. */
static GArray *
load (const char *answer, GError **error)
{
  g_autoptr (TestChannel) test = test_channel_new_exchange ("bf3505a003020101", answer);
  g_autoptr (GBytes) crl = test_bytes ("3003020101");

  return lpad_es10b_load_crl (test->channel, &capable, crl, error);
}

static void
test_loaded (void)
{
  const char *answers[] = { "bf3502a000", "bf3504a002a000", "bf3506a004df7f0101" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) missing = load (answers[i], &error);

      g_assert_no_error (error);
      g_assert_cmpuint (missing->len, ==, 0);
    }
}

/* As INTEGERs, and as v2.0 had them */
static void
test_missing (void)
{
  const char *answers[] = { "bf350aa008a006020102020104", "bf350ea00ca00a30038001023003800104" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) missing = load (answers[i], &error);

      g_assert_no_error (error);
      g_assert_cmpuint (missing->len, ==, 2);
      g_assert_cmpuint (g_array_index (missing, guint64, 0), ==, 2);
      g_assert_cmpuint (g_array_index (missing, guint64, 1), ==, 4);
    }
}

static void
test_refused (void)
{
  const LpadError errors[]
      = { LPAD_ERROR_PROTOCOL_ERROR, LPAD_ERROR_PROTOCOL_ERROR, LPAD_ERROR_INSUFFICIENT_MEMORY,
          LPAD_ERROR_ISSUER_MISSING, LPAD_ERROR_WRONG_STATE,    LPAD_ERROR_WRONG_STATE };

  for (guint code = 1; code <= G_N_ELEMENTS (errors); code++)
    {
      g_autofree char *answer = g_strdup_printf ("bf35038101%02x", code);
      g_autoptr (GError) error = NULL;

      g_assert_null (load (answer, &error));
      g_assert_error (error, LPAD_ERROR, (int) errors[code - 1]);
      g_assert_cmpint (lpad_error_details (error)->result, ==, (int) code);
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10b.LoadCRL");
    }
}

static void
test_malformed (void)
{
  const char *answers[] = {
    "bf3500", "bf3504a002a001", "bf3506a004a0020200", "bf3507a005a0033001ff", "bf3509a007a0053003810101"
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load (answers[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10b.LoadCRL");
    }
}

/* Nothing goes to the chip: the trace has no exchange. */
static void
test_not_sent (void)
{
  g_autoptr (TestChannel) test = test_channel_new ("");
  const LpadEuiccInfo incapable = { .rsp_capability = ~LPAD_RSP_CRL };
  g_autofree guint8 *zeros = g_malloc0 (LPAD_CRL_MAX + 1);
  g_autoptr (GBytes) crl = test_bytes ("3003020101");
  g_autoptr (GBytes) cut = test_bytes ("30030201");
  g_autoptr (GBytes) other = test_bytes ("a003020101");
  g_autoptr (GBytes) large = g_bytes_new (zeros, LPAD_CRL_MAX + 1);
  GBytes *const none[] = { cut, other, large };
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_es10b_load_crl (test->channel, &incapable, crl, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_SUPPORTED);
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_clear_error (&error);
      g_assert_null (lpad_es10b_load_crl (test->channel, &capable, none[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ES10b.LoadCRL/loaded", test_loaded);
  g_test_add_func ("/ES10b.LoadCRL/missing", test_missing);
  g_test_add_func ("/ES10b.LoadCRL/refused", test_refused);
  g_test_add_func ("/ES10b.LoadCRL/malformed", test_malformed);
  g_test_add_func ("/ES10b.LoadCRL/not-sent", test_not_sent);
  return g_test_run ();
}
