/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "address.h"
#include "error-details.h"

static void
test_good (void)
{
  static const struct
  {
    const char *in;
    const char *out;
  } good[] = {
    { "smdp.example.com", "smdp.example.com" },
    { "SMDP.Example.COM", "smdp.example.com" },
    { " smdp.example.com \r\n", "smdp.example.com" },
    { "https://smdp.example.com/", "smdp.example.com" },
    { "HTTPS://SMDP.example.com:8443/", "smdp.example.com:8443" },
    { "smdp.example.com:1", "smdp.example.com:1" },
    { "smdp.example.com:65535", "smdp.example.com:65535" },
    { "smdp.example.com:00443", "smdp.example.com:443" },
    { "1.2.3.example", "1.2.3.example" },
    { "xn--bcher-kva.example", "xn--bcher-kva.example" },
    { "a.b", "a.b" },
    { "0x7f.0xg1", "0x7f.0xg1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *out = lpad_address_normalise (good[i].in, strlen (good[i].in), &error);

      g_assert_no_error (error);
      g_assert_cmpstr (out, ==, good[i].out);
    }
}

static void
test_bad (void)
{
  static const struct
  {
    const char *in;
    const char *words; /* of the message */
  } bad[] = {
    { "", "empty" },
    { "  ", "empty" },
    { ":443", "empty" },
    { "https://", "empty" },
    { "localhost", "no domain" },
    { "http://smdp.example.com", "https" },
    { "ftp://smdp.example.com", "path" },
    { "smdp.example.com/gsma", "path" },
    { "smdp.example.com?x", "path" },
    { "user@smdp.example.com", "user name" },
    { "smdp_1.example.com", "neither letter" },
    { "smdp.example.com\\", "neither letter" },
    { "smdp .example.com", "white space" },
    { "smdp\001.example.com", "control" },
    { "b\xc3\xbc"
      "cher.example",
      "xn--" },
    { "smdp..example.com", "two dots" },
    { ".example.com", "two dots" },
    { "smdp.example.com.", "at an end" },
    { "-smdp.example.com", "hyphen" },
    { "smdp-.example.com", "hyphen" },
    { "127.0.0.1", "IP address" },
    { "127.0.0.1:443", "IP address" },
    { "127.1", "IP address" },
    { "2130706433", "IP address" },
    { "0x7f000001", "IP address" },
    { "127.0.0.0x1", "IP address" },
    { "127.0x1", "IP address" },
    { "example.0X", "IP address" },
    { "[::1]", "IP address" },
    { "::1", "IP address" },
    { "smdp.example.com:", "port" },
    { "smdp.example.com:0", "port" },
    { "smdp.example.com:65536", "port" },
    { "smdp.example.com:-1", "port" },
    { "smdp.example.com:44a", "port" },
    { "smdp.example.com: 443", "white space" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i].in);
      g_assert_null (lpad_address_normalise (bad[i].in, strlen (bad[i].in), &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
      g_assert_nonnull (strstr (error->message, bad[i].words));
    }
}

static void
test_lengths (void)
{
  g_autofree char *label_63 = g_strnfill (63, 'a');
  g_autofree char *good = g_strdup_printf ("%s.%s.%s.%.61s", label_63, label_63, label_63, label_63);
  g_autofree char *long_host = g_strdup_printf ("%s.%s.%s.%.62s", label_63, label_63, label_63, label_63);
  g_autofree char *long_label = g_strdup_printf ("a%s.example", label_63);
  g_autofree char *huge = g_strnfill (100000, ' ');
  g_autofree char *out = lpad_address_normalise (good, strlen (good), NULL);

  g_assert_cmpuint (strlen (good), ==, 253);
  g_assert_cmpstr (out, ==, good);
  g_assert_null (lpad_address_normalise (long_host, strlen (long_host), NULL));
  g_assert_null (lpad_address_normalise (long_label, strlen (long_label), NULL));
  g_assert_null (lpad_address_normalise (huge, strlen (huge), NULL));
  g_assert_null (lpad_address_normalise ("smdp.example.com\0.evil.example", 30, NULL));
  g_assert_null (lpad_address_normalise (NULL, 0, NULL));
}

static void
test_equal (void)
{
  g_autofree char *host = lpad_address_host ("smdp.example.com:8443");
  g_autofree char *bare = lpad_address_host ("smdp.example.com");

  g_assert_true (lpad_address_equal ("smdp.example.com", "SMDP.example.com"));
  g_assert_true (lpad_address_equal ("smdp.example.com", "smdp.example.com:443"));
  g_assert_true (lpad_address_equal ("smdp.example.com:8443", "smdp.example.com:8443"));
  g_assert_false (lpad_address_equal ("smdp.example.com", "smdp.example.com:8443"));
  g_assert_false (lpad_address_equal ("smdp.example.com", "smdp.example.co"));
  g_assert_false (lpad_address_equal ("smdp.example.com", "smdp.example.net"));
  g_assert_false (lpad_address_equal ("", "smdp.example.com"));
  g_assert_cmpstr (host, ==, "smdp.example.com");
  g_assert_cmpstr (bare, ==, "smdp.example.com");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/good", test_good);
  g_test_add_func ("/address/bad", test_bad);
  g_test_add_func ("/address/lengths", test_lengths);
  g_test_add_func ("/address/equal", test_equal);
  return g_test_run ();
}
