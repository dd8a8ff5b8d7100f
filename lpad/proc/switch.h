/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "inventory.h"
#include "progress.h"

G_BEGIN_DECLS

/* Changes to profiles. After each the chip is read again, and only what it says then counts: an answer that
 * got lost is no failure when the chip is in the wanted state, and an accepted command is none when it is
 * not. */

/**
 * lpad_switch_enable, lpad_switch_disable: SGP.22 3.2.1, 3.2.2, with the reset that makes the switch
 * effective. A chip that says catBusy is asked again some times, then without REFRESH; one that does not like
 * the form of the command gets the others (see ladder.h), as long as its list shows that nothing has
 * happened. A profile that is in the wanted state already is a success. Not cancelled once a command is on
 * its way.
 * @before: what was read last
 * @refresh: LPAD_REFRESH_EITHER: as LpadChipConfig says
 * @after: (out) (optional): what the chip says now, also on failure if it could be read
 */
gboolean lpad_switch_enable (LpadChip *chip,
                             const LpadInventory *before,
                             GBytes *iccid,
                             LpadRefresh refresh,
                             LpadInventory **after,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean lpad_switch_disable (LpadChip *chip,
                              const LpadInventory *before,
                              GBytes *iccid,
                              LpadRefresh refresh,
                              LpadInventory **after,
                              GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * LpadSwitchSent: what has become of a command to a chip whose device resets it when the chip asks for that:
 * @pending: it was accepted, or nobody knows: the card has to be reset, and read with lpad_switch_settle()
 * @refresh_comes: the chip was told to ask for the reset
 * @lost: (nullable): why nobody knows
 */
typedef struct
{
  gboolean pending;
  gboolean refresh_comes;
  GError *lost;
} LpadSwitchSent;

/**
 * lpad_switch_send: lpad_switch_enable() or lpad_switch_disable(), as @command says, for a chip in a modem:
 * the card is not reset here, for the modem has to notice. When nothing is pending, it has been true before.
 * @sent: (out): filled in on success; clear its error
 */
gboolean lpad_switch_send (LpadChip *chip,
                           const LpadInventory *before,
                           LpadStateCommand command,
                           GBytes *iccid,
                           LpadRefresh refresh,
                           LpadSwitchSent *sent,
                           LpadInventory **after,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_switch_settle: reads the chip after that until it shows what @command asked for.
 * %LPAD_ERROR_REFRESH_FAILED when it does not. */
gboolean lpad_switch_settle (LpadChip *chip,
                             const LpadInventory *before,
                             LpadStateCommand command,
                             GBytes *iccid,
                             LpadInventory **after,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_switch_delete: SGP.22 3.2.3, in the form that the chip takes. */
gboolean lpad_switch_delete (LpadChip *chip,
                             const LpadInventory *before,
                             GBytes *iccid,
                             LpadInventory **after,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_switch_check_nickname: whether a chip takes @nickname: %LPAD_ERROR_INVALID_ARGUMENTS. */
gboolean lpad_switch_check_nickname (const char *nickname, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_switch_rename: SGP.22 3.2.4, see lpad_es10c_set_nickname(). */
gboolean lpad_switch_rename (LpadChip *chip,
                             const LpadInventory *before,
                             GBytes *iccid,
                             const char *nickname,
                             LpadInventory **after,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_switch_set_default_smdp_address: SGP.22 3.3; "" removes it. @address is normalised. */
gboolean lpad_switch_set_default_smdp_address (LpadChip *chip,
                                               const char *address,
                                               LpadInventory **after,
                                               GCancellable *cancellable,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
