/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"

static void
test_initial (void)
{
  g_autoptr (GError) error = g_error_new_literal (LPAD_ERROR, LPAD_ERROR_CARD_ERROR, "no");
  LpadErrorDetails *details = lpad_error_details (error);

  g_assert_nonnull (details);
  g_assert_cmpuint (details->status_word, ==, 0);
  g_assert_cmpint (details->result, ==, -1);
  g_assert_cmpint (details->bpp_command, ==, -1);
  g_assert_null (details->subject_code);
  g_assert_cmpint (details->retry, ==, LPAD_RETRY_UNKNOWN);
  g_assert_cmpint (details->order, ==, LPAD_ORDER_UNKNOWN);
}

static void
test_foreign (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no");

  g_assert_null (lpad_error_details (error));
  g_assert_null (lpad_error_details (NULL));
}

static void
test_copy (void)
{
  g_autoptr (GError) error = g_error_new_literal (LPAD_ERROR, LPAD_ERROR_SERVER_REFUSED, "no");
  g_autoptr (GError) copy = NULL;

  lpad_error_details (error)->subject_code = g_strdup ("8.2.6");
  lpad_error_details (error)->http_status = 200;
  copy = g_error_copy (error);
  g_clear_error (&error);

  g_assert_cmpstr (lpad_error_details (copy)->subject_code, ==, "8.2.6");
  g_assert_cmpuint (lpad_error_details (copy)->http_status, ==, 200);
}

static void
test_wrap (void)
{
  GError *error = g_error_new_literal (LPAD_ERROR, LPAD_ERROR_CARD_ERROR, "the chip is silent");

  lpad_error_details (error)->status_word = 0x6f00;
  lpad_error_wrap (&error, "cannot read %s", "the list");
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_cmpstr (error->message, ==, "cannot read the list: the chip is silent");
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6f00);
  g_clear_error (&error);

  lpad_error_wrap (&error, "nothing happened");
  g_assert_no_error (error);
  lpad_error_wrap (NULL, "nobody wants to know");
}

static void
test_wrap_foreign (void)
{
  GError *error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "stop");

  lpad_error_wrap (&error, "reading");
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_clear_error (&error);

  error = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOENT, "no such file");
  lpad_error_wrap (&error, "reading");
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "reading: no such file");
  g_clear_error (&error);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_check_cancelled (NULL, &error));
  g_assert_true (lpad_check_cancelled (cancellable, &error));
  g_assert_no_error (error);
  g_cancellable_cancel (cancellable);
  g_assert_false (lpad_check_cancelled (cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
}

static void
test_names (void)
{
  g_assert_cmpstr (lpad_retry_to_string (LPAD_RETRY_UNKNOWN), ==, "unknown");
  g_assert_cmpstr (lpad_retry_to_string (LPAD_RETRY_USELESS), ==, "useless");
  g_assert_cmpstr (lpad_retry_to_string (LPAD_RETRY_NOW), ==, "now");
  g_assert_cmpstr (lpad_retry_to_string (LPAD_RETRY_LATER), ==, "later");
  g_assert_cmpstr (lpad_order_to_string (LPAD_ORDER_UNKNOWN), ==, "unknown");
  g_assert_cmpstr (lpad_order_to_string (LPAD_ORDER_USABLE), ==, "usable");
  g_assert_cmpstr (lpad_order_to_string (LPAD_ORDER_ENDED), ==, "ended");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error-details/initial", test_initial);
  g_test_add_func ("/error-details/foreign", test_foreign);
  g_test_add_func ("/error-details/copy", test_copy);
  g_test_add_func ("/error-details/wrap", test_wrap);
  g_test_add_func ("/error-details/wrap-foreign", test_wrap_foreign);
  g_test_add_func ("/error-details/cancelled", test_cancelled);
  g_test_add_func ("/error-details/names", test_names);
  return g_test_run ();
}
