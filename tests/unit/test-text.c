/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include "text.h"

#define R "\xef\xbf\xbd" /* U+FFFD */

typedef struct
{
  const char *in;
  gsize size;
  const char *out;
} Case;

#define CASE(in, out)                                                                                        \
  {                                                                                                          \
    in, sizeof (in) - 1, out                                                                                 \
  }

static const Case cases[] = {
  CASE ("", ""),
  CASE ("Example Mobile", "Example Mobile"),
  CASE ("caf\xc3\xa9 cafe\xcc\x81", "caf\xc3\xa9 cafe\xcc\x81"),                   /* combining mark */
  CASE ("\xd7\xa9\xd7\x9c \xd8\xb3\xd9\x84", "\xd7\xa9\xd7\x9c \xd8\xb3\xd9\x84"), /* right-to-left */
  CASE ("\xf0\x9f\x93\xb1\xe2\x9d\xa4\xef\xb8\x8f", "\xf0\x9f\x93\xb1\xe2\x9d\xa4\xef\xb8\x8f"), /* emoji */
  CASE ("a\tb\nc\rd", "a" R "b" R "c" R "d"),
  CASE ("a\x1b[31mb", "a" R "[31mb"),
  CASE ("a\0b", "a" R "b"),
  CASE ("a\x7f"
        "b",
        "a" R "b"),
  CASE ("a\xc2\x80\xc2\x9f"
        "b",
        "a" R "b"), /* C1, one for the run */
  CASE ("a\xc2\x9b"
        "31mb",
        "a" R "31mb"), /* CSI in one character */
  CASE ("a\xd8\x9c"
        "b",
        "a" R "b"), /* U+061C */
  CASE ("a\xe2\x80\x8b\xe2\x80\x8f"
        "b",
        "a" R "b"),
  CASE ("a\xe2\x80\xa8\xe2\x80\xa9"
        "b",
        "a" R "b"),
  CASE ("a\xe2\x80\xaa\xe2\x80\xae"
        "b",
        "a" R "b"),
  CASE ("a\xe2\x81\xa6\xe2\x81\xa9"
        "b",
        "a" R "b"),
  CASE ("\xef\xbb\xbfname", R "name"),
  CASE ("a\xf3\xa0\x80\x81\xf3\xa0\x81\xbf"
        "b",
        "a" R "b"), /* tags */
  CASE ("a\xff\xfe"
        "b",
        "a" R "b"),
  CASE ("a\xc0\xaf"
        "b",
        "a" R "b"), /* overlong */
  CASE ("a\xed\xa0\x80"
        "b",
        "a" R "b"), /* surrogate */
  CASE ("a\xf4\x90\x80\x80"
        "b",
        "a" R "b"),          /* above U+10FFFF */
  CASE ("a\xe2\x82", "a" R), /* cut off */
  CASE (R R, R),
};

static void
test_clean (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *once = lpad_text_clean ((const guint8 *) cases[i].in, cases[i].size, 256);
      g_autofree char *twice = NULL;

      g_assert_cmpstr (once, ==, cases[i].out);
      g_assert_true (g_utf8_validate (once, -1, NULL));
      g_assert_true (lpad_text_is_clean (once, 256));
      twice = lpad_text_clean ((const guint8 *) once, strlen (once), 256);
      g_assert_cmpstr (twice, ==, once);
    }
}

static void
test_cut (void)
{
  static const char text[] = "ab\xe2\x82\xac"
                             "c"; /* the euro sign takes three octets */
  static const char *const cut[] = { "",
                                     "a",
                                     "ab",
                                     "ab",
                                     "ab",
                                     "ab\xe2\x82\xac",
                                     "ab\xe2\x82\xac"
                                     "c",
                                     text };

  for (gsize i = 0; i < G_N_ELEMENTS (cut); i++)
    {
      g_autofree char *out = lpad_text_clean ((const guint8 *) text, strlen (text), i);

      g_assert_cmpstr (out, ==, cut[i]);
      g_assert_true (lpad_text_is_clean (text, i) == (i >= strlen (text)));
    }
}

static void
test_is_clean (void)
{
  g_assert_true (lpad_text_is_clean ("", 0));
  g_assert_false (lpad_text_is_clean ("a\n", 64));
  g_assert_false (lpad_text_is_clean ("a\xff", 64));
  g_assert_false (lpad_text_is_clean ("\xe2\x80\xae"
                                      "evil",
                                      64));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/clean", test_clean);
  g_test_add_func ("/text/cut", test_cut);
  g_test_add_func ("/text/is-clean", test_is_clean);
  return g_test_run ();
}
