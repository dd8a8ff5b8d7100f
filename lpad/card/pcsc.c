/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pcsc.h"

#include <winscard.h>

#include "apdu.h"
#include "error-details.h"
#include "manage-channel.h"
#include "pcsc-error.h"
#include "pcsc-thread.h"

#define RESPONSE_MAX       (256 + 2)
#define CONNECT_TIMEOUT_MS 20000 /* powering a card up: pcscd tries several times with several voltages */
#define CLOSE_TIMEOUT_MS   2000
#define REMOVAL_NOTICE_MS  1000 /* pcscd looks for removed cards every 400 ms */
#define PROTOCOLS          (SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
#define RESET_TIME         G_TIME_SPAN_SECOND /* see may_be_in_reset() */
#define RESET_PAUSE_MS     50

/* What the calls work on; see pcsc-thread.h for who may look at it. */
typedef struct
{
  char *reader;
  SCARDCONTEXT context;
  SCARDHANDLE handle;
  gboolean has_context;
  gboolean has_handle;
  gboolean locked; /* in a transaction: no other program gets at the card */
  DWORD protocol;
  guint8 command[5 + 255 + 1];
  DWORD command_size;
  guint8 response[RESPONSE_MAX];
  DWORD response_size;
  LONG status;
  gboolean removed; /* after a failed transmission: because the card went */
} State;

struct _LpadCardPcsc
{
  GObject parent;

  LpadPcscThread *thread;
  State *state;
  guint timeout_ms;
  gboolean dead;      /* a call overstayed: the state belongs to the thread for good */
  guint channels;     /* a bit for each open one */
  gboolean was_reset; /* by another program: the connection must be renewed */
};

static void lpad_card_pcsc_card_init (LpadCardInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadCardPcsc,
                               lpad_card_pcsc,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LPAD_TYPE_CARD, lpad_card_pcsc_card_init))

/* Calls: they run on the card's thread. */

/* Waits until pcscd sees a change in the reader, or for @timeout_ms. Returns: SCARD_E_TIMEOUT: no change;
 * what is there is in @reader */
static LONG
wait_for_change (State *state, DWORD timeout_ms, SCARD_READERSTATE *reader)
{
  *reader = (SCARD_READERSTATE){ .szReader = state->reader, .dwCurrentState = SCARD_STATE_UNAWARE };
  LONG status = SCardGetStatusChange (state->context, 0, reader, 1);

  if (status != SCARD_S_SUCCESS || (reader->dwEventState & SCARD_STATE_PRESENT) == 0)
    return status;
  reader->dwCurrentState = reader->dwEventState & ~(DWORD) SCARD_STATE_CHANGED;
  return SCardGetStatusChange (state->context, timeout_ms, reader, 1);
}

/* A pulled card and a disturbed line look the same until pcscd has looked for the card again. */
static gboolean
wait_for_removal (State *state)
{
  SCARD_READERSTATE reader;
  LONG status = wait_for_change (state, REMOVAL_NOTICE_MS, &reader);

  return status != SCARD_E_TIMEOUT
         && (status != SCARD_S_SUCCESS || (reader.dwEventState & SCARD_STATE_PRESENT) == 0);
}

/* Whether a refused connection may be the moment's. When a program dies in a transaction, pcscd lets the next
 * one in before it resets the card: for as long as that takes it knows no answer to reset, and takes the card
 * for one that speaks no protocol, or that has no power. */
static gboolean
may_be_in_reset (LONG status)
{
  return status == SCARD_E_PROTO_MISMATCH || status == SCARD_W_UNPOWERED_CARD
         || status == SCARD_W_UNRESPONSIVE_CARD || status == SCARD_W_UNSUPPORTED_CARD;
}

static void
connect_once (State *state)
{
  state->status = SCardConnect (
      state->context, state->reader, SCARD_SHARE_SHARED, PROTOCOLS, &state->handle, &state->protocol);
  state->has_handle = state->status == SCARD_S_SUCCESS;
}

static void
reconnect (State *state, DWORD initialization)
{
  state->status
      = SCardReconnect (state->handle, SCARD_SHARE_SHARED, PROTOCOLS, initialization, &state->protocol);
}

static void
renew_once (State *state)
{
  reconnect (state, SCARD_LEAVE_CARD);
}

/* Makes the connection with @attempt. */
static void
outlast_reset (State *state, void (*attempt) (State *state))
{
  gint64 end = g_get_monotonic_time () + RESET_TIME;
  SCARD_READERSTATE reader;

  attempt (state);
  while (may_be_in_reset (state->status) && g_get_monotonic_time () < end)
    {
      (void) wait_for_change (state, RESET_PAUSE_MS, &reader);
      attempt (state);
    }
}

static void
connect_call (gpointer data)
{
  State *state = data;

  state->status = SCardEstablishContext (SCARD_SCOPE_SYSTEM, NULL, NULL, &state->context);
  if (state->status != SCARD_S_SUCCESS)
    return;
  state->has_context = TRUE;
  outlast_reset (state, connect_once);
}

