/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"
#include "operation-progress.h"

G_BEGIN_DECLS

/**
 * LpadOperation: something that takes its time, as its caller sees it. This is what all kinds have in common:
 * the queue, states, progress, the prompt and its deadline, who may answer, the result, the time that it
 * stays afterwards. What is to be done is the kind's: download-op.c, switch-op.c, notify-op.c.
 */

/** Why an operation that waits for an answer ends without one. */
typedef enum
{
  LPAD_DISMISS_REJECTED,
  LPAD_DISMISS_POSTPONED,
  LPAD_DISMISS_CALLER_LEFT,
  LPAD_DISMISS_TIMEOUT,
  LPAD_DISMISS_STOPPING,
  LPAD_DISMISS_OVERRULED, /* somebody has asked for another switch */
} LpadDismissal;

/**
 * LpadOperationKind:
 * @name: Operation.Kind
 * @stages: those that the procedures report; ends with a NULL name
 * @switching: the device's connection may break meanwhile
 * @patient: also what lpad does of it by itself goes on while a short call waits for the chip
 * @start: its turn has come: pushes the first job
 * @confirm: (nullable): the answer is yes, with @options: pushes the next job; FALSE with an error for the
 * caller when something is missing: the operation goes on waiting
 * @dismiss: (nullable): ends what waits, then finishes
 * @describe: (nullable): adds to Operation.Result
 */
typedef struct
{
  const char *name;
  const LpadStage *stages;
  gboolean switching;
  gboolean patient;
  void (*start) (LpadOperation *operation);
  gboolean (*confirm) (LpadOperation *operation, GVariant *options, GError **error);
  void (*dismiss) (LpadOperation *operation, LpadDismissal why);
  void (*describe) (LpadOperation *operation, GVariantDict *result);
} LpadOperationKind;

/**
 * LpadQuestion: a prompt that is not its kind's own, and stays when its caller leaves: the deadline answers
 * it. It cannot be postponed or cancelled. Who asks embeds it as the first member.
 * @confirm: the answer is yes
 * @dismiss: it is no, or there is none
 */
typedef struct _LpadQuestion LpadQuestion;
struct _LpadQuestion
{
  void (*confirm) (LpadQuestion *question, LpadOperation *operation);
  void (*dismiss) (LpadQuestion *question, LpadOperation *operation, LpadDismissal why);
};

/**
 * lpad_operation_start: a new operation on @euicc, put on the bus and in the chip's queue.
 * @sender: (nullable): unique name of the caller; NULL: lpad itself
 * @data: (transfer full): of the kind; freed with @data_free, also on failure
 * Returns: (transfer none) (nullable): NULL with %LPAD_ERROR_BUSY when the caller, or everybody, has too
 * many, or %LPAD_ERROR_CARD_REMOVED
 */
