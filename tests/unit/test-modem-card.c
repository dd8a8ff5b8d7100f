/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>

#include "error-details.h"
#include "lpad-modem-bus.h"
#include "modem-card.h"
#include "names.h"

#define PATH       LPAD_MODEM_BUS_ROOT "/slot/1"
#define TIMEOUT_MS 5000

/* A slot of a lpad-modem on a bus of the test, which serves on a thread of its own: calls of the card block.
 */
typedef struct
{
  int ends[2];
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  GAsyncQueue *ready;
  GDBusConnection *server;
  LpadModemBusSlot *slot;
  GDBusConnection *client;
  LpadCard *card;

  /* of the server's thread, while no call runs */
  guint next_channel;
  guint closed;           /* number of the channel that was closed last */
  guint transmitted;      /* number of the channel of the last command */
  gboolean powered;       /* off and on */
  const char *fault;      /* name of the error of the next call, without prefix */
  gboolean fault_removes; /* and the slot goes with it */
} Fixture;

static gboolean
fail (Fixture *fixture, GDBusMethodInvocation *invocation)
{
  g_autofree char *name = NULL;

  if (fixture->fault == NULL)
    return FALSE;
  name = g_strconcat ("org.lpad.Modem1.Error.", fixture->fault, NULL);
  fixture->fault = NULL;
  if (fixture->fault_removes)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (fixture->slot));
  g_dbus_method_invocation_return_dbus_error (invocation, name, "as ordered");
  return TRUE;
}

static GVariant *
octets (const char *text)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, strlen (text), 1);
}

