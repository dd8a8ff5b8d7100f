/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel-journal.h"
#include "channels.h"
#include "port.h"

G_BEGIN_DECLS

/**
 * LpadModemOpener: opens the channels of a card, one after the other, so that none is ever lost: not when
 * lpad-modem ends before the modem has said which channel it was, not when the modem never says so, and not
 * when firmware leaves a channel open whose application was refused. What is being done is in the journal
 * first; what was lost is looked for once no channel of ours is open.
 */
typedef struct _LpadModemOpener LpadModemOpener;

/** lpad_modem_opener_new: for the card in slot @slot of @device, whose open channels are @channels. */
LpadModemOpener *lpad_modem_opener_new (LpadModemJournal *journal,
                                        LpadModemChannels *channels,
                                        const char *device,
                                        guint slot);

/** lpad_modem_opener_free: what is under way ends without touching the others. */
void lpad_modem_opener_free (LpadModemOpener *opener);

/** lpad_modem_opener_set_port: the way to the card; NULL: there is none now. */
void lpad_modem_opener_set_port (LpadModemOpener *opener, LpadPort *port);

/** lpad_modem_opener_reset: the card has been reset, or is another one. */
void lpad_modem_opener_reset (LpadModemOpener *opener);

/** lpad_modem_opener_open: lpad_port_open_channel() when it is its turn; a channel is in the journal. */
void lpad_modem_opener_open (LpadModemOpener *opener, GBytes *aid, LpadPortDone done, gpointer user_data);

/** lpad_modem_opener_tidy: looks for channels that were lost, if there may be some and this is the time. */
void lpad_modem_opener_tidy (LpadModemOpener *opener);

G_END_DECLS
