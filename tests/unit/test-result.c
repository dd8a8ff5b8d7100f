/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "result.h"
#include "text.h"

/* What a person reads must be a sentence of its own and nothing else. */
static void
assert_readable (const GError *error)
{
  g_assert_cmpuint (strlen (error->message), >, 10);
  g_assert_true (lpad_text_is_clean (error->message, 400));
  g_assert_false (g_str_has_suffix (error->message, "."));
}

static void
test_functions (void)
{
  static const struct
  {
    LpadFunction function;
    const char *name;
    guint64 code;
    LpadError error;
    LpadRetry retry;
    LpadOrder order;
  } cases[] = {
    /* clang-format off */
    { LPAD_FUNCTION_SET_DEFAULT_DP_ADDRESS, "ES10a.SetDefaultDpAddress", 127,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_PREPARE_DOWNLOAD, "ES10b.PrepareDownload", 1,
      LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED },
    { LPAD_FUNCTION_PREPARE_DOWNLOAD, "ES10b.PrepareDownload", 4,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { LPAD_FUNCTION_PREPARE_DOWNLOAD, "ES10b.PrepareDownload", 127,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, LPAD_ORDER_USABLE },
    { LPAD_FUNCTION_LIST_NOTIFICATION, "ES10b.ListNotification", 127,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_RETRIEVE_NOTIFICATIONS_LIST, "ES10b.RetrieveNotificationsList", 1,
      LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_REMOVE_NOTIFICATION, "ES10b.RemoveNotificationFromList", 1,
      LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_LOAD_CRL, "ES10b.LoadCRL", 1,
      LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_LOAD_CRL, "ES10b.LoadCRL", 2,
      LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_LOAD_CRL, "ES10b.LoadCRL", 3,
      LPAD_ERROR_INSUFFICIENT_MEMORY, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_LOAD_CRL, "ES10b.LoadCRL", 4,
      LPAD_ERROR_ISSUER_MISSING, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_LOAD_CRL, "ES10b.LoadCRL", 5,
      LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_LOAD_CRL, "ES10b.LoadCRL", 6,
      LPAD_ERROR_WRONG_STATE, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_LOAD_CRL, "ES10b.LoadCRL", 127,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_AUTHENTICATE_SERVER, "ES10b.AuthenticateServer", 1,
      LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE },
    { LPAD_FUNCTION_AUTHENTICATE_SERVER, "ES10b.AuthenticateServer", 2,
      LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE },
    { LPAD_FUNCTION_AUTHENTICATE_SERVER, "ES10b.AuthenticateServer", 4,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { LPAD_FUNCTION_CANCEL_SESSION, "ES10b.CancelSession", 5,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_GET_PROFILES_INFO, "ES10c.GetProfilesInfo", 1,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_ENABLE_PROFILE, "ES10c.EnableProfile", 1,
      LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_ENABLE_PROFILE, "ES10c.EnableProfile", 2,
      LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_ENABLE_PROFILE, "ES10c.EnableProfile", 3,
      LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_ENABLE_PROFILE, "ES10c.EnableProfile", 4,
      LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_ENABLE_PROFILE, "ES10c.EnableProfile", 5,
      LPAD_ERROR_CARD_BUSY, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_DISABLE_PROFILE, "ES10c.DisableProfile", 3,
      LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_DELETE_PROFILE, "ES10c.DeleteProfile", 2,
      LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_MEMORY_RESET, "ES10c.eUICCMemoryReset", 1,
      LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_MEMORY_RESET, "ES10c.eUICCMemoryReset", 5,
      LPAD_ERROR_CARD_BUSY, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_MEMORY_RESET, "ES10c.eUICCMemoryReset", 6,
      LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_MEMORY_RESET, "ES10c.eUICCMemoryReset", 7,
      LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { LPAD_FUNCTION_SET_NICKNAME, "ES10c.SetNickname", 1,
      LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    /* clang-format on */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const LpadErrorDetails *details;

      g_test_message ("%s %u", cases[i].name, (guint) cases[i].code);
      lpad_result_set_error (&error, cases[i].function, cases[i].code);
      g_assert_error (error, LPAD_ERROR, (gint) cases[i].error);
      assert_readable (error);
      details = lpad_error_details (error);
      g_assert_cmpstr (details->function, ==, cases[i].name);
      g_assert_cmpstr (lpad_function_name (cases[i].function), ==, cases[i].name);
      g_assert_cmpint (details->result, ==, (int) cases[i].code);
      g_assert_cmpint (details->retry, ==, cases[i].retry);
      g_assert_cmpint (details->order, ==, cases[i].order);
    }
  lpad_result_set_error (NULL, LPAD_FUNCTION_SET_NICKNAME, 1);
}

/* No two codes of a function share a sentence, and every function has its undefinedError. */
static void
test_sentences (void)
{
  for (guint function = 0; function < LPAD_N_FUNCTIONS; function++)
    {
      g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

      for (guint64 code = 1; code <= 127; code++)
        {
          g_autoptr (GError) error = NULL;

          lpad_result_set_error (&error, (LpadFunction) function, code);
          assert_readable (error);
          g_assert_true (g_hash_table_add (seen, g_strdup (error->message)));
        }
      g_assert_true (g_hash_table_contains (seen, "the chip failed without saying why"));
    }
}

static void
test_unknown_result (void)
{
  g_autoptr (GError) error = NULL;

  lpad_result_set_error (&error, LPAD_FUNCTION_ENABLE_PROFILE, G_MAXUINT64);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_nonnull (strstr (error->message, "18446744073709551615"));
  g_assert_cmpint (lpad_error_details (error)->result, ==, G_MAXINT);
}

/* A breach that ends the order says with which reason the session is cancelled; a passing fault does not. */
static void
test_cancel_reason (void)
{
  g_autoptr (GError) breach = NULL;
  g_autoptr (GError) passing = NULL;

  lpad_result_set_error (&breach, LPAD_FUNCTION_PREPARE_DOWNLOAD, 2);
  g_assert_cmpint (lpad_error_details (breach)->cancel_reason, ==, LPAD_CANCEL_UNDEFINED);
  lpad_result_set_error (&passing, LPAD_FUNCTION_PREPARE_DOWNLOAD, 127);
  g_assert_cmpint (lpad_error_details (passing)->cancel_reason, ==, -1);
}

static void
test_install (void)
{
  static const struct
  {
    int reason;
    const char *name;
    LpadError error;
  } cases[] = {
    { 1, "incorrectInputValues", LPAD_ERROR_INSTALLATION_FAILED },
    { 2, "invalidSignature", LPAD_ERROR_INSTALLATION_FAILED },
    { 3, "invalidTransactionId", LPAD_ERROR_INSTALLATION_FAILED },
    { 4, "unsupportedCrtValues", LPAD_ERROR_INSTALLATION_FAILED },
    { 5, "unsupportedRemoteOperationType", LPAD_ERROR_INSTALLATION_FAILED },
    { 6, "unsupportedProfileClass", LPAD_ERROR_INSTALLATION_FAILED },
    { 7, "scp03tStructureError", LPAD_ERROR_INSTALLATION_FAILED },
    { 8, "scp03tSecurityError", LPAD_ERROR_INSTALLATION_FAILED },
    { 9, "installFailedDueToIccidAlreadyExistsOnEuicc", LPAD_ERROR_PROFILE_EXISTS },
    { 10, "installFailedDueToInsufficientMemoryForProfile", LPAD_ERROR_INSUFFICIENT_MEMORY },
    { 11, "installFailedDueToInterruption", LPAD_ERROR_INSTALLATION_FAILED },
    { 12, "installFailedDueToPEProcessingError", LPAD_ERROR_INSTALLATION_FAILED },
    { 13, "installFailedDueToDataMismatch", LPAD_ERROR_INSTALLATION_FAILED },
    { 14, "testProfileInstallFailedDueToInvalidNaaKey", LPAD_ERROR_INSTALLATION_FAILED },
    { 15, "pprNotAllowed", LPAD_ERROR_POLICY_VIOLATION },
    { 31, "insufficientMinimumSecurityLevel", LPAD_ERROR_INSTALLATION_FAILED },
    { 32, "serverAddressAbsentInAllowList", LPAD_ERROR_POLICY_VIOLATION },
    { 127, "installFailedDueToUnknownError", LPAD_ERROR_INSTALLATION_FAILED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean passing = cases[i].reason == 10 || cases[i].reason == 11;
      const LpadErrorDetails *details;

      lpad_result_set_install_error (&error, 5, cases[i].reason);
      g_assert_error (error, LPAD_ERROR, (gint) cases[i].error);
      assert_readable (error);
      g_assert_null (strstr (error->message, "lpad does not know"));
      details = lpad_error_details (error);
      g_assert_cmpint (details->result, ==, cases[i].reason);
      g_assert_cmpint (details->bpp_command, ==, 5);
      g_assert_cmpint (details->order, ==, passing ? LPAD_ORDER_USABLE : LPAD_ORDER_ENDED);
      g_assert_true ((details->retry == LPAD_RETRY_USELESS) == !passing);
      g_assert_cmpstr (lpad_error_reason_to_string (cases[i].reason), ==, cases[i].name);
    }
}

static void
test_install_unknown (void)
{
  static const int reasons[] = { -1, 0, 16, 126, 128, G_MAXINT };

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      g_autoptr (GError) error = NULL;

      lpad_result_set_install_error (&error, -1, reasons[i]);
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INSTALLATION_FAILED);
      g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_UNKNOWN);
      g_assert_cmpstr (lpad_error_reason_to_string (reasons[i]), ==, "unknown");
    }
}

static void
test_status_words (void)
{
  static const struct
  {
    guint sw;
    LpadError error;
  } cases[] = {
    { 0x6581, LPAD_ERROR_CARD_ERROR },          { 0x6601, LPAD_ERROR_CARD_ERROR },
    { 0x6700, LPAD_ERROR_CARD_ERROR },          { 0x6881, LPAD_ERROR_CARD_ERROR },
    { 0x6985, LPAD_ERROR_CARD_ERROR },          { 0x6a80, LPAD_ERROR_CARD_ERROR },
    { 0x6a81, LPAD_ERROR_NOT_SUPPORTED },       { 0x6a82, LPAD_ERROR_NOT_SUPPORTED },
    { 0x6a84, LPAD_ERROR_INSUFFICIENT_MEMORY }, { 0x6a88, LPAD_ERROR_NOT_SUPPORTED },
    { 0x6d00, LPAD_ERROR_CARD_ERROR },          { 0x6e00, LPAD_ERROR_CARD_ERROR },
    { 0x6f00, LPAD_ERROR_CARD_ERROR },          { 0x9300, LPAD_ERROR_CARD_BUSY },
    { 0x6283, LPAD_ERROR_CARD_ERROR },          { 0x0000, LPAD_ERROR_CARD_ERROR },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *number = g_strdup_printf ("%04X", cases[i].sw);

      lpad_result_set_status_word (&error, "SELECT", cases[i].sw);
      g_assert_error (error, LPAD_ERROR, (gint) cases[i].error);
      g_assert_nonnull (strstr (error->message, number));
      g_assert_cmphex (lpad_error_details (error)->status_word, ==, cases[i].sw);
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "SELECT");
    }
}

static void
test_server (void)
{
  static const struct
  {
    const char *function;
    const char *subject;
    const char *reason;
    LpadError error;
    LpadRetry retry;
    LpadOrder order;
  } cases[] = {
#define INITIATE "ES9+.InitiateAuthentication"
#define CLIENT   "ES9+.AuthenticateClient"
#define PACKAGE  "ES9+.GetBoundProfilePackage"
#define REFUSED  LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE
    { INITIATE, "8.8.1", "3.8", REFUSED },
    { INITIATE, "8.8.2", "3.1", REFUSED },
    { INITIATE, "8.8.3", "3.1", LPAD_ERROR_NOT_SUPPORTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE },
    { INITIATE, "8.8.4", "3.7", REFUSED },
    { CLIENT, "8.1.2", "6.1", REFUSED },
    { CLIENT, "8.1.2", "6.3", REFUSED },
    { CLIENT, "8.1.3", "6.1", REFUSED },
    { CLIENT, "8.1.3", "6.3", REFUSED },
    { CLIENT, "8.1", "6.1", LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { CLIENT, "8.1", "4.8", LPAD_ERROR_INSUFFICIENT_MEMORY, LPAD_RETRY_LATER, LPAD_ORDER_USABLE },
    { CLIENT, "8.11.1", "3.9", REFUSED },
    { CLIENT, "8.2", "1.2", LPAD_ERROR_NOT_RELEASED, LPAD_RETRY_LATER, LPAD_ORDER_USABLE },
    { CLIENT, "8.10.1", "3.9", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { CLIENT, "8.2.6", "3.8", LPAD_ERROR_CODE_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED },
    { CLIENT, "8.1.1", "3.8", LPAD_ERROR_EID_MISMATCH, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE },
    { CLIENT, "8.2.5", "4.3", LPAD_ERROR_NO_ELIGIBLE_PROFILE, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE },
    { CLIENT, "8.8.5", "4.10", LPAD_ERROR_ORDER_EXPIRED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED },
    { CLIENT, "8.8.5", "6.4", LPAD_ERROR_ORDER_EXHAUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED },
    { PACKAGE, "8.1", "6.1", LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { PACKAGE, "8.2", "3.7", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED },
    { PACKAGE, "8.10.1", "3.9", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { PACKAGE, "8.2.7", "2.2", LPAD_ERROR_CONFIRMATION_CODE_REQUIRED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { PACKAGE, "8.2.7", "3.8", LPAD_ERROR_CONFIRMATION_CODE_REFUSED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE },
    { PACKAGE, "8.2.7", "6.4", LPAD_ERROR_CONFIRMATION_CODE_EXHAUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED },
    { PACKAGE, "8.8.5", "4.10", LPAD_ERROR_ORDER_EXPIRED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED },
    { "ES9+.CancelSession",
      "8.10.1",
      "3.9",
      LPAD_ERROR_SERVER_REFUSED,
      LPAD_RETRY_USELESS,
      LPAD_ORDER_UNKNOWN },
    { "ES11.AuthenticateClient", "8.9.5", "3.9", LPAD_ERROR_NOT_FOUND, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN },
    { CLIENT, "8.8.5", "1.6", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN },
    { CLIENT, "8.8", "4.2", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN },
    /* a pair under a function that does not know it */
    { INITIATE, "8.2.7", "6.4", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_UNKNOWN, LPAD_ORDER_UNKNOWN },
    /* 4.1 is not 4.10 */
    { CLIENT, "8.8.5", "4.1", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_UNKNOWN, LPAD_ORDER_UNKNOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const LpadErrorDetails *details;

      g_test_message ("%s %s/%s", cases[i].function, cases[i].subject, cases[i].reason);
      lpad_result_set_server_error (
          &error, cases[i].function, cases[i].subject, cases[i].reason, "no\033[31m");
      g_assert_error (error, LPAD_ERROR, (gint) cases[i].error);
      g_assert_false (g_str_has_suffix (error->message, "."));
      details = lpad_error_details (error);
      g_assert_cmpstr (details->function, ==, cases[i].function);
      g_assert_cmpstr (details->subject_code, ==, cases[i].subject);
      g_assert_cmpstr (details->reason_code, ==, cases[i].reason);
      g_assert_cmpstr (details->server_message, ==, "no\xef\xbf\xbd[31m");
      g_assert_cmpint (details->retry, ==, cases[i].retry);
      g_assert_cmpint (details->order, ==, cases[i].order);
    }
}

/* Codes of no known form are shown, but only what is fit for a terminal. */
static void
test_server_unknown (void)
{
  g_autoptr (GError) hostile = NULL;
  g_autoptr (GError) nothing = NULL;
  g_autofree char *lengthy = g_strnfill (5000, '9');

  lpad_result_set_server_error (&hostile, CLIENT, "8.99\n\033[2J", lengthy, NULL);
  g_assert_error (hostile, LPAD_ERROR, LPAD_ERROR_SERVER_REFUSED);
  assert_readable (hostile);
  g_assert_nonnull (strstr (hostile->message, "8.99\xef\xbf\xbd"));
  g_assert_cmpuint (strlen (lpad_error_details (hostile)->reason_code), ==, 32);

  lpad_result_set_server_error (&nothing, CLIENT, NULL, NULL, NULL);
  g_assert_error (nothing, LPAD_ERROR, LPAD_ERROR_SERVER_REFUSED);
  g_assert_nonnull (strstr (nothing->message, "none"));
  g_assert_null (lpad_error_details (nothing)->subject_code);
  lpad_result_set_server_error (NULL, CLIENT, NULL, NULL, NULL);
}

static void
test_names (void)
{
  g_assert_cmpstr (lpad_cancel_reason_to_string (LPAD_CANCEL_END_USER_REJECTION), ==, "endUserRejection");
  g_assert_cmpstr (lpad_cancel_reason_to_string (LPAD_CANCEL_POSTPONED), ==, "postponed");
  g_assert_cmpstr (lpad_cancel_reason_to_string (LPAD_CANCEL_TIMEOUT), ==, "timeout");
  g_assert_cmpstr (lpad_cancel_reason_to_string (LPAD_CANCEL_PPR_NOT_ALLOWED), ==, "pprNotAllowed");
  g_assert_cmpstr (lpad_cancel_reason_to_string (LPAD_CANCEL_METADATA_MISMATCH), ==, "metadataMismatch");
  g_assert_cmpstr (
      lpad_cancel_reason_to_string (LPAD_CANCEL_LOAD_BPP_EXECUTION_ERROR), ==, "loadBppExecutionError");
  g_assert_cmpstr (lpad_cancel_reason_to_string (LPAD_CANCEL_UNDEFINED), ==, "undefinedReason");
  g_assert_cmpstr (lpad_bpp_command_to_string (0), ==, "initialiseSecureChannel");
  g_assert_cmpstr (lpad_bpp_command_to_string (5), ==, "loadProfileElements");
  g_assert_cmpstr (lpad_bpp_command_to_string (6), ==, "unknown");
  g_assert_cmpstr (lpad_bpp_command_to_string (-1), ==, "unknown");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/result/functions", test_functions);
  g_test_add_func ("/result/sentences", test_sentences);
  g_test_add_func ("/result/unknown", test_unknown_result);
  g_test_add_func ("/result/cancel-reason", test_cancel_reason);
  g_test_add_func ("/result/install", test_install);
  g_test_add_func ("/result/install/unknown", test_install_unknown);
  g_test_add_func ("/result/status-words", test_status_words);
  g_test_add_func ("/result/server", test_server);
  g_test_add_func ("/result/server/unknown", test_server_unknown);
  g_test_add_func ("/result/names", test_names);
  return g_test_run ();
}