static void
renew_call (gpointer data)
{
  outlast_reset (data, renew_once);
}

static void
reset_call (gpointer data)
{
  State *state = data;

  reconnect (state, SCARD_UNPOWER_CARD);
  if (state->status != SCARD_S_SUCCESS)
    reconnect (state, SCARD_RESET_CARD);
}

static void
lock_call (gpointer data)
{
  State *state = data;

  state->status = SCardBeginTransaction (state->handle);
  state->locked = state->status == SCARD_S_SUCCESS;
}

static void
unlock_call (gpointer data)
{
  State *state = data;

  state->status = SCardEndTransaction (state->handle, SCARD_LEAVE_CARD);
  state->locked = FALSE;
}

static void
transmit_once (State *state)
{
  const SCARD_IO_REQUEST *pci = state->protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0;

  state->response_size = sizeof state->response;
  state->status = SCardTransmit (
      state->handle, pci, state->command, state->command_size, NULL, state->response, &state->response_size);
  if (state->status == SCARD_S_SUCCESS && state->response_size < 2)
    state->status = SCARD_F_COMM_ERROR; /* what some drivers make of a card that went */
}

static void
transmit_call (gpointer data)
{
  State *state = data;

  state->removed = FALSE;
  transmit_once (state);
  if (state->status == SCARD_E_SHARING_VIOLATION
      && SCardBeginTransaction (state->handle) == SCARD_S_SUCCESS) /* another program's has ended now */
    {
      transmit_once (state);
      SCardEndTransaction (state->handle, SCARD_LEAVE_CARD);
    }
  if (lpad_pcsc_status_is_transport_fault (state->status))
    state->removed = wait_for_removal (state);
}

static void
release_call (gpointer data)
{
  State *state = data;

  if (state->locked)
    SCardEndTransaction (state->handle, SCARD_LEAVE_CARD);
  if (state->has_handle)
    SCardDisconnect (state->handle, SCARD_LEAVE_CARD);
  if (state->has_context)
    SCardReleaseContext (state->context);
  g_free (state->reader);
  g_free (state);
}

/* The caller's side */

/* Whether the state is the caller's to look at: not once a call overstayed. */
static gboolean
check_alive (LpadCardPcsc *self, GError **error)
{
  if (!self->dead)
    return TRUE;
  g_set_error (
      error, LPAD_ERROR, LPAD_ERROR_TIMEOUT, "The card does not answer; remove it and insert it again");
  return FALSE;
}

static gboolean
run (LpadCardPcsc *self, LpadPcscCall call, guint timeout_ms, GError **error)
{
  if (!check_alive (self, error))
    return FALSE;
  self->state->removed = FALSE;
  self->dead = !lpad_pcsc_thread_run (self->thread, call, timeout_ms);
  if (!check_alive (self, error))
    return FALSE;

  self->was_reset |= self->state->status == SCARD_W_RESET_CARD;
  if (self->state->status == SCARD_S_SUCCESS)
    return TRUE;
  lpad_pcsc_set_error (error, self->state->removed ? SCARD_W_REMOVED_CARD : self->state->status);
  return FALSE;
}

static GBytes *
card_transmit (LpadCard *card, GBytes *command, GError **error)
{
  LpadCardPcsc *self = LPAD_CARD_PCSC (card);
  gsize size;
  const guint8 *data = g_bytes_get_data (command, &size);

  if (!check_alive (self, error))
    return NULL;
  g_return_val_if_fail (size <= sizeof self->state->command, NULL);
  memcpy (self->state->command, data, size);
  self->state->command_size = size;

  if (!run (self, transmit_call, self->timeout_ms, error))
    return NULL;
  return g_bytes_new (self->state->response, self->state->response_size);
}

/* Another program's reset ended the connection, too: take it up again. The channels are gone. */
static gboolean
renew (LpadCardPcsc *self, GError **error)
{
  if (!run (self, renew_call, CONNECT_TIMEOUT_MS, error))
    return FALSE;
  self->was_reset = FALSE;
  return lpad_manage_channel_present_terminal (LPAD_CARD (self), error);
}

static gboolean
try_lock (LpadCardPcsc *self, GError **error)
{
  if (run (self, lock_call, MIN (self->timeout_ms, CONNECT_TIMEOUT_MS), error))
    return TRUE;
  if (self->dead && error != NULL)
    {
      g_clear_error (error);
      g_set_error (error, LPAD_ERROR, LPAD_ERROR_CARD_BUSY, "Another program keeps the card to itself");
    }
  return FALSE;
}

/* While a channel is open the card is lpad's alone: a reset by another program would end the RSP session. And
 * if lpad dies within a transaction, pcscd resets the card, which closes the channel that nobody else would
 * close. */
