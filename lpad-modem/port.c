/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port.h"

void
lpad_port_identity_free (LpadPortIdentity *identity)
{
  g_free (identity->imei);
  g_free (identity->revision);
  g_strfreev (identity->technologies);
  g_free (identity);
}

static void
look (gpointer user_data)
{
  LpadPort *port = user_data;

  port->class->look (port);
}

void
lpad_port_init (LpadPort *port, const LpadPortClass *class, const LpadPortEvents *events, gpointer user_data)
{
  port->class = class;
  port->events = *events;
  port->user_data = user_data;
  port->cancellable = g_cancellable_new ();
  port->watch = lpad_card_watch_new (&events->card, user_data, look, port);
}

void
lpad_port_gone (LpadPort *port, const GError *error)
{
  port->events.gone (error, port->user_data);
}

typedef struct
{
  LpadPort *port;
  char *why;
} Later;

static void
later_free (gpointer data)
{
  Later *later = data;

  g_free (later->why);
  g_free (later);
}

static gboolean
on_later (gpointer user_data)
{
  const Later *later = user_data;
  LpadPort *port = later->port;
  g_autoptr (GError) error = g_error_new_literal (LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_READY, later->why);

  port->idle = 0;
  lpad_port_gone (port, error);
  return G_SOURCE_REMOVE;
}

void
lpad_port_gone_later (LpadPort *port, const char *why)
{
  Later *later = g_new0 (Later, 1);

  later->port = port;
  later->why = g_strdup (why);
  port->idle = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_later, later, later_free);
}

gboolean
lpad_port_is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

void
lpad_port_removed (LpadPort *port)
{
  g_autoptr (GError) error
      = g_error_new_literal (LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED, "The modem or its proxy is gone.");

  lpad_port_gone (port, error);
}

LpadPortRequest *
lpad_port_request_new (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  LpadPortRequest *request = g_new0 (LpadPortRequest, 1);

  request->port = port;
  request->done = done;
  request->user_data = user_data;
  return request;
}

gboolean
lpad_port_request_failed (const GError *failure, GError **error)
{
  g_set_error (
      error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NO_ANSWER, "The modem did not answer: %s.", failure->message);
  return lpad_port_is_cancelled (failure);
}

void
lpad_port_request_end (const LpadPortRequest *request, const LpadPortAnswer *answer, const GError *error)
{
  request->done (error == NULL ? answer : NULL, error, request->user_data);
}

void
lpad_port_not_ready (LpadPortDone done, gpointer user_data)
{
  g_autoptr (GError) error
      = g_error_new_literal (LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_READY, "The modem is not ready yet.");

  done (NULL, error, user_data);
}

/* The protocol's own part goes first: it still knows its device. */
void
lpad_port_free (LpadPort *port)
{
  g_cancellable_cancel (port->cancellable);
  g_clear_handle_id (&port->idle, g_source_remove);
  lpad_card_watch_free (port->watch);
  g_clear_pointer (&port->identity, lpad_port_identity_free);
  g_object_unref (port->cancellable);
  port->class->free (port);
}

const char *
lpad_port_transport (LpadPort *port)
{
  return port->class->transport;
}

const LpadPortIdentity *
lpad_port_identity (LpadPort *port)
{
  return port->identity;
}

void
lpad_port_open_channel (LpadPort *port, GBytes *aid, LpadPortDone done, gpointer user_data)
{
  port->class->open_channel (port, aid, done, user_data);
}

void
lpad_port_transmit (LpadPort *port, guint8 channel, GBytes *command, LpadPortDone done, gpointer user_data)
{
  port->class->transmit (port, channel, command, done, user_data);
}

void
lpad_port_close_channel (LpadPort *port, guint8 channel, LpadPortDone done, gpointer user_data)
{
  port->class->close_channel (port, channel, done, user_data);
}

gboolean
lpad_port_knows_ours (LpadPort *port)
{
  return port->class->close_ours != NULL;
}

void
lpad_port_close_ours (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  port->class->close_ours (port, done, user_data);
}

void
lpad_port_power_cycle (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  port->class->power_cycle (port, done, user_data);
}

void
lpad_port_reset (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  port->class->reset (port, done, user_data);
}

void
lpad_port_look (LpadPort *port)
{
  lpad_card_watch_look (port->watch);
}
