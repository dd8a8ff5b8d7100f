/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LpadModemJournal: which channels are open or being opened, in a file that outlives a crash, so that the
 * next lpad-modem can close them. The file is in a folder that a restart of the device empties, as it ends
 * the channels.
 */
typedef struct _LpadModemJournal LpadModemJournal;

/** lpad_modem_journal_new: @path is the file; NULL: nothing is written down. */
LpadModemJournal *lpad_modem_journal_new (const char *path);
/** lpad_modem_journal_read: adds what @text, the text of such a file, says; lines that are none are left out.
 */
void lpad_modem_journal_read (LpadModemJournal *journal, const char *text);
void lpad_modem_journal_free (LpadModemJournal *journal);

/**
 * lpad_modem_journal_opening: a channel of the card in slot @slot of @device is about to be opened; which one
 * is not known until the card has said so. Does nothing when one is already.
 * @before: (nullable): a bit for each channel that was open before, whoever opened it
 */
void
lpad_modem_journal_opening (LpadModemJournal *journal, const char *device, guint slot, const guint32 *before);

/** lpad_modem_journal_not_opened: no channel is being opened any more, and none has been left. */
void lpad_modem_journal_not_opened (LpadModemJournal *journal, const char *device, guint slot);

/**
 * lpad_modem_journal_is_opening: whether a channel was about to be opened of which nothing else is known
 * @before: (out): as lpad_modem_journal_opening() was told, or all bits set
 */
gboolean
lpad_modem_journal_is_opening (LpadModemJournal *journal, const char *device, guint slot, guint32 *before);

/** lpad_modem_journal_opened: channel @card_channel of the card in slot @slot of @device is open now, and
 * none is being opened any more. */
void
lpad_modem_journal_opened (LpadModemJournal *journal, const char *device, guint slot, guint8 card_channel);

/** lpad_modem_journal_closed: it is no longer. */
void
lpad_modem_journal_closed (LpadModemJournal *journal, const char *device, guint slot, guint8 card_channel);

/** lpad_modem_journal_reset: no channel of the card in slot @slot of @device is open. */
void lpad_modem_journal_reset (LpadModemJournal *journal, const char *device, guint slot);

/** lpad_modem_journal_abandon: what is open on the cards of @device is nobody's any more, as after a crash.
 */
void lpad_modem_journal_abandon (LpadModemJournal *journal, const char *device);

/** lpad_modem_journal_unplugged: @device has no power any more, and its cards no channels. */
void lpad_modem_journal_unplugged (LpadModemJournal *journal, const char *device);

/**
 * lpad_modem_journal_take_old: a channel of the card in slot @slot of @device that a lpad-modem before this
 * one left open, and that is forgotten now; 0: there is none
 */
guint8 lpad_modem_journal_take_old (LpadModemJournal *journal, const char *device, guint slot);

G_END_DECLS
