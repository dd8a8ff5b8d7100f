/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pcsc.h"

#include <winscard.h>

#define PNP_READER        "\\\\?PnP?\\Notification" /* changes when readers come and go */
#define RETRY_TIME        G_TIME_SPAN_SECOND
#define LIST_TRIES        5
#define CANCEL_TIME       (20 * G_TIME_SPAN_MILLISECOND)
#define CANCEL_TRIES      50
#define SETTLE_TIMEOUT_MS 1000 /* see wait_for_change() */
#define LONG_TIMEOUT_MS   60000

struct _LpadPcscMonitor
{
  SCARDCONTEXT context;
  gboolean has_context;
  GPtrArray *last;  /* what the previous call returned, NULL: none yet */
  gboolean settled; /* the last short wait passed without a change */
  gboolean failed;  /* the last wait could not be made */

  GMutex mutex; /* guards what follows, and @context while @blocked */
  GCond cond;
  gboolean cancelled;
  gboolean blocked; /* in SCardGetStatusChange() */
};

void
lpad_pcsc_reader_free (LpadPcscReader *reader)
{
  if (reader == NULL)
    return;
  g_free (reader->name);
  g_free (reader);
}

static GPtrArray *
reader_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_pcsc_reader_free);
}

static GPtrArray *
reader_list_copy (GPtrArray *list)
{
  g_autoptr (GPtrArray) copy = reader_list_new ();

  for (guint i = 0; i < list->len; i++)
    {
      const LpadPcscReader *reader = list->pdata[i];
      LpadPcscReader *clone = g_memdup2 (reader, sizeof *reader);

      clone->name = g_strdup (reader->name);
      g_ptr_array_add (copy, clone);
    }
  return g_steal_pointer (&copy);
}