static gboolean
lock (LpadCardPcsc *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (!check_alive (self, error))
    return FALSE;
  if (self->state->locked)
    return TRUE;
  if (!self->was_reset && try_lock (self, &local))
    return TRUE;
  if (self->was_reset) /* as is known since before, or since just now */
    return renew (self, error) && try_lock (self, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static void
unlock (LpadCardPcsc *self)
{
  g_autoptr (GError) error = NULL;

  if (self->dead || !self->state->locked || self->channels != 0)
    return;
  if (!run (self, unlock_call, self->timeout_ms, &error))
    g_debug ("the card could not be given back to other programs: %s", error->message);
}

/* Takes the card for as long as a channel is open: @opened is whether one was opened. */
static gboolean
keep_if_open (LpadCardPcsc *self, gboolean opened, guint channel)
{
  if (opened)
    self->channels |= 1U << channel;
  else
    unlock (self);
  return opened;
}

static gboolean
card_open_first (LpadCard *card,
                 GPtrArray *aids,
                 guint *index,
                 guint *channel,
                 GCancellable *cancellable,
                 GError **error)
{
  LpadCardPcsc *self = LPAD_CARD_PCSC (card);

  if (!lpad_check_cancelled (cancellable, error) || !lock (self, error))
    return FALSE;
  gboolean opened = lpad_manage_channel_open (card, aids, index, channel, error);
  return keep_if_open (self, opened, *channel);
}

static gboolean
card_open_basic (LpadCard *card, GPtrArray *aids, guint *index, GCancellable *cancellable, GError **error)
{
  LpadCardPcsc *self = LPAD_CARD_PCSC (card);

  if (!lpad_check_cancelled (cancellable, error) || !lock (self, error))
    return FALSE;
  gboolean opened = lpad_manage_channel_open_basic (card, aids, index, error);
  return keep_if_open (self, opened, LPAD_BASIC_CHANNEL);
}

static gboolean
card_open_channel (LpadCard *card, GBytes *aid, guint *channel, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new ();
  guint index = 0;

  g_ptr_array_add (aids, aid);
  return card_open_first (card, aids, &index, channel, cancellable, error);
}

static void
card_close_channel (LpadCard *card, guint channel)
{
  LpadCardPcsc *self = LPAD_CARD_PCSC (card);

  if (!self->dead && !self->was_reset)
    lpad_manage_channel_close (card, channel);
  self->channels &= ~(1U << channel);
  unlock (self);
}

static gboolean
card_reset (LpadCard *card, GError **error)
{
  LpadCardPcsc *self = LPAD_CARD_PCSC (card);

  if (!run (self, reset_call, CONNECT_TIMEOUT_MS, error))
    return FALSE;
  self->was_reset = FALSE;
  self->channels = 0;
  gboolean reached = lpad_manage_channel_present_terminal (card, error);
  unlock (self);
  return reached;
}

static gboolean
card_wants_le (LpadCard *card)
{
  LpadCardPcsc *self = LPAD_CARD_PCSC (card);

  return !self->dead && self->state->protocol == SCARD_PROTOCOL_T1;
}

static void
lpad_card_pcsc_card_init (LpadCardInterface *iface)
{
  iface->open_channel = card_open_channel;
  iface->open_first = card_open_first;
  iface->open_basic = card_open_basic;
  iface->transmit = card_transmit;
  iface->close_channel = card_close_channel;
  iface->reset = card_reset;
  iface->wants_le = card_wants_le;
}

static void
lpad_card_pcsc_finalize (GObject *object)
{
  LpadCardPcsc *self = LPAD_CARD_PCSC (object);

  lpad_pcsc_thread_free (self->thread, CLOSE_TIMEOUT_MS);
  G_OBJECT_CLASS (lpad_card_pcsc_parent_class)->finalize (object);
}

static void
lpad_card_pcsc_class_init (LpadCardPcscClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_card_pcsc_finalize;
}

static void
lpad_card_pcsc_init (LpadCardPcsc *self)
{
}

LpadCard *
lpad_card_pcsc_connect (const char *reader, guint timeout_ms, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (reader != NULL, NULL);
  g_return_val_if_fail (timeout_ms > 0, NULL);

  if (!lpad_check_cancelled (cancellable, error))
    return NULL;

  g_autoptr (LpadCardPcsc) self = g_object_new (LPAD_TYPE_CARD_PCSC, NULL);
  self->timeout_ms = timeout_ms;
  self->state = g_new0 (State, 1);
  self->state->reader = g_strdup (reader);
  self->thread = lpad_pcsc_thread_new (self->state, release_call);

  if (!run (self, connect_call, MIN (timeout_ms, CONNECT_TIMEOUT_MS), error)
      || !lpad_manage_channel_present_terminal (LPAD_CARD (self), error))
    return NULL;
  return LPAD_CARD (g_steal_pointer (&self));
}
