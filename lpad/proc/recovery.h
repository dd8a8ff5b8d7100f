/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* After a switch on a chip in a modem: what makes the modem serve the new profile. The card asks for a
 * REFRESH, and many a firmware forgets it, or does it and tells nobody. What comes next is decided here,
 * without a clock or a modem; whoever asks does it and says what is seen. Times are milliseconds of any one
 * clock. */

/** LpadRecoveryStep: what can be done, in this order. */
typedef enum
{
  LPAD_RECOVERY_REFRESH,     /* nothing: the card has asked for it */
  LPAD_RECOVERY_POWER_CYCLE, /* of the card */
  LPAD_RECOVERY_INHIBIT,     /* ModemManager lets go of the modem, and takes it again */
  LPAD_RECOVERY_RESET,       /* of the modem */
  LPAD_RECOVERY_STEPS,
} LpadRecoveryStep;

/** LpadRecoverySight: what is seen where the user will see it. */
typedef enum
{
  LPAD_SIGHT_UNKNOWN, /* nobody can tell */
  LPAD_SIGHT_OTHER,   /* another profile, or none */
  LPAD_SIGHT_AWAY,    /* the modem is being looked at anew */
  LPAD_SIGHT_WANTED,
} LpadRecoverySight;

/**
 * LpadRecoveryQuirks: what a model of modem needs.
 * @skip: steps that do nothing good on it
 * @refresh_wait_ms: how long it may take until the modem says that the card was reset
 * @settle_ms: how long after a step another profile may still be seen
 * @away_ms: how long after a step nothing may be seen
 */
typedef struct
{
  gboolean skip[LPAD_RECOVERY_STEPS];
  guint refresh_wait_ms;
  guint settle_ms;
  guint away_ms;
} LpadRecoveryQuirks;

/** LPAD_RECOVERY_QUIRKS_NONE: of a modem of which nothing is known. */
extern const LpadRecoveryQuirks LPAD_RECOVERY_QUIRKS_NONE;

/** LpadRecovery: how far it has come. A plain structure: lpad_recovery_init() fills it in.
 * @held_up: after %LPAD_RECOVERY_GIVE_UP: what is left would have cut the network off */
typedef struct
{
  LpadRecoveryQuirks quirks;
  LpadRecoveryStep step;
  gboolean refresh_comes;
  gboolean indicated;
  gboolean insists;
  gboolean held_up;
  gint64 since;
} LpadRecovery;

/**
 * LpadRecoveryView: what is seen now.
 * @managed: ModemManager runs, so that it can be told to let go of the modem
 * @network_busy: somebody needs the network that the modem may be the way to: a download, a delivery of
 * notifications
 */
typedef struct
{
  LpadRecoverySight sight;
  gboolean managed;
  gboolean network_busy;
} LpadRecoveryView;

typedef enum
{
  LPAD_RECOVERY_DONE,    /* it is as wanted */
  LPAD_RECOVERY_WAIT,    /* ask again when something has changed, at the latest at the time given */
  LPAD_RECOVERY_DO,      /* do lpad_recovery_step(), then call lpad_recovery_done() */
  LPAD_RECOVERY_GIVE_UP, /* nothing is left */
} LpadRecoveryAction;

/**
 * lpad_recovery_init: the chip has taken the command.
 * @refresh_comes: it was told to ask for a REFRESH; FALSE: nothing comes by itself
 */
void lpad_recovery_init (LpadRecovery *recovery,
                         const LpadRecoveryQuirks *quirks,
                         gboolean refresh_comes,
                         gint64 now);

/** lpad_recovery_indicated: the modem says that the card was reset. */
void lpad_recovery_indicated (LpadRecovery *recovery, gint64 now);

/** lpad_recovery_decide: what is to be done. @until: (out): for %LPAD_RECOVERY_WAIT */
LpadRecoveryAction
lpad_recovery_decide (LpadRecovery *recovery, const LpadRecoveryView *view, gint64 now, gint64 *until);

/**
 * lpad_recovery_insist: it is as wanted, but the card cannot be read: it is to be reset all the same.
 * Returns: FALSE: nothing is left that would do it
 */
gboolean lpad_recovery_insist (LpadRecovery *recovery) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_recovery_step: the step to do, or that was done last. */
LpadRecoveryStep lpad_recovery_step (const LpadRecovery *recovery);

/** lpad_recovery_done: the step was done, as well as it could be: some take effect and fail. */
void lpad_recovery_done (LpadRecovery *recovery, gint64 now);

/** lpad_recovery_step_name: "refresh", "power-cycle", "inhibit" or "reset". */
const char *lpad_recovery_step_name (LpadRecoveryStep step);

/** lpad_recovery_step_from_name: FALSE: there is none of this name. */
gboolean lpad_recovery_step_from_name (const char *name, LpadRecoveryStep *step) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
