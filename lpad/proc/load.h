/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bpp.h"
#include "chip.h"
#include "progress.h"

G_BEGIN_DECLS

/**
 * LpadLoad: how the loading of a package ended.
 * @LPAD_LOAD_RESULT: the chip has made a ProfileInstallationResult, good or bad
 * @LPAD_LOAD_REFUSED: the chip refused a segment and has no result; its session is still open
 * @LPAD_LOAD_LOST: the chip or the way to it was lost, and it has no result; its session is gone
 */
typedef enum
{
  LPAD_LOAD_RESULT,
  LPAD_LOAD_REFUSED,
  LPAD_LOAD_LOST,
} LpadLoad;

/**
 * lpad_load_bpp: loads @bpp segment by segment through one channel (SGP.22 3.1.3.3) and stops at the chip's
 * first result. When an answer is lost, the result is looked for among the pending notifications by its
 * transaction ID.
 * @result: (out): set with LPAD_LOAD_RESULT
 * @error: set otherwise; with LPAD_LOAD_LOST the order in its details is usable when the chip could be asked
 * and has no result, and unknown when it could not
 */
LpadLoad lpad_load_bpp (LpadChip *chip,
                        const LpadBpp *bpp,
                        const LpadProgress *progress,
                        LpadInstallationResult **result,
                        GError **error);

/**
 * lpad_load_find_result: the chip writes its result down before it answers, so what got lost on the way, or
 * was not waited for, is among its pending notifications.
 * @transaction_id: of the session that the package belonged to
 * @listed: (out): whether the chip could say what it has
 * Returns: (transfer full) (nullable): NULL when there is none of that session
 */
LpadInstallationResult *lpad_load_find_result (LpadChip *chip,
                                               const guint8 *transaction_id,
                                               gsize transaction_id_size,
                                               gboolean *listed);

G_END_DECLS
