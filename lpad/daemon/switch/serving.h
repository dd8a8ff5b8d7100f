/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"
#include "recovery.h"

G_BEGIN_DECLS

/**
 * LpadServing: sees to it that a modem serves what was switched on the chip in it: waits for what it does of
 * itself, looks where the user will see it, and takes the steps of recovery.h by way of lpad-modem. Main
 * thread.
 */
typedef struct _LpadServing LpadServing;

typedef enum
{
  LPAD_SERVING_DONE,     /* it is served */
  LPAD_SERVING_DOUBT,    /* nothing has happened by itself: has the chip heard the command? see
                            lpad_serving_go_on() */
  LPAD_SERVING_GIVEN_UP, /* it is not, whatever was done */
  LPAD_SERVING_HELD_UP,  /* it is not, and what is left to do would end what others need the network for */
  LPAD_SERVING_GONE,     /* the chip has left, and not come back */
} LpadServingEnd;

typedef void (*LpadServingFunc) (LpadOperation *operation, LpadServingEnd end, gpointer user_data);

/** lpad_serving_is_needed: whether a modem serves the chip. */
gboolean lpad_serving_is_needed (LpadEuicc *euicc);

/** lpad_serving_refresh: whether the card is to be told to ask for a REFRESH, when @refresh leaves that open.
 */
LpadRefresh lpad_serving_refresh (LpadEuicc *euicc, LpadRefresh refresh);

/**
 * lpad_serving_new: before the chip is told.
 * @command, @iccid: what it will be told
 */
LpadServing *lpad_serving_new (LpadOperation *operation, LpadStateCommand command, GBytes *iccid);
void lpad_serving_free (LpadServing *serving);

/**
 * lpad_serving_start: the chip was told. A chip that comes back as another object, as after a reset of the
 * modem, takes the operation along.
 * @refresh_comes: to ask for a REFRESH
 * @doubt: nobody knows whether it has heard
 */
void lpad_serving_start (LpadServing *serving,
                         gboolean refresh_comes,
                         gboolean doubt,
                         LpadServingFunc done,
                         gpointer user_data);

/** lpad_serving_go_on: after %LPAD_SERVING_DOUBT: it has heard. */
void lpad_serving_go_on (LpadServing *serving);

/** lpad_serving_insist: after %LPAD_SERVING_DONE: the chip cannot be read; it is reset. Another end comes.
 * Returns: FALSE: nothing is left to do, and none comes */
gboolean lpad_serving_insist (LpadServing *serving) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_serving_describe: what the modem shows: adds "modem-iccid" and "recovery-steps" to Operation.Result.
 */
void lpad_serving_describe (LpadServing *serving);

G_END_DECLS
