/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "discover.h"

#include <string.h>

#include "address.h"
#include "device-info.h"
#include "error-details.h"
#include "es11.h"
#include "revocation.h"
#include "session.h"

#define DEPTH_MAX    3  /* SM-DSs that lead to one another */
#define SESSIONS_MAX 32 /* servers and events asked for in one search */
#define PROFILES_MAX 64
#define ID_DIGITS    8

/* One search. */
typedef struct
{
  LpadChip *chip;
  const LpadContext *context;
  const LpadInventory *inventory;
  const LpadDevice *device; /* as the caller says, or NULL */
  GCancellable *cancellable;
  const char *first; /* the SM-DS that was asked first, see LpadWaitingProfile */
  GHashTable *asked; /* "address event": what has been asked for */
  GHashTable *smdp;  /* addresses that have proved to be SM-DP+s */
  guint sessions;
  LpadDiscovery *found;
} Search;

static gboolean ask (Search *search, const char *address, const char *event_id, guint depth, GError **error);

LpadWaitingProfile *
lpad_waiting_profile_new (const char *event_id, const char *smdp_address, const char *smds_address)
{
  LpadWaitingProfile *profile = g_new0 (LpadWaitingProfile, 1);

  profile->event_id = g_strdup (event_id);
  profile->smdp_address = g_strdup (smdp_address);
  profile->smds_address = g_strdup (smds_address);
  return profile;
}

char *
lpad_waiting_profile_id (const LpadWaitingProfile *profile)
{
  g_autofree char *text = g_strconcat (profile->smdp_address, " ", profile->event_id, NULL);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  return g_strndup (digest, ID_DIGITS);
}

void
lpad_waiting_profile_free (LpadWaitingProfile *profile)
{
  if (profile == NULL)
    return;
  g_free (profile->event_id);
  g_free (profile->smdp_address);
  g_free (profile->smds_address);
  g_free (profile);
}

static void
failure_free (gpointer data)
{
  LpadDiscoveryFailure *failure = data;

  g_free (failure->address);
  g_error_free (failure->error);
  g_free (failure);
}

void
lpad_discovery_free (LpadDiscovery *discovery)
{
  if (discovery == NULL)
    return;
  g_ptr_array_unref (discovery->profiles);
  g_ptr_array_unref (discovery->failures);
  g_ptr_array_unref (discovery->answered);
  g_free (discovery);
}

/* The search as a whole has failed, rather than a server. */
static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED)
         || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

/* Takes over @error. */
static void
add_failure (Search *search, const char *address, GError *error)
{
  LpadDiscoveryFailure *failure = g_new0 (LpadDiscoveryFailure, 1);

  failure->address = g_strdup (address);
  failure->error = error;
  g_ptr_array_add (search->found->failures, failure);
}

static void G_GNUC_PRINTF (3, 4) add_complaint (Search *search, const char *address, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  add_failure (
      search, address, g_error_new_valist (LPAD_ERROR, (int) LPAD_ERROR_PROTOCOL_ERROR, format, args));
  va_end (args);
}

static void
add_profile (Search *search, const char *event_id, const char *address)
{
  GPtrArray *profiles = search->found->profiles;

  for (guint i = 0; i < profiles->len; i++)
    {
      const LpadWaitingProfile *known = g_ptr_array_index (profiles, i);

      if (g_str_equal (known->event_id, event_id) && lpad_address_equal (known->smdp_address, address))
        return;
    }
  if (profiles->len < PROFILES_MAX)
    g_ptr_array_add (profiles, lpad_waiting_profile_new (event_id, address, search->first));
}

/* Whether this is new; one SM-DS may lead back to another that has been asked for the same. */
static gboolean
note_asked (Search *search, const char *address, const char *event_id)
{
  return g_hash_table_add (search->asked, g_strconcat (address, " ", event_id, NULL));
}