static gboolean
on_open (LpadModemBusSlot *slot, GDBusMethodInvocation *invocation, GVariant *aid, gpointer data)
{
  Fixture *fixture = data;

  if (!fail (fixture, invocation))
    lpad_modem_bus_slot_complete_open_channel (slot, invocation, fixture->next_channel++, octets (""));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_transmit (LpadModemBusSlot *slot,
             GDBusMethodInvocation *invocation,
             guint channel,
             GVariant *command,
             gpointer data)
{
  Fixture *fixture = data;

  fixture->transmitted = channel;
  if (!fail (fixture, invocation))
    lpad_modem_bus_slot_complete_transmit (slot, invocation, octets ("ok"));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_close (LpadModemBusSlot *slot, GDBusMethodInvocation *invocation, guint channel, gpointer data)
{
  Fixture *fixture = data;

  fixture->closed = channel;
  if (!fail (fixture, invocation))
    lpad_modem_bus_slot_complete_close_channel (slot, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_power_cycle (LpadModemBusSlot *slot, GDBusMethodInvocation *invocation, gpointer data)
{
  Fixture *fixture = data;

  fixture->powered = TRUE;
  if (!fail (fixture, invocation))
    lpad_modem_bus_slot_complete_power_cycle (slot, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* One end of a connection without a bus between. */
static GDBusConnection *
connect_end (int descriptor, const char *guid, GDBusConnectionFlags flags)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (descriptor, &error);
  g_autoptr (GSocketConnection) stream = NULL;
  GDBusConnection *connection;

  g_assert_no_error (error);
  stream = g_socket_connection_factory_create_connection (socket);
  connection = g_dbus_connection_new_sync (G_IO_STREAM (stream), guid, flags, NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

static gpointer
serve (gpointer data)
{
  Fixture *fixture = data;
  g_autofree char *guid = g_dbus_generate_guid ();
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (fixture->context);
  fixture->server = connect_end (fixture->ends[0], guid, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER);
  fixture->slot = lpad_modem_bus_slot_skeleton_new ();
  lpad_modem_bus_slot_set_card_state (fixture->slot, "present");
  g_signal_connect (fixture->slot, "handle-open-channel", G_CALLBACK (on_open), fixture);
  g_signal_connect (fixture->slot, "handle-transmit", G_CALLBACK (on_transmit), fixture);
  g_signal_connect (fixture->slot, "handle-close-channel", G_CALLBACK (on_close), fixture);
  g_signal_connect (fixture->slot, "handle-power-cycle", G_CALLBACK (on_power_cycle), fixture);
  g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (fixture->slot), fixture->server, PATH, &error);
  g_assert_no_error (error);
  g_async_queue_push (fixture->ready, fixture);
  g_main_loop_run (fixture->loop);
  (void) g_dbus_connection_close_sync (fixture->server, NULL, NULL);
  g_object_unref (fixture->slot);
  g_object_unref (fixture->server);
  g_main_context_pop_thread_default (fixture->context);
  return NULL;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->next_channel = 71;
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fixture->ends), ==, 0);
  fixture->context = g_main_context_new ();
  fixture->loop = g_main_loop_new (fixture->context, FALSE);
  fixture->ready = g_async_queue_new ();
  fixture->thread = g_thread_new ("lpad-modem", serve, fixture);
  fixture->client = connect_end (fixture->ends[1], NULL, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT);
  g_async_queue_pop (fixture->ready);
  fixture->card = lpad_modem_card_new (fixture->client, NULL, PATH, TIMEOUT_MS);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

/* By the loop itself, which may not even have begun. */
static void
stop_serving (Fixture *fixture)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, quit, fixture->loop, NULL);
  g_source_attach (source, fixture->context);
  g_thread_join (g_steal_pointer (&fixture->thread));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->card);
  if (fixture->thread != NULL)
    stop_serving (fixture);
  g_dbus_connection_close_sync (fixture->client, NULL, NULL);
  g_object_unref (fixture->client);
  g_async_queue_unref (fixture->ready);
  g_main_loop_unref (fixture->loop);
  g_main_context_unref (fixture->context);
}

static guint
open_one (Fixture *fixture)
{
  g_autoptr (GBytes) aid = g_bytes_new_static ("\xa0\x00\x00\x05\x59", 5);
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_assert_true (lpad_card_open_channel (fixture->card, aid, &channel, NULL, &error));
  g_assert_no_error (error);
  return channel;
}

static GBytes *
transmit (Fixture *fixture, guint8 cla, GError **error)
{
  const guint8 data[] = { cla, 0xe2, 0x91, 0x00, 0x01, 0x00 };
  g_autoptr (GBytes) command = g_bytes_new (data, sizeof data);

  return lpad_card_transmit (fixture->card, command, error);
}

/* The numbers of lpad-modem are not those that go into class octets. */
static void
test_channels (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = NULL;

  g_assert_cmpuint (open_one (fixture), ==, 1);
  g_assert_cmpuint (open_one (fixture), ==, 2);
  answer = transmit (fixture, 0x82, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), "ok", 2);
  g_assert_cmpuint (fixture->transmitted, ==, 72);

  lpad_card_close_channel (fixture->card, 1);
  g_assert_cmpuint (fixture->closed, ==, 71);
  g_assert_cmpuint (open_one (fixture), ==, 1);
  g_clear_pointer (&answer, g_bytes_unref);
  answer = transmit (fixture, 0x81, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fixture->transmitted, ==, 73);
  g_assert_true (lpad_card_wants_le (fixture->card));
}

static void
test_no_basic_channel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  guint index = 0;

  g_assert_false (lpad_card_open_basic (fixture->card, aids, &index, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_SUPPORTED);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) aid = g_bytes_new_static ("\xa0", 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_cancellable_cancel (cancellable);
  g_assert_false (lpad_card_open_channel (fixture->card, aid, &channel, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (fixture->next_channel, ==, 71);
}

/* After a reset nothing is left of a channel; after a fault it is, and closing it is tried. */
static void
test_reset (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint channel = open_one (fixture);

  fixture->fault = "Failed";
  g_assert_false (lpad_card_reset (fixture->card, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_clear_error (&error);
  g_assert_true (fixture->powered);
  g_assert_true (lpad_card_reset (fixture->card, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (open_one (fixture), ==, channel);
  fixture->fault = "NoSuchChannel";
  lpad_card_close_channel (fixture->card, channel);
  g_assert_cmpuint (fixture->closed, ==, 72);
}

static void
test_disturbed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  open_one (fixture);
  fixture->fault = "Failed";
  g_assert_null (transmit (fixture, 0x81, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_cmpint (lpad_error_details (error)->retry, ==, LPAD_RETRY_NOW);
}

/* The request fails before lpad-modem knows why. */
static void
test_unplugged (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  open_one (fixture);
  fixture->fault = "Failed";
  fixture->fault_removes = TRUE;
  g_assert_null (transmit (fixture, 0x81, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

static void
test_lpad_modem_gone (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  open_one (fixture);
  stop_serving (fixture);
  g_assert_null (transmit (fixture, 0x81, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  lpad_card_close_channel (fixture->card, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add ("/modem-card/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("channels", test_channels);
  ADD ("no-basic-channel", test_no_basic_channel);
  ADD ("cancelled", test_cancelled);
  ADD ("reset", test_reset);
  ADD ("disturbed", test_disturbed);
  ADD ("unplugged", test_unplugged);
  ADD ("lpad-modem-gone", test_lpad_modem_gone);
#undef ADD
  return g_test_run ();
}
