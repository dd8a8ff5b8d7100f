/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "context.h"
#include "inventory.h"

G_BEGIN_DECLS

/**
 * LpadDelivery: what became of one notification.
 * @error: NULL: the server took it, and the chip was told to forget it
 */
typedef struct
{
  guint64 sequence_number;
  LpadEvent event;
  char *address;
  GError *error;
} LpadDelivery;

void lpad_delivery_free (LpadDelivery *delivery);

/** lpad_notify_is_silence: whether @error of a delivery (nullable) says that the recipient did not answer at
 * all: another network, or time, may help. A status that is no success is an answer. */
gboolean lpad_notify_is_silence (GError *error);

/** lpad_notify_recipient: how the recipient at @address is told from others: "HOST:PORT", a missing port
 * being 443. Free with g_free(). */
char *lpad_notify_recipient (const char *address);

/**
 * lpad_notify_send: delivers pending notifications, in the order of their sequence numbers for each
 * recipient, and removes each from the chip only after the server's 2xx (SGP.22 3.5). A recipient that cannot
 * be reached holds up its own only, and is tried last the next time.
 * @wanted: (nullable) (element-type guint64): the sequence numbers to send; older ones for the same
 * recipients go before them. NULL: all
 * @https: (nullable): an open connection to use for its server
 * @deliveries: (out): (element-type LpadDelivery) what was tried, also when the rest could not be
 * Returns: FALSE only when the chip could not be read or was lost on the way, or when cancelled; or
 * %LPAD_ERROR_NOT_FOUND when none of @wanted is pending, and then there are no @deliveries
 */
gboolean lpad_notify_send (LpadChip *chip,
                           const LpadContext *context,
                           const LpadEuiccInfo *info,
                           GArray *wanted,
                           LpadHttps *https,
                           GPtrArray **deliveries,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_notify_send_result: delivers the result of an installation, which is at hand and need not be
 * retrieved, on the connection of its download, and removes it from the chip. Does nothing when it has
 * another recipient or older ones wait for the same one: then lpad_notify_send_rest() has its turn.
 * @before: what was pending before the download
 * @deliveries: (element-type LpadDelivery): gets a new element
 */
void lpad_notify_send_result (LpadChip *chip,
                              LpadHttps *https,
                              const LpadInventory *before,
                              const LpadInstallationResult *result,
                              GPtrArray *deliveries,
                              GCancellable *cancellable);

/**
 * lpad_notify_send_rest: at the end of something else, for which somebody waits: sends what is pending in
 * @inventory and not in @deliveries, adds to @deliveries, and replaces @inventory by what the chip says
 * afterwards. A failure is only in @deliveries. A recipient that did not answer the last time is left for a
 * try of its own: who waits is not held up.
 * Returns: whether there was such a recipient
 */
gboolean lpad_notify_send_rest (LpadChip *chip,
                                const LpadContext *context,
                                LpadHttps *https,
                                LpadInventory **inventory,
                                GPtrArray *deliveries,
                                GCancellable *cancellable);

/** lpad_notify_remove: removes one from the chip without sending it. The operator will not know. */
gboolean lpad_notify_remove (LpadChip *chip,
                             guint64 sequence_number,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadDelivery, lpad_delivery_free)

G_END_DECLS
