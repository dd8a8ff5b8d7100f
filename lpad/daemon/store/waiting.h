/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "discover.h"
#include "store.h"

G_BEGIN_DECLS

/**
 * LpadWaitingList: the profiles that wait for one chip, as far as lpad has been told (Euicc.Offers). They
 * outlive lpad: what is stored tells where they wait, but not the identifiers with which they can be fetched.
 * Main thread only.
 */
typedef struct _LpadWaitingList LpadWaitingList;

/** lpad_waiting_list_new: what was known of the chip @eid when lpad ended. */
LpadWaitingList *lpad_waiting_list_new (LpadStore *store, const char *eid);
void lpad_waiting_list_free (LpadWaitingList *list);

/** lpad_waiting_list_take: what a search has found is now what waits; what other servers than those that have
 * answered have said before stays. */
void lpad_waiting_list_take (LpadWaitingList *list, const LpadDiscovery *discovery);

/** lpad_waiting_list_find: (nullable): the profile with this ID, see lpad_waiting_profile_id(); its event_id
 * is NULL when it comes from the store: the SM-DS has to be asked again. */
const LpadWaitingProfile *lpad_waiting_list_find (LpadWaitingList *list, const char *id);

/** lpad_waiting_list_remove: this one is installed or refused. Returns: whether it was there */
gboolean lpad_waiting_list_remove (LpadWaitingList *list, const char *id);

/** lpad_waiting_list_to_variant: the value of Euicc.Offers, aa{sv}. (transfer floating) */
GVariant *lpad_waiting_list_to_variant (LpadWaitingList *list);

G_END_DECLS
