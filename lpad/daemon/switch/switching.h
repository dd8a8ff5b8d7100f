/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ladder.h"
#include "operation.h"

G_BEGIN_DECLS

/**
 * LpadSwitchingWish: which profile is to be enabled or disabled. Copied.
 * @phase: what the operation's record says before the chip is told; LPAD_PHASE_NONE: it is not about this
 * switch
 * @stage: (nullable): static: instead of the stages below
 * @restores: what was so before is made so again: neither a cancellation nor a rule for new switches counts
 */
typedef struct
{
  LpadStateCommand command;
  GBytes *iccid;
  LpadRefresh refresh;
  LpadPhase phase;
  const char *stage;
  gboolean restores;
} LpadSwitchingWish;

/** LpadSwitchingFunc: the end. @error: (nullable) (transfer full) */
typedef void (*LpadSwitchingFunc) (LpadOperation *operation, GError *error, gpointer user_data);

/**
 * lpad_switching_start: one switch as a part of @operation, until it is really done: lpad-nm is told, the
 * chip is told and read again, a modem serves what was asked for, Euicc.ProfileSwitched is sent. Its stages
 * are "enabling" or "disabling", and "refreshing". Main thread; the jobs in between are the operation's.
 */
void lpad_switching_start (LpadOperation *operation,
                           const LpadSwitchingWish *wish,
                           LpadSwitchingFunc done,
                           gpointer user_data);

G_END_DECLS
