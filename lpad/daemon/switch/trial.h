/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/** LpadTrialEnd: how it has ended. */
typedef enum
{
  LPAD_TRIAL_KEPT,
  LPAD_TRIAL_NOT_REGISTERED,
  LPAD_TRIAL_NOT_ENABLED, /* it could not: nobody has told ModemManager to use the radio */
  LPAD_TRIAL_NOT_CONFIRMED,
  LPAD_TRIAL_REJECTED,
  LPAD_TRIAL_OVERRULED, /* somebody has asked for another switch, and decides with that */
  LPAD_TRIAL_STOPPED,   /* lpad ends, or the chip has left: it goes on later */
} LpadTrialEnd;

typedef void (*LpadTrialFunc) (LpadOperation *operation, LpadTrialEnd end, gpointer user_data);

/** lpad_trial_can_watch: whether there is a modem that tells when the profile in use has registered: one that
 * ModemManager shows, and that is used. */
gboolean lpad_trial_can_watch (LpadEuicc *euicc);

/**
 * lpad_trial_start: the profile @iccid is in use: waits until it has registered with a network, or, where
 * nobody can tell that, until somebody confirms it, who is then asked; at most as long as the operation's
 * record says, which is written anew. The operation waits meanwhile, see Operation.Prompt.
 * @previous: (nullable): what lpad will go back to
 */
void lpad_trial_start (LpadOperation *operation,
                       GBytes *iccid,
                       GBytes *previous,
                       LpadTrialFunc done,
                       gpointer user_data);

G_END_DECLS
