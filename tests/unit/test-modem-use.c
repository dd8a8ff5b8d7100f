/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem-use.h"

#define DEVICE "/sys/devices/1-1"
#define SECOND G_TIME_SPAN_SECOND

/* A look at a time; @radio: -1: the modem is not there. Returns: whether nobody uses it */
static gboolean
look (LpadModemUse *use, int radio, gint64 now)
{
  lpad_modem_use_begin (use);
  if (radio >= 0)
    lpad_modem_use_note (use, DEVICE, (LpadModemRadio) radio, now);
  lpad_modem_use_end (use, now);
  return lpad_modem_use_is_idle (use, DEVICE, now);
}

/* A switch: ModemManager takes the modem off the bus, looks at it anew, and somebody enables it again. */
static void
test_used (void)
{
  LpadModemUse *use = lpad_modem_use_new ();

  g_assert_false (look (use, LPAD_MODEM_RADIO_ON, 0));
  g_assert_false (look (use, LPAD_MODEM_RADIO_OFF, 1 * SECOND)); /* before it goes */
  g_assert_false (look (use, -1, 2 * SECOND));
  g_assert_false (look (use, LPAD_MODEM_RADIO_UNKNOWN, 60 * SECOND));
  g_assert_false (look (use, LPAD_MODEM_RADIO_OFF, 61 * SECOND));
  g_assert_false (look (use, LPAD_MODEM_RADIO_OFF, 70 * SECOND));
  g_assert_false (look (use, LPAD_MODEM_RADIO_ON, 80 * SECOND));
  lpad_modem_use_free (use);
}

/* Nobody has enabled it, not after a switch either; then somebody does. */
static void
test_idle (void)
{
  LpadModemUse *use = lpad_modem_use_new ();

  g_assert_true (look (use, LPAD_MODEM_RADIO_OFF, 0));
  g_assert_true (look (use, -1, 1 * SECOND));
  g_assert_true (look (use, LPAD_MODEM_RADIO_OFF, 2 * SECOND));
  g_assert_false (look (use, LPAD_MODEM_RADIO_ON, 3 * SECOND));
  g_assert_false (look (use, LPAD_MODEM_RADIO_OFF, 4 * SECOND));
  lpad_modem_use_free (use);
}

/* The radio is switched off. */
static void
test_switched_off (void)
{
  LpadModemUse *use = lpad_modem_use_new ();

  g_assert_false (look (use, LPAD_MODEM_RADIO_ON, 0));
  g_assert_false (look (use, LPAD_MODEM_RADIO_OFF, 5 * SECOND));
  g_assert_false (look (use, LPAD_MODEM_RADIO_OFF, 14 * SECOND));
  g_assert_true (look (use, LPAD_MODEM_RADIO_OFF, 15 * SECOND));
  g_assert_true (look (use, -1, 16 * SECOND));
  g_assert_true (look (use, LPAD_MODEM_RADIO_OFF, 17 * SECOND));
  lpad_modem_use_free (use);
}

/* One that comes later is given time, and one of which nothing is known is not idle. */
static void
test_new (void)
{
  LpadModemUse *use = lpad_modem_use_new ();

  g_assert_false (look (use, -1, 0));
  g_assert_false (look (use, LPAD_MODEM_RADIO_OFF, 1 * SECOND));
  g_assert_true (look (use, LPAD_MODEM_RADIO_OFF, 11 * SECOND));
  lpad_modem_use_forget (use);
  g_assert_false (lpad_modem_use_is_idle (use, DEVICE, 12 * SECOND));
  g_assert_true (look (use, LPAD_MODEM_RADIO_OFF, 13 * SECOND));
  lpad_modem_use_free (use);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/modem-use/used", test_used);
  g_test_add_func ("/modem-use/idle", test_idle);
  g_test_add_func ("/modem-use/switched-off", test_switched_off);
  g_test_add_func ("/modem-use/new", test_new);
  return g_test_run ();
}
