/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"
#include "journal.h"
#include "place.h"
#include "turns.h"
#include "waiting.h"
#include "worker.h"

G_BEGIN_DECLS

/**
 * LpadEuicc: a chip on the bus: its properties, the objects of its profiles and notifications, its worker,
 * and the queue of operations. Between a removal and the end of its last operation it exists without being on
 * the bus.
 *
 * Its signals tell whoever does something for the chip without being asked:
 * turn-began: one of its operations has its turn
 * idle: it has nothing to do; an operation or a call was the last one
 * records-read: what was interrupted on it has been read again
 * recipients-left: a job has left recipients who did not answer the last time for a try of their own
 * operation-ended (#LpadOperation, #GError, which is NULL after a success): after the queue has gone on
 * removed: it leaves the bus
 */
#define LPAD_TYPE_EUICC (lpad_euicc_get_type ())
G_DECLARE_FINAL_TYPE (LpadEuicc, lpad_euicc, LPAD, EUICC, LpadBusEuiccSkeleton)

#define LPAD_TYPE_OPERATION (lpad_operation_get_type ())
G_DECLARE_FINAL_TYPE (LpadOperation, lpad_operation, LPAD, OPERATION, LpadBusOperationSkeleton)

/**
 * lpad_euicc_new: puts the chip in @place on the bus.
 * @aid: of its ISD-R
 * @turns: what it shares with the other chips on its card
 * @worker: (transfer full)
 * @interrupted: (transfer full) (element-type LpadJournalEntry): what was interrupted on it before
 */
LpadEuicc *lpad_euicc_new (LpadCore *core,
                           LpadPlace *place,
                           GBytes *aid,
                           LpadTurns *turns,
                           LpadWorker *worker,
                           LpadInventory *inventory,
                           GPtrArray *interrupted);

/** lpad_euicc_remove: takes it from the bus and stops its worker; operations end with @reason. */
void lpad_euicc_remove (LpadEuicc *euicc, LpadError reason);

/** lpad_euicc_core: what all objects share. */
LpadCore *lpad_euicc_core (LpadEuicc *euicc);

/** lpad_euicc_path: of its object on the bus. */
const char *lpad_euicc_path (LpadEuicc *euicc);

/** lpad_euicc_place: where it is. */
const LpadPlace *lpad_euicc_place (LpadEuicc *euicc);

/** lpad_euicc_aid: the application of its ISD-R. */
GBytes *lpad_euicc_aid (LpadEuicc *euicc);

/** lpad_euicc_inventory: what was read last; never NULL. */
LpadInventory *lpad_euicc_inventory (LpadEuicc *euicc);

/** lpad_euicc_is_busy: an operation runs, and maybe more wait. */
gboolean lpad_euicc_is_busy (LpadEuicc *euicc);

/** lpad_euicc_interruptions: NULL when it is not on the bus any more. */
struct _LpadInterruptions *lpad_euicc_interruptions (LpadEuicc *euicc);

/** lpad_euicc_is_gone: it is not on the bus any more. */
gboolean lpad_euicc_is_gone (LpadEuicc *euicc);

/** lpad_euicc_profile_path: path of the profile's object, NULL when the chip has no such profile. */
const char *lpad_euicc_profile_path (LpadEuicc *euicc, GBytes *iccid);

/** lpad_euicc_push: hands @job (taken over) to the worker; when the chip has left it ends at once, by the
 * main loop. */
void lpad_euicc_push (LpadEuicc *euicc, LpadJob *job);

/** lpad_euicc_call: pushes @job (taken over), whose end answers @invocation (taken over): with the job's
 * error, or else with what @answer returns (NULL: an empty answer). */
typedef GVariant *(*LpadCallAnswerFunc) (LpadJob *job);
void lpad_euicc_call (LpadEuicc *euicc,
                      LpadJob *job,
                      GDBusMethodInvocation *invocation,
                      LpadCallAnswerFunc answer);

/** lpad_euicc_take: brings all objects up to date with what @job says. */
void lpad_euicc_take (LpadEuicc *euicc, LpadJob *job);

/** lpad_euicc_waiting: the profiles that wait for the chip at servers. */
LpadWaitingList *lpad_euicc_waiting (LpadEuicc *euicc);

/** lpad_euicc_take_waiting: notes what a search has found. */
void lpad_euicc_take_waiting (LpadEuicc *euicc, const LpadDiscovery *discovery);

/** lpad_euicc_remove_waiting: what was called @id does not wait any more. */
void lpad_euicc_remove_waiting (LpadEuicc *euicc, const char *id);

/** lpad_euicc_enqueue, lpad_euicc_dequeue: an operation gets in line; it has ended (or was never begun). */
void lpad_euicc_enqueue (LpadEuicc *euicc, LpadOperation *operation);
void lpad_euicc_dequeue (LpadEuicc *euicc, LpadOperation *operation);

/** lpad_euicc_operation_ended: @operation, which had left the line, has come to its end. @error: (nullable)
 */
void lpad_euicc_operation_ended (LpadEuicc *euicc, LpadOperation *operation, const GError *error);

/**
 * lpad_euicc_begin_switch, lpad_euicc_end_switch: around a switch: in between, ProfileSwitched waits for its
 * end.
 * @served: what the chip says is what the device serves; otherwise nothing is said of it
 */
void lpad_euicc_begin_switch (LpadEuicc *euicc);
void lpad_euicc_end_switch (LpadEuicc *euicc, gboolean served);

/** lpad_euicc_find: (nullable) (transfer none): the chip on the bus with this EID. */
LpadEuicc *lpad_euicc_find (LpadCore *core, const char *eid);

/** lpad_euicc_hand_over: @euicc has left, and come back as @successor: that has the turn of @operation now,
 * and what waits for the end of the switch. */
void lpad_euicc_hand_over (LpadEuicc *euicc, LpadEuicc *successor, LpadOperation *operation);

/** lpad_euicc_has_switch_waiting: somebody has asked for a switch, and it is not its turn yet. */
gboolean lpad_euicc_has_switch_waiting (LpadEuicc *euicc);

/** lpad_euicc_flush: sends what has changed on the bus, at once. */
void lpad_euicc_flush (LpadEuicc *euicc);

G_END_DECLS
