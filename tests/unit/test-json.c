/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "error-details.h"
#include "es9-json.h"

static JsonObject *
parse (const char *text, GError **error)
{
  /* A copy of exactly that size, so that a sanitizer sees an octet read past its end. */
  gsize size = strlen (text);
  g_autofree char *copy = g_memdup2 (size > 0 ? text : "x", MAX (size, 1));

  return lpad_es9_json_parse (copy, size, error);
}

static void
assert_refused (const char *text, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = parse (text, &error);

  if (object != NULL)
    g_error ("accepted: %s", text);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

static JsonObject *
assert_parsed (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = parse (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (object);
  return object;
}

static void
test_form (void)
{
  static const char *const good[] = {
    "{}",
    " \r\n{\"a\" : [1, -2.5e+3, true, false, null, {}], \"b\":\"\\\"}\\u0041\\\\\"}\n",
    "{\"line\":\"a\r\nb\"}",
    "{\"a\":{\"x\":1},\"b\":{\"x\":1}}",
    "{\"a\":[{\"x\":1},{\"x\":2}]}",
  };
  static const char *const bad[] = {
    "",
    " ",
    "{",
    "null",
    "\"text\"",
    "{} {}",
    "{}x",
    "{\"a\":1",
    "{\"a\":\"1}",
    "{\"a\":\"1\\",
    "{\"a\":}",
    "{\"a\" 1}",
    "{'a':1}",
    "{a:1}",
    "{\"a\":1,}",
    "{\"a\":1}/* comment */",
    "// comment\n{}",
    "var x = {};",
    "x = {}",
    "{\"a\":\"\x01\"}",
    "{\"a\":\"\xff\xfe\"}",
    "<html></html>",
    "\x1f\x8b\x08",
    "\xef\xbb\xbf{}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    json_object_unref (assert_parsed (good[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (bad[i], "JSON");
  assert_refused ("[]", "no JSON object");
  assert_refused ("}", "brackets");
  assert_refused ("}{", "brackets");
}

static void
test_nul (void)
{
  static const char inside[] = "{\"a\":\"x\0y\"}";
  static const char behind[] = "{}\0";
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_es9_json_parse (inside, sizeof inside - 1, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_clear_error (&error);
  g_assert_null (lpad_es9_json_parse (behind, sizeof behind, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static char *
nest (guint depth)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, "{\"a\":");
  g_string_append (text, "\"{{{{{{{{{{[[[[[[[[\"");
  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, '}');
  return g_strdup (text->str);
}

static void
test_depth (void)
{
  g_autofree char *eight = nest (8);
  g_autofree char *nine = nest (9);
  g_autofree char *thousand = nest (1000);
  g_autofree char *million = g_strnfill (1000000, '[');

  json_object_unref (assert_parsed (eight));
  assert_refused (nine, "deeply");
  assert_refused (thousand, "deeply");
  assert_refused (million, "deeply");
}

static void
test_twice (void)
{
  assert_refused ("{\"a\":1,\"a\":1}", "twice");
  assert_refused ("{\"a\":1,\"\\u0061\":2}", "twice");
  assert_refused ("{\"b\":{\"a\":1,\"c\":[{\"a\":1,\"d\":0,\"a\":2}]}}", "twice");
  assert_refused ("{\"header\":{},\"x\":1,\"header\":{}}", "twice");
}

#define STATUS(content) "{\"header\":{\"functionExecutionStatus\":" content "}}"

static void
assert_status (const char *text, int code)
{
  g_autoptr (JsonObject) object = assert_parsed (text);
  g_autoptr (GError) error = NULL;
  gboolean good = lpad_es9_json_check_status (object, "ES9+.AuthenticateClient", &error);

  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, LPAD_ERROR, code);
  g_assert_true (good == (code < 0));
}

static void
test_status (void)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;

  assert_status (STATUS ("{\"status\":\"Executed-Success\"}"), -1);
  assert_status (STATUS ("{\"status\":\"Executed-WithWarning\",\"statusCodeData\":7}"), -1);
  assert_status (STATUS ("{\"status\":7}"), LPAD_ERROR_PROTOCOL_ERROR);
  assert_status (STATUS ("7"), LPAD_ERROR_PROTOCOL_ERROR);
  assert_status ("{\"header\":[]}", LPAD_ERROR_PROTOCOL_ERROR);
  assert_status ("{}", LPAD_ERROR_PROTOCOL_ERROR);
  assert_status (STATUS ("{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":\"8.2.6\","
                         "\"reasonCode\":\"3.8\"}}"),
                 LPAD_ERROR_CODE_REFUSED);
  assert_status (STATUS ("{\"status\":\"Failed\"}"), LPAD_ERROR_SERVER_REFUSED);
  assert_status (STATUS ("{\"status\":\"Failed\",\"statusCodeData\":[]}"), LPAD_ERROR_SERVER_REFUSED);
  assert_status (STATUS ("{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":8,\"reasonCode\":3.8}}"),
                 LPAD_ERROR_SERVER_REFUSED);

  object = assert_parsed (STATUS ("{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":\"8.9\","
                                  "\"reasonCode\":\"4.2\",\"message\":\"a\\u001b[31mb\"}}"));
  g_assert_false (lpad_es9_json_check_status (object, "ES9+.AuthenticateClient", &error));
  g_assert_cmpstr (lpad_error_details (error)->subject_code, ==, "8.9");
  g_assert_cmpstr (lpad_error_details (error)->reason_code, ==, "4.2");
  g_assert_null (strchr (lpad_error_details (error)->server_message, '\x1b'));
  g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES9+.AuthenticateClient");
}

static void
assert_base64 (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = lpad_es9_base64_decode (text, 6, &error);

  if (expected == NULL)
    {
      g_assert_null (bytes);
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, strlen (expected));
}

/* RFC 4648 10, and what servers make of it. */
static void
test_base64 (void)
{
  assert_base64 ("", "");
  assert_base64 ("Zg==", "f");
  assert_base64 ("Zm8=", "fo");
  assert_base64 ("Zm9v", "foo");
  assert_base64 ("Zm9vYg==", "foob");
  assert_base64 ("Zm9vYmE=", "fooba");
  assert_base64 ("Zm9vYmFy", "foobar");
  assert_base64 ("Zg", "f");
  assert_base64 ("Zm8", "fo");
  assert_base64 ("Zm9vYmE", "fooba");
  assert_base64 ("Zm9v\r\nYmFy\r\n", "foobar");
  assert_base64 (" Z g = = ", "f");
  assert_base64 ("+/+/", "\xfb\xff\xbf");
  assert_base64 ("Z", NULL);
  assert_base64 ("Zm9vY", NULL);
  assert_base64 ("Zg=", NULL);
  assert_base64 ("Zg===", NULL);
  assert_base64 ("Zm9v=", NULL);
  assert_base64 ("=", NULL);
  assert_base64 ("Zg==Zg==", NULL);
  assert_base64 ("Zm9v!", NULL);
  assert_base64 ("-_-_", NULL);
  assert_base64 ("Zm\xc3\xb6v", NULL);
  assert_base64 ("Zm9vYmFyZg==", NULL); /* seven octets */
}

static void
test_members (void)
{
  g_autoptr (JsonObject) object
      = assert_parsed ("{\"good\":\"gAEA\",\"long\":\"gAEAgA==\",\"tag\":\"gQEA\",\"number\":1,\"null\":null,"
                       "\"list\":[\"gAEA\"],\"transactionId\":\"00aAfF\"}");
  static const char *const bad[] = { "long", "tag", "number", "null", "list", "absent" };
  g_autoptr (GBytes) good = NULL;
  g_autoptr (GBytes) identifier = NULL;
  g_autoptr (GError) error = NULL;

  good = lpad_es9_json_get_tlv (object, "good", 0x80, 3, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (good, NULL), g_bytes_get_size (good), "\x80\x01\x00", 3);
  g_assert_null (lpad_es9_json_get_tlv (object, "good", 0x80, 2, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_clear_error (&error);
      g_assert_null (lpad_es9_json_get_tlv (object, bad[i], 0x80, 100, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      g_assert_nonnull (strstr (error->message, bad[i]));
    }

  g_clear_error (&error);
  identifier = lpad_es9_json_get_transaction_id (object, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (identifier, NULL), g_bytes_get_size (identifier), "\x00\xaa\xff", 3);
}

static void
test_transaction_id (void)
{
  static const char *const bad[] = {
    "{}",
    "{\"transactionId\":7}",
    "{\"transactionId\":\"\"}",
    "{\"transactionId\":\"0\"}",
    "{\"transactionId\":\"0g\"}",
    "{\"transactionId\":\" 00\"}",
    "{\"transactionId\":\"0x00\"}",
    "{\"transactionId\":\"0000000000000000000000000000000000\"}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (JsonObject) object = assert_parsed (bad[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_es9_json_get_transaction_id (object, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/form", test_form);
  g_test_add_func ("/json/nul", test_nul);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/twice", test_twice);
  g_test_add_func ("/json/status", test_status);
  g_test_add_func ("/json/base64", test_base64);
  g_test_add_func ("/json/members", test_members);
  g_test_add_func ("/json/transaction-id", test_transaction_id);
  return g_test_run ();
}
