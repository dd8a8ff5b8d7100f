/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "opener.h"

#include <string.h>

#define DEVICE "/dev/cdc-wdm0"
#define BIT(n) (1u << (n))

/* A modem whose card has twenty channels, and that answers at once or never. */
typedef struct
{
  LpadPort port;
  guint32 open, isd_r;
  gboolean refuses;       /* the card does not have the application, and the channel stays open */
  gboolean tidy;          /* it does not stay open */
  gboolean loses_answers; /* of openings */
  guint probes;
} Modem;

typedef struct
{
  Modem modem;
  LpadModemJournal *journal;
  LpadModemChannels *channels;
  LpadModemOpener *opener;
  GDBusConnection *connection;
  GTestDBus *bus;
} Fixture;

static void
answer_error (LpadModemError code, LpadPortDone done, gpointer user_data)
{
  g_autoptr (GError) error = g_error_new_literal (LPAD_MODEM_ERROR, (int) code, "It failed.");

  done (NULL, error, user_data);
}

static void
open_channel (LpadPort *port, GBytes *aid, LpadPortDone done, gpointer user_data)
{
  Modem *modem = (Modem *) port;
  LpadPortAnswer answer = { 1, NULL };

  while ((modem->open & BIT (answer.channel)) != 0)
    answer.channel++;
  if (!modem->refuses || !modem->tidy)
    modem->open |= BIT (answer.channel);
  if (modem->refuses)
    {
      answer_error (LPAD_MODEM_ERROR_NOT_FOUND, done, user_data);
      return;
    }
  modem->isd_r |= BIT (answer.channel);
  if (modem->loses_answers)
    {
      answer_error (LPAD_MODEM_ERROR_NO_ANSWER, done, user_data);
      return;
    }
  answer.octets = g_bytes_new_static ("", 0);
  done (&answer, NULL, user_data);
  g_bytes_unref (answer.octets);
}

static void
transmit (LpadPort *port, guint8 channel, GBytes *command, LpadPortDone done, gpointer user_data)
{
  Modem *modem = (Modem *) port;
  const char *sw = (modem->open & BIT (channel)) == 0    ? "\x68\x81"
                   : (modem->isd_r & BIT (channel)) != 0 ? "\x90"
                                                         : "\x6D";
  g_autoptr (GBytes) octets = g_bytes_new (sw, 2);
  const LpadPortAnswer answer = { 0, octets };

  modem->probes++;
  done (&answer, NULL, user_data);
}

static void
close_channel (LpadPort *port, guint8 channel, LpadPortDone done, gpointer user_data)
{
  Modem *modem = (Modem *) port;
  const LpadPortAnswer answer = { 0, NULL };

  modem->open &= ~BIT (channel);
  modem->isd_r &= ~BIT (channel);
  done (&answer, NULL, user_data);
}

static void
free_port (LpadPort *port)
{
}

static void
look (LpadPort *port)
{
}

static void
on_gone (const GError *error, gpointer user_data)
{
}

static void
on_owner_gone (guint8 card_channel, gpointer user_data)
{
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  static const LpadPortClass class = {
    .transport = "test",
    .free = free_port,
    .open_channel = open_channel,
    .transmit = transmit,
    .close_channel = close_channel,
    .look = look,
  };
  const LpadPortEvents events = { .gone = on_gone };

  fixture->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->bus);
  fixture->connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  lpad_port_init (&fixture->modem.port, &class, &events, NULL);
  fixture->journal = lpad_modem_journal_new (NULL);
  fixture->channels = lpad_modem_channels_new (fixture->connection, on_owner_gone, NULL);
  fixture->opener = lpad_modem_opener_new (fixture->journal, fixture->channels, DEVICE, 1);
  lpad_modem_opener_set_port (fixture->opener, &fixture->modem.port);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  lpad_modem_opener_free (fixture->opener);
  lpad_modem_channels_free (fixture->channels);
  lpad_modem_journal_free (fixture->journal);
  lpad_port_free (&fixture->modem.port);
  g_object_unref (fixture->connection);
  g_test_dbus_down (fixture->bus);
  g_object_unref (fixture->bus);
}

/* 0: it worked; else the error's code and 1 */
static void
on_opened (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  *(int *) user_data = answer != NULL ? answer->channel : -1 - error->code;
}

/* The channel, or an error's code below zero */
static int
open_one (Fixture *fixture, const char *aid)
{
  g_autoptr (GBytes) name = g_bytes_new (aid, strlen (aid));
  int result = 0;

  lpad_modem_opener_open (fixture->opener, name, on_opened, &result);
  return result;
}

