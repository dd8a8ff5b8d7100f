/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"
#include "modem-fault.h"

typedef struct
{
  const char *name;
  LpadError code;
  LpadRetry retry;
  const char *words; /* of the message */
} Case;

static const Case cases[] = {
  { "org.lpad.Modem1.Error.NotFound", LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, "application" },
  { "org.lpad.Modem1.Error.NotAllowed", LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, "let" },
  { "org.lpad.Modem1.Error.NoSuchChannel", LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, "reset" },
  { "org.lpad.Modem1.Error.NoFreeChannel", LPAD_ERROR_CARD_BUSY, LPAD_RETRY_LATER, "channel" },
  { "org.lpad.Modem1.Error.ModemRefuses", LPAD_ERROR_MODEM_ERROR, LPAD_RETRY_USELESS, "firmware" },
  { "org.lpad.Modem1.Error.NotReady", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "reset" },
  { "org.lpad.Modem1.Error.Failed", LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, "as it came" },
  { "org.lpad.Modem1.Error.Unheard", LPAD_ERROR_MODEM_ERROR, LPAD_RETRY_LATER, "as it came" },
  { "org.freedesktop.DBus.Error.ServiceUnknown", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "gone" },
  { "org.freedesktop.DBus.Error.NoReply", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "gone" },
  { "org.freedesktop.DBus.Error.UnknownMethod", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "gone" },
  { "org.freedesktop.DBus.Error.AccessDenied", LPAD_ERROR_MODEM_ERROR, LPAD_RETRY_USELESS, "policy" },
};

static void
test_remote (gconstpointer data)
{
  const Case *wanted = data;
  g_autoptr (GError) error = NULL;

  lpad_modem_fault_take (&error, g_dbus_error_new_for_dbus_error (wanted->name, "as it came"));
  g_assert_error (error, LPAD_ERROR, (int) wanted->code);
  g_assert_nonnull (strstr (error->message, wanted->words));
  g_assert_null (strstr (error->message, "GDBus.Error"));
  g_assert_cmpint (lpad_error_details (error)->retry, ==, wanted->retry);
}

/* GDBus's own, which come from no other program */
static void
test_local (void)
{
  static const struct
  {
    int code;
    LpadError wanted;
  } rows[] = {
    { G_IO_ERROR_TIMED_OUT, LPAD_ERROR_TIMEOUT },
    { G_IO_ERROR_CLOSED, LPAD_ERROR_CARD_REMOVED },
    { G_IO_ERROR_CANCELLED, LPAD_ERROR_CANCELLED },
    { G_IO_ERROR_INVALID_ARGUMENT, LPAD_ERROR_MODEM_ERROR },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      lpad_modem_fault_take (&error, g_error_new_literal (G_IO_ERROR, rows[i].code, "no"));
      g_assert_error (error, LPAD_ERROR, (int) rows[i].wanted);
      g_assert_cmpint (lpad_error_details (error)->retry, ==, LPAD_RETRY_LATER);
    }
  lpad_modem_fault_take (NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "nobody wants to know"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/modem-fault/%s", strrchr (cases[i].name, '.') + 1);

      g_test_add_data_func (path, &cases[i], test_remote);
    }
  g_test_add_func ("/modem-fault/local", test_local);
  return g_test_run ();
}