static gboolean
reader_list_equal (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const LpadPcscReader *left = a->pdata[i], *right = b->pdata[i];

      if (left->present != right->present || left->events != right->events
          || !g_str_equal (left->name, right->name))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_cancelled (LpadPcscMonitor *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->cancelled;
}

static void
drop_context (LpadPcscMonitor *self)
{
  if (self->has_context)
    SCardReleaseContext (self->context);
  self->has_context = FALSE;
}

/* A state to wait from for each reader, and at the end the one for coming and going readers: unless there are
 * as many as pcscd can have, for it takes no more states than that. */
static GArray *
states_new (char **names)
{
  GArray *states = g_array_new (FALSE, TRUE, sizeof (SCARD_READERSTATE));
  SCARD_READERSTATE state = { .dwCurrentState = SCARD_STATE_UNAWARE };

  for (char **name = names; *name != NULL; name++)
    {
      state.szReader = *name;
      g_array_append_val (states, state);
    }
  state.szReader = PNP_READER;
  if (states->len < PCSCLITE_MAX_READERS_CONTEXTS)
    g_array_append_val (states, state);
  return states;
}

/* The names that pcscd knows, as a list of strings. NULL when it is not there. */
static char **
list_names (LpadPcscMonitor *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  DWORD size = 0;

  LONG status = SCardListReaders (self->context, NULL, NULL, &size);
  if (status == SCARD_E_NO_READERS_AVAILABLE)
    return g_strv_builder_end (names);
  if (status != SCARD_S_SUCCESS)
    return NULL;

  g_autofree char *list = g_malloc0 (size + 2); /* names that end in NUL, and a NUL behind the last */
  status = SCardListReaders (self->context, NULL, list, &size);
  if (status == SCARD_E_NO_READERS_AVAILABLE)
    return g_strv_builder_end (names);
  if (status != SCARD_S_SUCCESS)
    return NULL;
  for (const char *name = list; *name != '\0'; name += strlen (name) + 1)
    g_strv_builder_add (names, name);
  return g_strv_builder_end (names);
}

static GPtrArray *
list_from_states (const SCARD_READERSTATE *row, guint readers)
{
  GPtrArray *list = reader_list_new ();

  for (guint i = 0; i < readers; i++)
    {
      LpadPcscReader *reader = g_new0 (LpadPcscReader, 1);

      reader->name = g_strdup (row[i].szReader);
      reader->present = (row[i].dwEventState & SCARD_STATE_PRESENT) != 0;
      reader->events = (guint32) (row[i].dwEventState >> 16) & 0xffff;
      g_ptr_array_add (list, reader);
    }
  return list;
}

/* One attempt at read_list(); @gone is set when a reader went while it was looked at. */
static GPtrArray *
try_read_list (LpadPcscMonitor *self, char ***names, GArray **states, gboolean *gone)
{
  g_auto (GStrv) found = list_names (self);
  if (found == NULL)
    return NULL;

  g_autoptr (GArray) current = states_new (found);
  guint readers = g_strv_length (found);
  SCARD_READERSTATE *row = (SCARD_READERSTATE *) (gpointer) current->data;
  LONG status = readers > 0 ? SCardGetStatusChange (self->context, 0, row, readers) : SCARD_S_SUCCESS;
  *gone = status == SCARD_E_UNKNOWN_READER;
  if (status != SCARD_S_SUCCESS)
    return NULL;

  for (guint i = 0; i < readers; i++)
    row[i].dwCurrentState = row[i].dwEventState & ~(DWORD) SCARD_STATE_CHANGED;
  *names = g_steal_pointer (&found);
  *states = g_steal_pointer (&current);
  return list_from_states (row, readers);
}

/* Reads what is there now. @states (which point into @names) are to wait with. Returns NULL when pcscd is not
 * there. */
static GPtrArray *
read_list (LpadPcscMonitor *self, char ***names, GArray **states)
{
  GPtrArray *list = NULL;
  gboolean gone = TRUE;

  if (!self->has_context)
    self->has_context
        = SCardEstablishContext (SCARD_SCOPE_SYSTEM, NULL, NULL, &self->context) == SCARD_S_SUCCESS;
  for (guint i = 0; self->has_context && list == NULL && gone && i < LIST_TRIES; i++)
    {
      gone = FALSE;
      list = try_read_list (self, names, states, &gone);
    }
  return list;
}

/* Blocks until something about @states may have changed. A reader that comes between the listing and this
 * call is not noticed by libpcsclite before version 2.3: so the first wait after a change is short, and the
 * others last a minute (in which the library wakes up anyway). FALSE when pcscd went. */
static gboolean
wait_for_change (LpadPcscMonitor *self, GArray *states)
{
  SCARD_READERSTATE *row = (SCARD_READERSTATE *) (gpointer) states->data;

  g_mutex_lock (&self->mutex);
  self->blocked = !self->cancelled;
  g_mutex_unlock (&self->mutex);
  if (!self->blocked)
    return TRUE;

  LONG status = SCardGetStatusChange (
      self->context, self->settled ? LONG_TIMEOUT_MS : SETTLE_TIMEOUT_MS, row, states->len);

  g_mutex_lock (&self->mutex);
  self->blocked = FALSE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  self->settled = status == SCARD_E_TIMEOUT;
  self->failed = status != SCARD_S_SUCCESS && status != SCARD_E_TIMEOUT && status != SCARD_E_CANCELLED
                 && status != SCARD_E_UNKNOWN_READER;
  return !self->failed;
}

static void
wait_for_retry (LpadPcscMonitor *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  gint64 end = g_get_monotonic_time () + RETRY_TIME;

  while (!self->cancelled && g_cond_wait_until (&self->cond, &self->mutex, end))
    continue;
}

static GPtrArray *
report (LpadPcscMonitor *self, GPtrArray *list)
{
  g_clear_pointer (&self->last, g_ptr_array_unref);
  self->last = g_ptr_array_ref (list);
  self->settled = FALSE;
  self->failed = FALSE;
  return reader_list_copy (list);
}

LpadPcscMonitor *
lpad_pcsc_monitor_new (void)
{
  LpadPcscMonitor *self = g_new0 (LpadPcscMonitor, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  return self;
}

void
lpad_pcsc_monitor_free (LpadPcscMonitor *self)
{
  if (self == NULL)
    return;
  drop_context (self);
  g_clear_pointer (&self->last, g_ptr_array_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

GPtrArray *
lpad_pcsc_monitor_wait (LpadPcscMonitor *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  while (!is_cancelled (self))
    {
      g_auto (GStrv) names = NULL;
      g_autoptr (GArray) states = NULL;
      g_autoptr (GPtrArray) list = read_list (self, &names, &states);
      gboolean there = list != NULL;

      if (!there)
        {
          drop_context (self);
          list = reader_list_new ();
        }
      if (self->last == NULL || !reader_list_equal (self->last, list))
        return report (self, list);
      if (!there || self->failed) /* pcscd goes, or something else is wrong that is not so soon over */
        {
          self->failed = FALSE;
          wait_for_retry (self);
        }
      else if (!wait_for_change (self, states))
        drop_context (self);
    }
  return NULL;
}

void
lpad_pcsc_monitor_cancel (LpadPcscMonitor *self)
{
  g_return_if_fail (self != NULL);

  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  self->cancelled = TRUE;
  g_cond_broadcast (&self->cond);

  /* The waiting thread may not have got as far as to be cancelled: again until it has come out. */
  for (guint i = 0; self->blocked && i < CANCEL_TRIES; i++)
    {
      SCardCancel (self->context);
      g_cond_wait_until (&self->cond, &self->mutex, g_get_monotonic_time () + CANCEL_TIME);
    }
}
