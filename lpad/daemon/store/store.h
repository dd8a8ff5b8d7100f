/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadStore: the little that a chip cannot say of itself, in a folder of small files. Each is written whole
 * to a temporary file, synced and renamed. EID and reader names appear as hashes only. Losing the folder
 * loses no more than when to try next; when it cannot be written, what is known lasts as long as the process.
 * Main thread only.
 */
typedef struct _LpadStore LpadStore;

/** lpad_store_open: what is in @folder, which need not be there: only saving makes it. A damaged file counts
 * as an empty one.
 * @folder: (nullable): NULL: keep everything in memory */
LpadStore *lpad_store_open (const char *folder);
void lpad_store_free (LpadStore *store);

/** lpad_store_get_segment_size: octets that the reader called @reader was found to carry; 0: nothing known.
 */
guint lpad_store_get_segment_size (LpadStore *store, const char *reader);
void lpad_store_set_segment_size (LpadStore *store, const char *reader, guint octets);

/**
 * lpad_store_get_others: the applications of @aids that are further chips on the card of the chip @eid, as an
 * earlier search found.
 * @aids: (element-type GBytes): those that a search would try
 * Returns: (nullable) (element-type GBytes): NULL: never searched, or with other @aids
 */
GPtrArray *lpad_store_get_others (LpadStore *store, const char *eid, GPtrArray *aids);
void lpad_store_set_others (LpadStore *store, const char *eid, GPtrArray *aids, GPtrArray *others);

/**
 * LpadAttempts: what became of the tries to deliver a notification.
 * @failures: how many have failed
 * @next: when to try again, seconds since 1970, 0: at once
 * @unreachable: the last one failed because the server could not be reached: another network may help
 */
typedef struct
{
  guint failures;
  gint64 next;
  gboolean unreachable;
} LpadAttempts;

/**
 * lpad_store_get_attempts: what is known of notification @sequence_number of the chip @eid.
 * @now: seconds since 1970; a next attempt further away than the longest delay (the clock was set back)
 * counts as now
 */
LpadAttempts lpad_store_get_attempts (LpadStore *store, const char *eid, guint64 sequence_number, gint64 now);

/**
 * lpad_store_get_failure: why the last try failed, a sentence; NULL: none has. Free with g_free().
 * @host: the server's name, which the store does not know; "": it has none
 */
char *lpad_store_get_failure (LpadStore *store, const char *eid, guint64 sequence_number, const char *host);

/**
 * lpad_store_add_failure: a delivery to @host failed at @now because of @error; the next try is 1 minute
 * later, and twice as long each time after, up to 24 hours. The reason is stored without the name.
 */
void lpad_store_add_failure (LpadStore *store,
                             const char *eid,
                             guint64 sequence_number,
                             const char *host,
                             GError *error,
                             gint64 now);

/** lpad_store_is_due: whether the time of a notification of any chip has come at @now. */
gboolean lpad_store_is_due (LpadStore *store, gint64 now);

/**
 * lpad_store_keep_only: forgets notifications of the chip @eid other than those in @pending.
 * @pending: (element-type guint64)
 */
void lpad_store_keep_only (LpadStore *store, const char *eid, GArray *pending);

/**
 * lpad_store_get_waiting: what was last set with lpad_store_set_waiting() for the chip @eid. Free with
 * g_strfreev(); never NULL.
 */
char **lpad_store_get_waiting (LpadStore *store, const char *eid);

/** lpad_store_set_waiting: remembers @entries, lines of text that hold nothing secret. */
void lpad_store_set_waiting (LpadStore *store, const char *eid, const char *const *entries);

/**
 * lpad_store_get_searched: when lpad by itself has searched for profiles that wait for the chip @eid.
 * @boot: (out): seconds since 1970 at which the device was switched on
 * @uptime: (out): seconds after that
 * Returns: FALSE when it never has
 */
gboolean lpad_store_get_searched (LpadStore *store, const char *eid, gint64 *boot, gint64 *uptime);
void lpad_store_set_searched (LpadStore *store, const char *eid, gint64 boot, gint64 uptime);

/** LpadFirstBootStage: how far the first boot of a chip has come, see LpadFirstBoot. */
typedef enum
{
  LPAD_FIRST_BOOT_UNKNOWN, /* the chip was not seen with one configured */
  LPAD_FIRST_BOOT_BEGUN,   /* what operational profile there is lpad has installed */
  LPAD_FIRST_BOOT_DONE,    /* for good */
} LpadFirstBootStage;

/**
 * LpadFirstBootRecord:
 * @next: when to try again, seconds since 1970, 0: at once
 * @error: (nullable): name of the error of the last attempt
 */
typedef struct
{
  LpadFirstBootStage stage;
  guint failures;
  gint64 next;
  char *error;
} LpadFirstBootRecord;

/** lpad_store_get_first_boot: of the chip @eid. @record: (out): free its error with g_free() */
void lpad_store_get_first_boot (LpadStore *store, const char *eid, LpadFirstBootRecord *record);
void lpad_store_set_first_boot (LpadStore *store, const char *eid, const LpadFirstBootRecord *record);

/** lpad_store_is_first_boot_due: whether the time of an attempt has come at @now, for any chip, or no chip
 * was seen yet. */
gboolean lpad_store_is_first_boot_due (LpadStore *store, gint64 now);

/** lpad_store_save: writes what has changed. A folder that cannot be written is a warning, once. */
void lpad_store_save (LpadStore *store);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadStore, lpad_store_free)

G_END_DECLS
