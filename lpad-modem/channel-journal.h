/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LpadModemJournal: which channels are open, in a file that outlives a crash, so that the next lpad-modem can
 * close them. The file is in a folder that a restart of the device empties, as it ends the channels.
 */
typedef struct _LpadModemJournal LpadModemJournal;

/** lpad_modem_journal_new: @path is the file; NULL: nothing is written down. */
LpadModemJournal *lpad_modem_journal_new (const char *path);
void lpad_modem_journal_free (LpadModemJournal *journal);

/** lpad_modem_journal_opened: channel @card_channel of the card in slot @slot of @device is open now. */
void
lpad_modem_journal_opened (LpadModemJournal *journal, const char *device, guint slot, guint8 card_channel);

/** lpad_modem_journal_closed: it is no longer. */
void
lpad_modem_journal_closed (LpadModemJournal *journal, const char *device, guint slot, guint8 card_channel);

/** lpad_modem_journal_reset: no channel of the card in slot @slot of @device is open. */
void lpad_modem_journal_reset (LpadModemJournal *journal, const char *device, guint slot);

/**
 * lpad_modem_journal_take_old: a channel of the card in slot @slot of @device that a lpad-modem before this
 * one left open, and that is forgotten now; 0: there is none
 */
guint8 lpad_modem_journal_take_old (LpadModemJournal *journal, const char *device, guint slot);

G_END_DECLS
