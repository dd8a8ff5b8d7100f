/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets a test drive LpadCardPcsc, LpadChannel and LpadPcscMonitor against a real pcscd: a command a line on
 * standard input, an answer a line on standard output ("ok ..." or "error CODE STATUS-WORD RETRY MESSAGE").
 * Lines that begin with "readers" come whenever a watched reader changes. */
#include <stdio.h>
#include <string.h>
#include <winscard.h>

#include "channel.h"
#include "error-details.h"
#include "hex.h"
#include "pcsc.h"

typedef struct
{
  LpadCard *card;
  LpadChannel *channel;
  LpadSegmentSize size;
  LpadPcscMonitor *monitor;
  GThread *watcher;
  SCARDCONTEXT context; /* of "exclusive" */
  SCARDHANDLE handle;
} Probe;

static void
say_bytes (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *hex = lpad_hex_encode (data, size);

  printf ("ok %s\n", hex);
}

static void
say_error (GError *error)
{
  const LpadErrorDetails *details = lpad_error_details (error);

  printf ("error %d %04x %s %s\n",
          error->code,
          details->status_word,
          lpad_retry_to_string (details->retry),
          error->message);
}

static void
cmd_connect (Probe *probe, const char *argument, GError **error)
{
  char *end = NULL;
  guint timeout = (guint) g_ascii_strtoull (argument, &end, 10); /* TIMEOUT READER */

  g_clear_object (&probe->card);
  probe->card = lpad_card_pcsc_connect (end + 1, timeout, NULL, error);
  if (probe->card != NULL)
    printf ("ok %d\n", lpad_card_wants_le (probe->card));
}

static void
cmd_apdu (Probe *probe, const char *argument, GError **error)
{
  g_autoptr (GBytes) command = lpad_hex_decode (argument, 300, error);
  g_autoptr (GBytes) response = command != NULL ? lpad_card_transmit (probe->card, command, error) : NULL;

  if (response != NULL)
    say_bytes (response);
}

static void
cmd_open (Probe *probe, const char *argument, GError **error)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  GBytes *aid = lpad_hex_decode (argument, 16, error);

  if (aid == NULL)
    return;
  g_ptr_array_add (aids, aid);
  probe->channel = lpad_channel_open (probe->card, aids, &probe->size, NULL, error);
  if (probe->channel != NULL)
    puts ("ok");
}

static void
cmd_basic (Probe *probe, const char *argument, GError **error)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  GBytes *aid = lpad_hex_decode (argument, 16, error);

  if (aid == NULL)
    return;
  g_ptr_array_add (aids, aid);
  probe->channel = lpad_channel_open_basic (probe->card, aids, &probe->size, NULL, error);
  if (probe->channel != NULL)
    puts ("ok");
}

static void
cmd_store (Probe *probe, const char *argument, GError **error)
{
  g_autoptr (GBytes) request = lpad_hex_decode (argument, 65536, error);
  g_autoptr (GBytes) answer
      = request != NULL ? lpad_channel_store_data (probe->channel, request, "probe", error) : NULL;

  if (answer != NULL)
    say_bytes (answer);
}

static void
cmd_size (Probe *probe, const char *argument, GError **error)
{
  printf ("ok %u\n", probe->size.octets);
}

/* What was learned of the reader; with a number, that segment size is known instead. */
static void
cmd_forget (Probe *probe, const char *argument, GError **error)
{
  guint octets = argument != NULL ? (guint) g_ascii_strtoull (argument, NULL, 10) : LPAD_SEGMENT_SIZE_MAX;

  probe->size = (LpadSegmentSize){ .octets = octets };
  puts ("ok");
}

/* Keeps all others from the card in the reader, until "release". */
static void
cmd_exclusive (Probe *probe, const char *argument, GError **error)
{
  DWORD protocol;

  if (SCardEstablishContext (SCARD_SCOPE_SYSTEM, NULL, NULL, &probe->context) == SCARD_S_SUCCESS
      && SCardConnect (probe->context,
                       argument,
                       SCARD_SHARE_EXCLUSIVE,
                       SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                       &probe->handle,
                       &protocol)
             == SCARD_S_SUCCESS)
    puts ("ok");
  else
    g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_CARD_BUSY, "others use the card");
}

static void
cmd_release (Probe *probe, const char *argument, GError **error)
{
  SCardDisconnect (probe->handle, SCARD_LEAVE_CARD);
  SCardReleaseContext (probe->context);
  puts ("ok");
}

static void
cmd_close (Probe *probe, const char *argument, GError **error)
{
  g_clear_pointer (&probe->channel, lpad_channel_close);
  puts ("ok");
}

static void
cmd_reset (Probe *probe, const char *argument, GError **error)
{
  if (lpad_card_reset (probe->card, error))
    puts ("ok");
}

static void
cmd_disconnect (Probe *probe, const char *argument, GError **error)
{
  g_clear_object (&probe->card);
  puts ("ok");
}

static gpointer
watch (gpointer data)
{
  LpadPcscMonitor *monitor = data;
  GPtrArray *list;

  while ((list = lpad_pcsc_monitor_wait (monitor)) != NULL)
    {
      g_autoptr (GString) line = g_string_new ("readers");

      for (guint i = 0; i < list->len; i++)
        {
          const LpadPcscReader *reader = list->pdata[i];
          g_string_append_printf (line, ";%s=%d", reader->name, reader->present);
        }
      g_ptr_array_unref (list);
      puts (line->str);
    }
  lpad_pcsc_monitor_free (monitor);
  return NULL;
}

static void
cmd_watch (Probe *probe, const char *argument, GError **error)
{
  probe->monitor = lpad_pcsc_monitor_new ();
  probe->watcher = g_thread_new ("watch", watch, probe->monitor);
  puts ("ok");
}

static void
cmd_unwatch (Probe *probe, const char *argument, GError **error)
{
  lpad_pcsc_monitor_cancel (probe->monitor);
  g_thread_join (g_steal_pointer (&probe->watcher));
  probe->monitor = NULL;
  puts ("ok");
}

static const struct
{
  const char *name;
  void (*run) (Probe *probe, const char *argument, GError **error);
} commands[] = {
  { "connect", cmd_connect },       { "apdu", cmd_apdu },       { "open", cmd_open },
  { "store", cmd_store },           { "size", cmd_size },       { "close", cmd_close },
  { "reset", cmd_reset },           { "watch", cmd_watch },     { "unwatch", cmd_unwatch },
  { "disconnect", cmd_disconnect }, { "basic", cmd_basic },     { "forget", cmd_forget },
  { "exclusive", cmd_exclusive },   { "release", cmd_release },
};

static void
run_line (Probe *probe, char *line)
{
  g_autoptr (GError) error = NULL;
  char *argument = strchr (line, ' ');

  if (argument != NULL)
    *argument++ = '\0';
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (line, commands[i].name))
      commands[i].run (probe, argument, &error);
  if (error != NULL)
    say_error (error);
}

int
main (void)
{
  Probe probe = { .size = { .octets = LPAD_SEGMENT_SIZE_MAX } };
  char line[8192];

  setvbuf (stdout, NULL, _IOLBF, 0);
  while (fgets (line, sizeof line, stdin) != NULL)
    run_line (&probe, g_strchomp (line));
  if (probe.watcher != NULL)
    cmd_unwatch (&probe, NULL, NULL);
  g_clear_pointer (&probe.channel, lpad_channel_close);
  g_clear_object (&probe.card);
  return 0;
}
