/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus-call.h"

#define NM "org.freedesktop.NetworkManager"

static void
test_errors (void)
{
  const struct
  {
    const char *name;
    gboolean gone;
    gboolean absent;
  } rows[] = {
    { "org.freedesktop.DBus.Error.UnknownMethod", TRUE, FALSE },
    { "org.freedesktop.DBus.Error.UnknownObject", TRUE, FALSE },
    { NM ".UnknownDevice", TRUE, FALSE },
    { NM ".UnknownConnection", TRUE, FALSE },
    { NM ".Device.NotActive", TRUE, FALSE },
    { NM ".PermissionDenied", FALSE, FALSE },
    { "org.freedesktop.DBus.Error.ServiceUnknown", FALSE, TRUE },
    { "org.freedesktop.DBus.Error.NameHasNoOwner", FALSE, TRUE },
    { "org.freedesktop.DBus.Error.NoReply", FALSE, FALSE },
  };
  g_autoptr (GError) timeout = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "late");

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = g_dbus_error_new_for_dbus_error (rows[i].name, "words");

      g_test_message ("%s", rows[i].name);
      g_assert_cmpint (lpad_nm_is_gone (error), ==, rows[i].gone);
      g_assert_cmpint (lpad_nm_is_absent (error), ==, rows[i].absent);
    }
  g_assert_false (lpad_nm_is_gone (timeout));
  g_assert_false (lpad_nm_is_absent (timeout));
}

static void
test_texts (void)
{
  g_autoptr (GVariant) values
      = g_variant_ref_sink (g_variant_new_parsed ("{'a': <'text'>, 'b': <uint32 1>}"));
  g_autofree char *text = lpad_nm_dup_string (values, "a");
  g_autofree char *number = lpad_nm_dup_string (values, "b");
  g_autofree char *missing = lpad_nm_dup_string (values, "c");
  g_autofree char *nowhere = lpad_nm_dup_string (NULL, "a");

  g_assert_cmpstr (text, ==, "text");
  g_assert_cmpstr (number, ==, "");
  g_assert_cmpstr (missing, ==, "");
  g_assert_cmpstr (nowhere, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nm-bus-call/errors", test_errors);
  g_test_add_func ("/nm-bus-call/texts", test_texts);
  return g_test_run ();
}
