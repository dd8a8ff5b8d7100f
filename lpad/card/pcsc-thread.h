/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadPcscThread: a thread that makes one caller's blocking calls, so that the caller can stop waiting. The
 * state that the calls work on belongs to the thread; the caller looks at it only between calls that returned
 * in time.
 */
typedef struct _LpadPcscThread LpadPcscThread;

/** LpadPcscCall: what the thread is to do with its state. */
typedef void (*LpadPcscCall) (gpointer state);

/**
 * lpad_pcsc_thread_new: starts the thread.
 * @release: (transfer full state) run on the thread as its last act, when no call is under way
 */
LpadPcscThread *lpad_pcsc_thread_new (gpointer state, LpadPcscCall release);

/**
 * lpad_pcsc_thread_run: has the thread make @call and waits for it at most @timeout_ms.
 * Returns: FALSE when the time is over (and at once ever after): the call may still be under way, and the
 * state must not be looked at any more
 */
gboolean
lpad_pcsc_thread_run (LpadPcscThread *thread, LpadPcscCall call, guint timeout_ms) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_pcsc_thread_free: ends the thread, waiting for it at most @timeout_ms. One that hangs ends by itself
 * if its call ever returns. */
void lpad_pcsc_thread_free (LpadPcscThread *thread, guint timeout_ms);

G_END_DECLS
