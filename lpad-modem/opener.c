/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "opener.h"

#include "channel-probe.h"

struct _LpadModemOpener
{
  LpadModemJournal *journal;   /* NULL: it has been freed, and waits for an answer of the modem */
  LpadModemChannels *channels; /* likewise */
  char *device;
  guint slot;
  LpadPort *port;
  GQueue waiting;    /* of Opening */
  gboolean busy;     /* with an opening, or looking for what was lost */
  GHashTable *known; /* of GBytes: names that were selected since the last reset */
  gboolean tidy;     /* firmware was seen to close the channel whose application was refused */
};

typedef struct
{
  LpadModemOpener *opener;
  GBytes *aid;
  LpadPortDone done;
  gpointer user_data;
  gboolean new_name;       /* it may be refused, and what firmware does then is not known */
  LpadChannelProbe before; /* then */
  GError *error;
} Opening;

static void next (LpadModemOpener *opener);

static void
clear (gpointer data)
{
  LpadModemOpener *opener = data;

  g_hash_table_unref (opener->known);
  g_free (opener->device);
}

static void
opening_free (Opening *opening)
{
  g_atomic_rc_box_release_full (opening->opener, clear);
  g_bytes_unref (opening->aid);
  g_clear_error (&opening->error);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

LpadModemOpener *
lpad_modem_opener_new (LpadModemJournal *journal, LpadModemChannels *channels, const char *device, guint slot)
{
  LpadModemOpener *opener = g_atomic_rc_box_new0 (LpadModemOpener);

  opener->journal = journal;
  opener->channels = channels;
  opener->device = g_strdup (device);
  opener->slot = slot;
  opener->known = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_queue_init (&opener->waiting);
  return opener;
}

static void
refuse (Opening *opening)
{
  g_autoptr (GError) error = g_error_new_literal (
      LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_READY, "The modem does not use this slot now.");

  opening->done (NULL, error, opening->user_data);
  opening_free (opening);
}

void
lpad_modem_opener_free (LpadModemOpener *opener)
{
  Opening *opening;

  opener->journal = NULL;
  opener->channels = NULL;
  opener->port = NULL;
  while ((opening = g_queue_pop_head (&opener->waiting)) != NULL)
    refuse (opening);
  g_atomic_rc_box_release_full (opener, clear);
}

void
lpad_modem_opener_set_port (LpadModemOpener *opener, LpadPort *port)
{
  opener->port = port;
}

void
lpad_modem_opener_reset (LpadModemOpener *opener)
{
  g_hash_table_remove_all (opener->known);
}

static guint32
ours (LpadModemOpener *opener)
{
  return lpad_modem_channels_bits (opener->channels);
}

/* Ends the turn of an opening that has failed. */
static void
fail (Opening *opening)
{
  LpadModemOpener *opener = g_atomic_rc_box_acquire (opening->opener);

  opener->busy = FALSE;
  opening->done (NULL, opening->error, opening->user_data);
  opening_free (opening);
  next (opener);
  g_atomic_rc_box_release_full (opener, clear);
}

/* Nothing is left of it on the card. */
static void
on_tidied (gpointer user_data)
{
  Opening *opening = user_data;
  LpadModemOpener *opener = opening->opener;

  if (opener->journal != NULL)
    lpad_modem_journal_not_opened (opener->journal, opener->device, opener->slot);
  fail (opening);
}

/* A channel that firmware has left open after the card refused the application: it was not open before, is
 * none of ours, and no other program has an ISD-R on it. */
static void
on_probed_after (const LpadChannelProbe *after, gpointer user_data)
{
  Opening *opening = user_data;
  LpadModemOpener *opener = opening->opener;
  guint32 left;

  if (after == NULL || opener->port == NULL)
    {
      fail (opening);
      return;
    }
  left = after->open & ~after->isd_r & ~opening->before.open & ~ours (opener);
  opener->tidy = left == 0;
  lpad_channel_probe_close (opener->port, left, on_tidied, opening);
}

static gboolean
may_have_left_one (const Opening *opening)
{
  return opening->new_name
         && (opening->error->code == LPAD_MODEM_ERROR_NOT_FOUND
             || opening->error->code == LPAD_MODEM_ERROR_FAILED);
}

static void
on_opened (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  g_autoptr (Opening) opening = user_data;
  LpadModemOpener *opener = opening->opener;

  if (answer != NULL && opener->journal != NULL)
    {
      lpad_modem_journal_opened (opener->journal, opener->device, opener->slot, answer->channel);
      g_hash_table_add (opener->known, g_bytes_ref (opening->aid));
      opener->busy = FALSE;
      opening->done (answer, NULL, opening->user_data);
      next (opener);
      return;
    }
  opening->error
      = error != NULL
            ? g_error_copy (error)
            : g_error_new_literal (LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_READY, "The modem has gone.");
  /* Without an answer, or behind a modem that remembers what is ours, it is looked for later. */
  if (opener->port == NULL || lpad_port_knows_ours (opener->port)
      || g_error_matches (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NO_ANSWER))
    fail (g_steal_pointer (&opening));
  else if (may_have_left_one (opening))
    lpad_channel_probe_all (opener->port, ours (opener), on_probed_after, g_steal_pointer (&opening));
  else
    on_tidied (g_steal_pointer (&opening));
}

static void
send_opening (Opening *opening)
{
  LpadModemOpener *opener = opening->opener;

  lpad_modem_journal_opening (
      opener->journal, opener->device, opener->slot, opening->new_name ? &opening->before.open : NULL);
  lpad_port_open_channel (opener->port, opening->aid, on_opened, opening);
}

static void
on_probed_before (const LpadChannelProbe *before, gpointer user_data)
{
  Opening *opening = user_data;

  if (before == NULL || opening->opener->port == NULL)
    {
      opening->error
          = g_error_new_literal (LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED, "The modem did not answer.");
      fail (opening);
      return;
    }
  opening->before = *before;
  opening->before.open |= ours (opening->opener);
  send_opening (opening);
}

/* Lost channels */

static void
on_lost_closed (gpointer user_data)
{
  LpadModemOpener *opener = user_data;

  opener->busy = FALSE;
  if (opener->journal != NULL)
    lpad_modem_journal_not_opened (opener->journal, opener->device, opener->slot);
  next (opener);
  g_atomic_rc_box_release_full (opener, clear);
}

static void
on_ours_closed (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  on_lost_closed (user_data);
}

/* An ISD-R on a channel that is none of ours is what an opening of ours has left, or one that we would have
 * to wait for; and so is what is on a channel that was not open before. */
static void
on_probed_for_lost (const LpadChannelProbe *found, gpointer user_data)
{
  LpadModemOpener *opener = user_data;
  guint32 before = 0;

  if (found == NULL || opener->port == NULL
      || !lpad_modem_journal_is_opening (opener->journal, opener->device, opener->slot, &before))
    {
      opener->busy = FALSE;
      g_atomic_rc_box_release_full (opener, clear);
      return;
    }
  lpad_channel_probe_close (opener->port, found->isd_r | (found->open & ~before), on_lost_closed, opener);
}

void
lpad_modem_opener_tidy (LpadModemOpener *opener)
{
  guint32 before;

  if (opener->busy || opener->port == NULL || lpad_modem_channels_count (opener->channels) > 0
      || !lpad_modem_journal_is_opening (opener->journal, opener->device, opener->slot, &before))
    return;
  opener->busy = TRUE;
  g_atomic_rc_box_acquire (opener);
  if (lpad_port_knows_ours (opener->port))
    lpad_port_close_ours (opener->port, on_ours_closed, opener);
  else
    lpad_channel_probe_all (opener->port, 0, on_probed_for_lost, opener);
}

/* Turns */

static void
next (LpadModemOpener *opener)
{
  Opening *opening;

  if (opener->busy || opener->journal == NULL)
    return;
  opening = g_queue_pop_head (&opener->waiting);
  if (opening == NULL)
    {
      lpad_modem_opener_tidy (opener);
      return;
    }
  if (opener->port == NULL)
    {
      refuse (opening);
      return;
    }
  opener->busy = TRUE;
  opening->new_name = !lpad_port_knows_ours (opener->port) && !opener->tidy
                      && !g_hash_table_contains (opener->known, opening->aid);
  if (opening->new_name)
    lpad_channel_probe_all (opener->port, ours (opener), on_probed_before, opening);
  else
    send_opening (opening);
}

void
lpad_modem_opener_open (LpadModemOpener *opener, GBytes *aid, LpadPortDone done, gpointer user_data)
{
  Opening *opening = g_new0 (Opening, 1);

  opening->opener = g_atomic_rc_box_acquire (opener);
  opening->aid = g_bytes_ref (aid);
  opening->done = done;
  opening->user_data = user_data;
  g_queue_push_tail (&opener->waiting, opening);
  next (opener);
}