static void
test_known_names_are_not_looked_for (Fixture *fixture, gconstpointer data)
{
  guint32 before;

  g_assert_cmpint (open_one (fixture, "isd-r"), ==, 1);
  g_assert_cmpuint (fixture->modem.probes, ==, LPAD_PORT_CHANNEL_MAX);
  g_assert_cmpint (open_one (fixture, "isd-r"), ==, 2);
  g_assert_cmpuint (fixture->modem.probes, ==, LPAD_PORT_CHANNEL_MAX);
  lpad_modem_opener_reset (fixture->opener);
  g_assert_cmpint (open_one (fixture, "isd-r"), ==, 3);
  g_assert_cmpuint (fixture->modem.probes, ==, 2 * LPAD_PORT_CHANNEL_MAX);
  g_assert_false (lpad_modem_journal_is_opening (fixture->journal, DEVICE, 1, &before));
}

/* What others have open stays so. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  guint32 before;

  fixture->modem.open = BIT (1) | BIT (3);
  fixture->modem.isd_r = BIT (3);
  fixture->modem.refuses = TRUE;
  g_assert_cmpint (open_one (fixture, "absent"), ==, -1 - LPAD_MODEM_ERROR_NOT_FOUND);
  g_assert_cmphex (fixture->modem.open, ==, BIT (1) | BIT (3));
  g_assert_false (lpad_modem_journal_is_opening (fixture->journal, DEVICE, 1, &before));
}

/* Of firmware that leaves nothing behind that much is known; then other names cost no more than they must. */
static void
test_tidy_firmware_is_not_looked_after_again (Fixture *fixture, gconstpointer data)
{
  fixture->modem.tidy = TRUE;
  fixture->modem.refuses = TRUE;
  g_assert_cmpint (open_one (fixture, "absent"), ==, -1 - LPAD_MODEM_ERROR_NOT_FOUND);
  g_assert_cmpuint (fixture->modem.probes, ==, 2 * LPAD_PORT_CHANNEL_MAX);
  g_assert_cmpint (open_one (fixture, "absent, too"), ==, -1 - LPAD_MODEM_ERROR_NOT_FOUND);
  g_assert_cmpuint (fixture->modem.probes, ==, 2 * LPAD_PORT_CHANNEL_MAX);
  fixture->modem.refuses = FALSE;
  g_assert_cmpint (open_one (fixture, "isd-r"), ==, 1);
  g_assert_cmpuint (fixture->modem.probes, ==, 2 * LPAD_PORT_CHANNEL_MAX);
}

static void
test_lost_answer (Fixture *fixture, gconstpointer data)
{
  guint32 before;

  fixture->modem.open = BIT (1);
  fixture->modem.loses_answers = TRUE;
  g_assert_cmpint (open_one (fixture, "isd-r"), ==, -1 - LPAD_MODEM_ERROR_NO_ANSWER);
  g_assert_cmphex (fixture->modem.open, ==, BIT (1));
  g_assert_false (lpad_modem_journal_is_opening (fixture->journal, DEVICE, 1, &before));
}

/* It waits until no channel of ours could be mistaken for it. */
static void
test_lost_while_another_is_open (Fixture *fixture, gconstpointer data)
{
  const char *owner = g_dbus_connection_get_unique_name (fixture->connection);
  guint32 number = lpad_modem_channels_add (fixture->channels, owner, (guint8) open_one (fixture, "isd-r"));

  fixture->modem.loses_answers = TRUE;
  g_assert_cmpint (open_one (fixture, "isd-r"), <, 0);
  g_assert_cmphex (fixture->modem.open, ==, BIT (1) | BIT (2));
  close_channel (&fixture->modem.port,
                 lpad_modem_channels_take (fixture->channels, owner, number),
                 on_opened,
                 &(int){ 0 });
  lpad_modem_opener_tidy (fixture->opener);
  g_assert_cmphex (fixture->modem.open, ==, 0);
}

/* As after a crash: the channel of before is another program's. */
static void
test_what_the_last_one_left (Fixture *fixture, gconstpointer data)
{
  const guint32 before = BIT (1);

  fixture->modem.open = BIT (1) | BIT (2);
  lpad_modem_journal_opening (fixture->journal, DEVICE, 1, &before);
  lpad_modem_opener_tidy (fixture->opener);
  g_assert_cmphex (fixture->modem.open, ==, BIT (1));
}

static void
test_without_a_port (Fixture *fixture, gconstpointer data)
{
  lpad_modem_opener_set_port (fixture->opener, NULL);
  g_assert_cmpint (open_one (fixture, "isd-r"), ==, -1 - LPAD_MODEM_ERROR_NOT_READY);
  lpad_modem_opener_tidy (fixture->opener);
}

#define add(name, function) g_test_add ("/opener/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("known-names-are-not-looked-for", test_known_names_are_not_looked_for);
  add ("refused", test_refused);
  add ("tidy-firmware-is-not-looked-after-again", test_tidy_firmware_is_not_looked_after_again);
  add ("lost-answer", test_lost_answer);
  add ("lost-while-another-is-open", test_lost_while_another_is_open);
  add ("what-the-last-one-left", test_what_the_last_one_left);
  add ("without-a-port", test_without_a_port);
  return g_test_run ();
}
