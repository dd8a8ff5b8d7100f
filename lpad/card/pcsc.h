/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card.h"

G_BEGIN_DECLS

/**
 * LpadCardPcsc: a card in a PC/SC reader. pcscd's client library has no deadlines: each call to it runs on a
 * thread of the card's own; when the deadline passes, the caller gets %LPAD_ERROR_TIMEOUT, the card is dead
 * from then on, and the thread frees what it holds if it ever returns.
 */
#define LPAD_TYPE_CARD_PCSC (lpad_card_pcsc_get_type ())
G_DECLARE_FINAL_TYPE (LpadCardPcsc, lpad_card_pcsc, LPAD, CARD_PCSC, GObject)

/**
 * lpad_card_pcsc_connect: connects to the card in @reader, shared with other programs, with T=0 or T=1, and
 * sends TERMINAL CAPABILITY (after SELECT MF) once per reset.
 * @timeout_ms: longest time of one APDU. While a channel is open, no other program can use the card.
 * Returns: (nullable): %LPAD_ERROR_NOT_FOUND: no such reader; %LPAD_ERROR_CARD_REMOVED: no card in it, or
 * pcscd gone; %LPAD_ERROR_CARD_BUSY: held exclusively by another program
 */
LpadCard *lpad_card_pcsc_connect (const char *reader,
                                  guint timeout_ms,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * LpadPcscMonitor: watches readers and cards come and go. Its own context; made, used and freed on one
 * thread, except for lpad_pcsc_monitor_cancel().
 */
typedef struct _LpadPcscMonitor LpadPcscMonitor;

typedef struct
{
  char *name;       /* as pcscd calls it */
  gboolean present; /* a card is in it */
  guint32 events;   /* pcscd's counter of insertions and removals: a new number is a new card */
} LpadPcscReader;

void lpad_pcsc_reader_free (LpadPcscReader *reader);

LpadPcscMonitor *lpad_pcsc_monitor_new (void);
void lpad_pcsc_monitor_free (LpadPcscMonitor *monitor);

/**
 * lpad_pcsc_monitor_wait: blocks until readers or cards differ from what the previous call returned; the
 * first call returns at once. When pcscd is not there (or goes), the list is empty, and the call then waits
 * for it to come back (by trying again at most every second). Returns: (transfer container) (element-type
 * LpadPcscReader): NULL after lpad_pcsc_monitor_cancel()
 */
GPtrArray *lpad_pcsc_monitor_wait (LpadPcscMonitor *monitor);

/** lpad_pcsc_monitor_cancel: from any thread: a waiting or the next lpad_pcsc_monitor_wait() returns NULL. */
void lpad_pcsc_monitor_cancel (LpadPcscMonitor *monitor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadPcscReader, lpad_pcsc_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadPcscMonitor, lpad_pcsc_monitor_free)

G_END_DECLS
