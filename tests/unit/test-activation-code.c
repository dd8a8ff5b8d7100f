/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "activation-code.h"
#include "error-details.h"

#define BOM  "\xef\xbb\xbf"
#define ZWSP "\xe2\x80\x8b"

static void
test_good (void)
{
  static const struct
  {
    const char *text;
    const char *address;
    const char *matching_id;
    const char *oid;
    gboolean confirmation;
  } good[] = {
    { "LPA:1$smdp.example.com$TOKEN-1", "smdp.example.com", "TOKEN-1", NULL, FALSE },
    { "lpa:1$smdp.example.com$TOKEN-1", "smdp.example.com", "TOKEN-1", NULL, FALSE },
    { "1$smdp.example.com$TOKEN-1", "smdp.example.com", "TOKEN-1", NULL, FALSE },
    { "1$SMDP.example.com$TOKEN-1$$1", "smdp.example.com", "TOKEN-1", NULL, TRUE },
    { "1$smdp.example.com$$1.3.6.1.4.1.31746$1", "smdp.example.com", "", "1.3.6.1.4.1.31746", TRUE },
    { "1$smdp.example.com$", "smdp.example.com", "", NULL, FALSE },
    { "1$smdp.example.com$$$1", "smdp.example.com", "", NULL, TRUE },
    { "1$smdp.example.com$TOKEN-1$", "smdp.example.com", "TOKEN-1", NULL, FALSE },
    { "1$smdp.example.com$TOKEN-1$$", "smdp.example.com", "TOKEN-1", NULL, FALSE },
    { "1$smdp.example.com$TOKEN-1$$0", "smdp.example.com", "TOKEN-1", NULL, FALSE },
    { "1$smdp.example.com$TOKEN-1$2.999.10$", "smdp.example.com", "TOKEN-1", "2.999.10", FALSE },
    { "1$smdp.example.com$token_1/x%2$$1$ignored$too", "smdp.example.com", "token_1/x%2", NULL, TRUE },
    { "LPA:1$https://SMDP.example.com/$T", "smdp.example.com", "T", NULL, FALSE },
    { "LPA:1$smdp.example.com:8443$T", "smdp.example.com:8443", "T", NULL, FALSE },
    { " \t\r\nLPA:1$smdp.example.com$T\r\n ", "smdp.example.com", "T", NULL, FALSE },
    { BOM ZWSP "LPA:1$smdp.example.com$T" ZWSP, "smdp.example.com", "T", NULL, FALSE },
    { "\xc2\xa0"
      "1$smdp.example.com$T\xe2\x80\xa8",
      "smdp.example.com",
      "T",
      NULL,
      FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LpadActivationCode) code = lpad_activation_code_parse (good[i].text, &error);

      g_test_message ("%s", good[i].text);
      g_assert_no_error (error);
      g_assert_cmpstr (code->smdp_address, ==, good[i].address);
      g_assert_cmpstr (code->matching_id, ==, good[i].matching_id);
      g_assert_cmpstr (code->smdp_oid, ==, good[i].oid);
      g_assert_cmpint (code->confirmation_code_required, ==, good[i].confirmation);
    }
}