LpadOperation *lpad_operation_start (LpadEuicc *euicc,
                                     const LpadOperationKind *kind,
                                     const char *sender,
                                     gpointer data,
                                     GDestroyNotify data_free,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_operation_start_with_record: one of lpad's own, which goes on with what @entry (taken over) says; it
 * is told of as an interruption. */
LpadOperation *lpad_operation_start_with_record (LpadEuicc *euicc,
                                                 const LpadOperationKind *kind,
                                                 LpadJournalEntry *entry,
                                                 gpointer data,
                                                 GDestroyNotify data_free,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_operation_path: of its object on the bus. */
const char *lpad_operation_path (LpadOperation *operation);

/** lpad_operation_euicc: the chip that it is about. */
LpadEuicc *lpad_operation_euicc (LpadOperation *operation);

/** lpad_operation_move: its chip has left, and come back as @euicc: goes on there. Between two jobs. */
void lpad_operation_move (LpadOperation *operation, LpadEuicc *euicc);

/** lpad_operation_needs_network: it runs, and may use a network: nobody should take that away. */
gboolean lpad_operation_needs_network (LpadOperation *operation);

/** lpad_operation_sender: unique name of the caller; NULL: lpad itself. */
const char *lpad_operation_sender (LpadOperation *operation);

/** lpad_operation_data: what its kind gave to lpad_operation_start(). */
gpointer lpad_operation_data (LpadOperation *operation);

/** lpad_operation_of_job: the operation that has pushed @job. */
LpadOperation *lpad_operation_of_job (LpadJob *job);

/**
 * lpad_operation_record: the record that the jobs of the operation write before what they do, made on the
 * first call; say in it what the operation is about.
 * Returns: (transfer none)
 */
LpadJournalEntry *lpad_operation_record (LpadOperation *operation);

/** lpad_operation_detour_record: the record of its detour (LPAD_JOURNAL_DETOUR), made on the first call,
 * which ends with the operation as the other one does. Returns: (transfer none) */
LpadJournalEntry *lpad_operation_detour_record (LpadOperation *operation);

/** lpad_operation_writes: whether it has not finished, and one of its records is in the file @path. */
gboolean lpad_operation_writes (LpadOperation *operation, const char *path);

/** lpad_operation_cancellable: cancelled when the operation is to end. */
GCancellable *lpad_operation_cancellable (LpadOperation *operation);

/** lpad_operation_push: hands @job (taken over) to the chip's worker, with the operation's cancellable and
 * progress. */
void lpad_operation_push (LpadOperation *operation, LpadJob *job);

/**
 * lpad_operation_take: for the job's done function: brings the chip's objects up to date with what the job
 * has read, and notes what became of notifications.
 */
void lpad_operation_take (LpadOperation *operation, LpadJob *job);

/** lpad_operation_ask: waits for an answer; @prompt (ended here) lacks only the deadline, which is added. */
void lpad_operation_ask (LpadOperation *operation, GVariantDict *prompt);

/** lpad_operation_put: waits for the answer to @question, for @seconds; @prompt is as for
 * lpad_operation_ask(). */
void
lpad_operation_put (LpadOperation *operation, LpadQuestion *question, GVariantDict *prompt, guint seconds);

/** lpad_operation_answered: @question needs no answer any more; the operation goes on. */
void lpad_operation_answered (LpadOperation *operation);

/** lpad_operation_overrule: ends a question with %LPAD_DISMISS_OVERRULED, if there is one. */
void lpad_operation_overrule (LpadOperation *operation);

/** lpad_operation_set_stage: on the main thread, between jobs: what happens now. @stage: one of its kind's */
void lpad_operation_set_stage (LpadOperation *operation, const char *stage);

/** lpad_operation_check_waiting: whether it waits for an answer; %LPAD_ERROR_WRONG_STATE when not. */
gboolean lpad_operation_check_waiting (LpadOperation *operation, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_operation_confirm: the answer is yes, with @options.
 * Returns: FALSE, and it goes on waiting, when something is missing; %LPAD_ERROR_WRONG_STATE when it does not
 * wait
 */
gboolean lpad_operation_confirm (LpadOperation *operation,
                                 GVariant *options,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_operation_dismiss: ends one that waits, without an answer or with a no. */
void lpad_operation_dismiss (LpadOperation *operation, LpadDismissal why);

/** lpad_operation_check_postponable: whether what it waits for can wait; %LPAD_ERROR_WRONG_STATE when not. */
gboolean lpad_operation_check_postponable (LpadOperation *operation,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_operation_check_cancellable: whether it can be cancelled now; %LPAD_ERROR_WRONG_STATE when not. */
gboolean lpad_operation_check_cancellable (LpadOperation *operation,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_operation_cancel: ends one that can be cancelled, at its next safe point. */
void lpad_operation_cancel (LpadOperation *operation);

/** lpad_operation_add_result: a member of Operation.Result that only this kind has; before
 * lpad_operation_finish(). @value: a floating reference is taken over */
void lpad_operation_add_result (LpadOperation *operation, const char *name, GVariant *value);

/**
 * lpad_operation_finish: the end.
 * @error: NULL: success
 * @iccid: (nullable): the profile that it was about
 */
void lpad_operation_finish (LpadOperation *operation, GError *error, GBytes *iccid);

/** lpad_operation_begin: for the chip's queue: its turn has come. */
void lpad_operation_begin (LpadOperation *operation);

/** lpad_operation_abort: ends it as soon as that is safe: the chip has left, or lpad is stopping. */
void lpad_operation_abort (LpadOperation *operation, LpadError reason);

/** lpad_operation_give_way: somebody else wants the chip: what lpad does by itself ends soon, what somebody
 * has asked for goes on. @for_call: only for a short call */
void lpad_operation_give_way (LpadOperation *operation, gboolean for_call);

/** lpad_operation_is_finished: it stays on the bus only for late callers. */
gboolean lpad_operation_is_finished (LpadOperation *operation);

/** lpad_operation_is_switching: the connection of the device may break while it runs. */
gboolean lpad_operation_is_switching (LpadOperation *operation);

/** lpad_operation_unexport: takes it from the bus, finished or not. */
void lpad_operation_unexport (LpadOperation *operation);

G_END_DECLS
