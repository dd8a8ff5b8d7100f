/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/**
 * LpadFirstBoot: the first profile of a chip, downloaded once and without a person, when the firmware's
 * configuration says so ([FirstBoot]): what is to be done, when to try again, and Euicc.FirstBoot. What has
 * been done is stored, so it is done once in the life of a chip. Main thread only.
 */
typedef struct _LpadFirstBoot LpadFirstBoot;

/** lpad_first_boot_is_wanted: whether @config names something to download, and whoever made it consents. */
gboolean lpad_first_boot_is_wanted (const LpadConfig *config);

/** lpad_first_boot_is_due: whether @store says that lpad should look at chips because of it at @now: an
 * attempt is due, or no chip has been seen yet. */
gboolean lpad_first_boot_is_due (const LpadConfig *config, LpadStore *store, gint64 now);

/** lpad_first_boot_pause: seconds after so many failed attempts (1: the first). @first: of the configuration
 */
guint lpad_first_boot_pause (guint first, guint failures);

/** lpad_first_boot_new: the chip has appeared. Begins when it is time, by the main loop. */
LpadFirstBoot *lpad_first_boot_new (LpadEuicc *euicc);
void lpad_first_boot_free (LpadFirstBoot *first_boot);

/** lpad_first_boot_downloaded: the download of the first boot has ended. @error: (nullable) */
void lpad_first_boot_downloaded (LpadFirstBoot *first_boot, const GError *error);

/** lpad_first_boot_update: the chip has nothing to do, and perhaps other profiles. */
void lpad_first_boot_update (LpadFirstBoot *first_boot);

G_END_DECLS