/* Each kind of mistake is told apart: words of its own sentence. */
static void
test_bad (void)
{
  static const struct
  {
    const char *text;
    const char *words;
  } bad[] = {
    { "", "is empty" },
    { " \n" BOM, "is empty" },
    { "LPA:", "nothing follows" },
    { "lpa:\n", "nothing follows" },
    { "2$smdp.example.com$SECRET", "format 2" },
    { "LPA:10$smdp.example.com$SECRET", "format 10" },
    { "01$smdp.example.com$SECRET", "format 01" },
    { "$smdp.example.com$SECRET", "begins with \"$\"" },
    { "LPA:1$$SECRET", "names no server" },
    { "1$", "names no server" },
    { "1$smdp.example.com", "ends after the server address" },
    { "LPA:1$smdp.example.com", "ends after the server address" },
    { "smdp.example.com$SECRET", "no activation code" },
    { "smdp.example.com", "looks like a server address" },
    { "SECRET", "no activation code" },
    { "https://esimsetup.example.com/qr?carddata=LPA:1$smdp.example.com$SECRET", "this is a link" },
    { "LPA:1%24smdp.example.com%24SECRET", "%24" },
    { "1$127.0.0.1$SECRET", "IP address" },
    { "1$[::1]$SECRET", "IP address" },
    { "1$localhost$SECRET", "no domain" },
    { "1$http://smdp.example.com$SECRET", "https" },
    { "1$smdp.example.com/path$SECRET", "path" },
    { "1$user@smdp.example.com$SECRET", "user name" },
    { "1$smdp.example.com:0$SECRET", "port" },
    { "1$smdp_1.example.com$SECRET", "neither letter" },
    { "1$smdp.example.com$SECRET$1$1", "object identifier" },
    { "1$smdp.example.com$SECRET$1.3..6", "object identifier" },
    { "1$smdp.example.com$SECRET$1.3.6.", "object identifier" },
    { "1$smdp.example.com$SECRET$3.1", "object identifier" },
    { "1$smdp.example.com$SECRET$1.40", "object identifier" },
    { "1$smdp.example.com$SECRET$1.03", "object identifier" },
    { "1$smdp.example.com$SECRET$1.a", "object identifier" },
    { "1$smdp.example.com$SECRET$$2", "fifth part" },
    { "1$smdp.example.com$SECRET$$1234", "fifth part" },
    { "1$smdp.example.com$SEC RET", "a space" },
    { "1$smdp.example\n.com$SECRET", "a space" },
    { "1$smdp.example.com$SECRET" ZWSP "X", "a space" },
    { "1$smdp.example.com$SEC\033[31mRET", "control character" },
    { "1$smdp.example.com$SECRET\177X", "control character" },
    { "1$smdp.example.com$SECRET\xe2\x80\x93"
      "1",
      "ASCII" },
    { "1$smdp.example.com$SECRET\xff", "UTF-8" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i].words);
      g_assert_null (lpad_activation_code_parse (bad[i].text, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ACTIVATION_CODE);
      g_assert_nonnull (strstr (error->message, bad[i].words));
      g_assert_null (strstr (error->message, "SECRET"));
    }
  g_assert_null (lpad_activation_code_parse ("", NULL));
}

/* What is left of a code that was typed without quotes into sh, bash, zsh or fish. */
static void
test_shell (void)
{
  static const char *const eaten[] = {
    "LPA:1.example.com",         /* LPA:1$smdp.example.com$TOKEN */
    "1.example.com",             /* 1$smdp.example.com$TOKEN */
    "LPA:1-eu.example.com",      /* LPA:1$rsp-eu.example.com$TOKEN */
    "LPA:1-eu.example.combash4", /* LPA:1$rsp-eu.example.com$04 */
    "LPA:1.example.com-1",       /* LPA:1$smdp.example.com$TOKEN-1 */
    "LPA:1.example.com4711",     /* LPA:1$smdp.example.com$$$1 */
    "LPA:1.example.com$",        /* LPA:1$smdp.example.com$ */
    "LPA:1",                     /* LPA:1$localhost */
    "1",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (eaten); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", eaten[i]);
      g_assert_null (lpad_activation_code_parse (eaten[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ACTIVATION_CODE);
      g_assert_nonnull (strstr (error->message, "single quotes"));
    }
}

static void
test_length (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = g_strnfill (LPAD_ACTIVATION_CODE_MAX - strlen ("1$smdp.example.com$"), 'T');
  g_autofree char *longest = g_strdup_printf (" 1$smdp.example.com$%s\n", token);
  g_autofree char *too_long = g_strdup_printf ("1$smdp.example.com$%sT", token);
  g_autoptr (LpadActivationCode) code = lpad_activation_code_parse (longest, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (code->matching_id, ==, token);
  g_assert_null (lpad_activation_code_parse (too_long, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ACTIVATION_CODE);
  g_assert_nonnull (strstr (error->message, "255"));
}

static void
test_copy (void)
{
  g_autoptr (LpadActivationCode) code = lpad_activation_code_parse ("1$smdp.example.com$T$2.999.10$1", NULL);
  g_autoptr (LpadActivationCode) copy = lpad_activation_code_copy (code);

  g_assert_true (copy->smdp_address != code->smdp_address);
  g_assert_cmpstr (copy->smdp_address, ==, "smdp.example.com");
  g_assert_cmpstr (copy->matching_id, ==, "T");
  g_assert_cmpstr (copy->smdp_oid, ==, "2.999.10");
  g_assert_true (copy->confirmation_code_required);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/activation-code/good", test_good);
  g_test_add_func ("/activation-code/bad", test_bad);
  g_test_add_func ("/activation-code/shell", test_shell);
  g_test_add_func ("/activation-code/length", test_length);
  g_test_add_func ("/activation-code/copy", test_copy);
  return g_test_run ();
}
