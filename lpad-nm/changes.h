/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chips.h"
#include "journal.h"
#include "match.h"

G_BEGIN_DECLS

/**
 * LpadNmMake: what a connection that is made for a profile says.
 * @apn: (nullable): NULL: not known
 * @mark: of the chip
 */
typedef struct
{
  char *id;
  char *iccid;
  char *apn;
  char *mark;
} LpadNmMake;

void lpad_nm_make_free (LpadNmMake *make);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadNmMake, lpad_nm_make_free)

/** lpad_nm_make_settings: (transfer floating): of a connection with a new UUID, which goes to @uuid. */
GVariant *lpad_nm_make_settings (const LpadNmMake *make, int priority, char **uuid);

/**
 * lpad_nm_changes_apply: does what @plan says for the time of a switch in the modem @modem, in memory, and
 * writes it down before.
 * @make: (nullable): for the connection that is to be made; NULL: none is
 * Returns: FALSE with the first error; what was done by then is in the journal
 */
gboolean lpad_nm_changes_apply (GDBusConnection *bus,
                                LpadNmJournal *journal,
                                const char *modem,
                                GPtrArray *plan,
                                const LpadNmMake *make,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * LpadNmRestore: what is to be done to put a connection back.
 * @remove: it was made for a profile that is not enabled
 * @update: it is given @priority and @autoconnect, in its file if @save, otherwise in memory
 */
typedef struct
{
  gboolean remove;
  gboolean update;
  int priority;
  gboolean autoconnect;
  gboolean save;
} LpadNmRestore;

/**
 * lpad_nm_changes_restore: how @connection is put back: whatever its user has changed meanwhile stays.
 * @iccid: (nullable): of the profile that is enabled now; NULL: not known
 */
LpadNmRestore
lpad_nm_changes_restore (const LpadNmEntry *entry, const LpadNmConnection *connection, const char *iccid);

/**
 * lpad_nm_changes_put_back: puts back what was changed for a switch in the modem @modem. What NetworkManager
 * does not take now stays in the journal.
 * @iccid: (nullable): of the profile that is enabled now; NULL: not known
 */
void lpad_nm_changes_put_back (GDBusConnection *bus,
                               LpadNmJournal *journal,
                               const LpadNmNetwork *network,
                               const char *modem,
                               const char *iccid);

G_END_DECLS