/* Finds out what kind of server an event leads to, and asks on when it is an SM-DS. */
static gboolean
follow (Search *search, const LpadEs11Event *event, guint depth, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_hash_table_contains (search->smdp, event->address))
    {
      add_profile (search, event->event_id, event->address);
      return TRUE;
    }
  if (!note_asked (search, event->address, event->event_id))
    return TRUE;
  if (search->sessions >= SESSIONS_MAX)
    {
      add_complaint (search, event->address, "more servers are named than lpad asks in one search");
      add_profile (search, event->event_id, event->address);
      return TRUE;
    }
  if (ask (search, event->address, event->event_id, depth + 1, &local))
    return TRUE;
  if (is_final (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  add_failure (search, event->address, g_steal_pointer (&local));
  add_profile (search, event->event_id, event->address);
  return TRUE;
}

static gboolean
follow_all (Search *search, const char *address, GPtrArray *events, guint depth, GError **error)
{
  if (depth >= DEPTH_MAX && events->len > 0)
    {
      add_complaint (search, address, "the discovery servers lead from one to the next without an end");
      return TRUE;
    }
  for (guint i = 0; i < events->len; i++)
    if (!follow (search, g_ptr_array_index (events, i), depth, error))
      return FALSE;
  return TRUE;
}

/* What the SM-DS at @address says; NULL without an error when it is an SM-DP+. */
static GPtrArray *
read_events (Search *search, const char *address, const char *event_id, GError **error)
{
  g_autoptr (LpadSession) session = lpad_session_new_discovery (search->chip, search->context, address);
  g_autoptr (GBytes) ctx_params1
      = lpad_device_info_build (search->chip, search->inventory->info, event_id, search->device, error);
  g_autoptr (GBytes) response = NULL;
  g_autoptr (GError) local = NULL;
  GPtrArray *events;
  guint n_unusable = 0;

  if (ctx_params1 == NULL)
    return NULL;
  search->sessions++;
  response = lpad_session_authenticate (session, ctx_params1, NULL, search->cancellable, &local);
  if (response == NULL)
    {
      if (lpad_session_role (session) != LPAD_SERVER_ROLE_SMDP || is_final (local))
        g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  events = lpad_es11_authenticate_client (lpad_session_https (session),
                                          lpad_session_transaction_id (session),
                                          response,
                                          &n_unusable,
                                          search->cancellable,
                                          error);
  if (n_unusable > 0)
    add_complaint (search, address, "%u events lead to no address that a server can have", n_unusable);
  return events;
}

/* Asks the server at @address for @event_id. When it is an SM-DP+, the event is a profile that waits there.
 */
static gboolean
ask (Search *search, const char *address, const char *event_id, guint depth, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GPtrArray) events = read_events (search, address, event_id, &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (events != NULL)
    return follow_all (search, address, events, depth, error);
  if (depth == 0)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_SERVER_REFUSED,
                   "%s is no discovery server (SM-DS) but an operator's server (SM-DP+)",
                   address);
      return FALSE;
    }
  g_hash_table_add (search->smdp, g_strdup (address));
  add_profile (search, event_id, address);
  return TRUE;
}

/* A server of the list that fails does not keep the others from being asked. */
static gboolean
ask_first (Search *search, const char *address, GError **error)
{
  g_autoptr (GError) local = NULL;

  search->first = address;
  if (!note_asked (search, address, ""))
    return TRUE;
  if (ask (search, address, "", 0, &local))
    {
      g_ptr_array_add (search->found->answered, g_strdup (address));
      return TRUE;
    }
  if (is_final (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  add_failure (search, address, g_steal_pointer (&local));
  return TRUE;
}

GError *
lpad_discovery_error (const LpadDiscovery *discovery)
{
  const LpadDiscoveryFailure *first;
  GError *error;

  if (discovery->answered->len > 0 || discovery->failures->len == 0)
    return NULL;
  first = g_ptr_array_index (discovery->failures, 0);
  error = g_error_copy (first->error);
  if (discovery->failures->len > 1)
    lpad_error_wrap (&error, "none of %u discovery servers has answered", discovery->failures->len);
  return error;
}

static void
add_server (GStrvBuilder *builder, GHashTable *known, const char *text)
{
  g_autofree char *address = text != NULL ? lpad_address_normalise (text, strlen (text), NULL) : NULL;

  if (address != NULL && g_hash_table_add (known, g_strdup (address)))
    g_strv_builder_add (builder, address);
}

char **
lpad_discover_servers (const LpadInventory *inventory, const char *const *configured, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  add_server (builder, known, inventory->root_smds_address);
  for (gsize i = 0; configured != NULL && configured[i] != NULL; i++)
    add_server (builder, known, configured[i]);
  if (g_hash_table_size (known) > 0)
    return g_strv_builder_end (builder);
  g_set_error_literal (
      error,
      LPAD_ERROR,
      LPAD_ERROR_WRONG_STATE,
      "There is no discovery server (SM-DS) to ask: the chip names none, and neither does [Discovery] Servers "
      "in lpad.conf");
  return NULL;
}

LpadDiscovery *
lpad_discover (LpadChip *chip,
               const LpadContext *context,
               const LpadInventory *inventory,
               const char *const *servers,
               const LpadDevice *device,
               const LpadProgress *progress,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (LpadDiscovery) found = g_new0 (LpadDiscovery, 1);
  g_autoptr (GHashTable) asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) smdp = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Search search = { .chip = chip,
                    .context = context,
                    .inventory = inventory,
                    .device = device,
                    .cancellable = cancellable,
                    .asked = asked,
                    .smdp = smdp,
                    .found = found };

  found->profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_waiting_profile_free);
  found->failures = g_ptr_array_new_with_free_func (failure_free);
  found->answered = g_ptr_array_new_with_free_func (g_free);
  lpad_progress_report (progress, "discovering", 0, 0);
  lpad_revocation_load (chip, context, inventory->info, cancellable);
  for (gsize i = 0; servers[i] != NULL; i++)
    if (!ask_first (&search, servers[i], error))
      return NULL;
  return g_steal_pointer (&found);
}
