/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "follower.h"

#include "apn.h"
#include "bus-call.h"
#include "changes.h"
#include "chips.h"
#include "match.h"

#define FOLLOW_SECONDS 60  /* in which a modem is back with the new profile */
#define SWITCH_SECONDS 600 /* that a switch may take, until the modem has seen it at last */
#define TRIES          3   /* to activate a connection */
#define RETRY_SECONDS  3

/* At rest neither @iccid nor @prepared is known; from lpad's word of a switch until its end @prepared is;
 * from then until its connection is in use, or the deadline, @iccid is. */
struct _LpadNmFollower
{
  const LpadNmContext *context;
  char *modem;
  char *euicc;       /* path of the chip; NULL: not known */
  char *iccid;       /* of the enabled profile, while its connection is to come up; otherwise NULL */
  char *prepared;    /* ICCID of the profile for which a switch was prepared, until it ends; otherwise NULL */
  gboolean orphaned; /* whoever prepared a switch cannot say how it ended */
  gboolean switched; /* @iccid has just been enabled */
  gboolean lingers;  /* nothing is to be done; NetworkManager is given time to know the SIM */
  guint tries;
  gint64 last_try; /* monotonic time, microseconds */
  guint deadline;
  guint retry;
};

LpadNmFollower *
lpad_nm_follower_new (const LpadNmContext *context, const char *modem)
{
  LpadNmFollower *follower = g_new0 (LpadNmFollower, 1);

  follower->context = context;
  follower->modem = g_strdup (modem);
  return follower;
}

void
lpad_nm_follower_free (LpadNmFollower *follower)
{
  g_clear_handle_id (&follower->deadline, g_source_remove);
  g_clear_handle_id (&follower->retry, g_source_remove);
  g_free (follower->modem);
  g_free (follower->euicc);
  g_free (follower->iccid);
  g_free (follower->prepared);
  g_free (follower);
}

static void
replace (char **text, const char *with)
{
  g_free (*text);
  *text = g_strdup (with);
}

/* Without @iccid the modem says which profile is enabled. */
static void
put_back (LpadNmFollower *follower, const LpadNmNetwork *network, const char *iccid)
{
  const LpadNmModem *modem = lpad_nm_match_modem (network, follower->modem);

  if (!lpad_nm_journal_has (follower->context->journal, follower->modem))
    return;
  if (iccid == NULL && modem != NULL)
    iccid = modem->iccid;
  lpad_nm_changes_put_back (
      follower->context->bus, follower->context->journal, network, follower->modem, iccid);
}

static void
read_and_put_back (LpadNmFollower *follower, const char *iccid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadNmNetwork) network = NULL;

  if (!lpad_nm_journal_has (follower->context->journal, follower->modem))
    return;
  network = lpad_nm_network_read (follower->context->bus, &error);
  if (network != NULL)
    put_back (follower, network, iccid);
  else
    g_warning ("Connections are not yet as they were before the switch: %s", error->message);
}

static void
stop (LpadNmFollower *follower)
{
  g_clear_handle_id (&follower->deadline, g_source_remove);
  g_clear_handle_id (&follower->retry, g_source_remove);
  g_clear_pointer (&follower->iccid, g_free);
  g_clear_pointer (&follower->prepared, g_free);
  follower->orphaned = FALSE;
}

/* The APN of LTE's first bearer is kept by the modem, and may be one that the new network does not know. */
static void
tell_of_failure (LpadNmFollower *follower)
{
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_read (follower->context->bus, NULL);
  const LpadNmModem *modem = network != NULL ? lpad_nm_match_modem (network, follower->modem) : NULL;

  g_message (
      "NetworkManager does not use the connection of the enabled profile: the modem did not get that far in time");
  if (modem != NULL && *modem->initial_apn != '\0')
    g_message (
        "The modem attaches to LTE with an APN that somebody has set in it, and that no profile changes: see "
        "lpad-nm(8)");
}

static gboolean
on_deadline (gpointer user_data)
{
  LpadNmFollower *follower = user_data;
  g_autofree char *iccid = g_strdup (follower->iccid);

  follower->deadline = 0;
  if (follower->iccid != NULL && follower->switched)
    tell_of_failure (follower);
  else if (follower->prepared != NULL)
    g_message ("A switch of profiles was prepared, and nobody said how it ended");
  stop (follower);
  read_and_put_back (follower, iccid);
  return G_SOURCE_REMOVE;
}

static void
set_deadline (LpadNmFollower *follower, guint seconds)
{
  g_clear_handle_id (&follower->deadline, g_source_remove);
  follower->deadline = g_timeout_add_seconds (seconds, on_deadline, follower);
}

/* NULL: lpad is not there, or does not know the profile. */
static LpadNmMake *
describe (LpadNmFollower *follower, const char *iccid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chips = lpad_nm_chips_read (follower->context->bus, &error);
  const LpadNmChip *chip;
  const LpadNmProfile *profile;
  LpadNmMake *make;

  if (chips == NULL || follower->euicc == NULL)
    return NULL;
  chip = lpad_nm_chips_find (chips, follower->euicc);
  profile = chip != NULL ? lpad_nm_chip_find_profile (chip, iccid) : NULL;
  if (profile == NULL || *chip->mark == '\0')
    return NULL;
  make = g_new0 (LpadNmMake, 1);
  make->id = g_strdup (profile->title);
  make->iccid = g_strdup (iccid);
  make->mark = g_strdup (chip->mark);
  make->apn = lpad_nm_apn_find (follower->context->apns, profile->owner);
  return make;
}

static gboolean
is_to_make (GPtrArray *plan)
{
  for (guint i = 0; i < plan->len; i++)
    if (((const LpadNmChange *) g_ptr_array_index (plan, i))->connection == NULL)
      return TRUE;
  return FALSE;
}

static gboolean
prepare (LpadNmFollower *follower, const char *iccid, GError **error)
{
  const LpadNmContext *context = follower->context;
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_read (context->bus, error);
  g_autoptr (GPtrArray) plan = NULL;
  g_autoptr (LpadNmMake) make = NULL;

  if (network == NULL)
    return FALSE;
  plan
      = lpad_nm_match_plan (network->connections, iccid, lpad_nm_match_has_device (network, follower->modem));
  if (is_to_make (plan))
    make = describe (follower, iccid);
  return lpad_nm_changes_apply (context->bus, context->journal, follower->modem, plan, make, error);
}

gboolean
lpad_nm_follower_prepare (LpadNmFollower *follower, const char *euicc, const char *iccid, GError **error)
{
  g_autofree char *enabled = g_strdup (follower->iccid);

  stop (follower);
  read_and_put_back (follower, enabled);
  replace (&follower->euicc, euicc);
  if (*iccid == '\0')
    return TRUE;
  replace (&follower->prepared, iccid);
  set_deadline (follower, SWITCH_SECONDS);
  return prepare (follower, iccid, error);
}

static gboolean
on_retry (gpointer user_data)
{
  LpadNmFollower *follower = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_read (follower->context->bus, &error);

  follower->retry = 0;
  if (network != NULL)
    {
      lpad_nm_follower_step (follower, network);
      return G_SOURCE_REMOVE;
    }
  g_warning ("%s", error->message);
  follower->retry = g_timeout_add_seconds (RETRY_SECONDS, on_retry, follower);
  return G_SOURCE_REMOVE;
}

static gboolean
use (LpadNmFollower *follower, const LpadNmDecision *decision, GError **error)
{
  g_autofree char *uuid = NULL;
  g_autoptr (LpadNmMake) make = NULL;

  if (decision->verdict == LPAD_NM_VERDICT_ACTIVATE)
    return lpad_nm_network_activate (
        follower->context->bus, decision->connection, decision->device->path, error);
  make = describe (follower, follower->iccid);
  if (make == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "lpad does not show the enabled profile");
      return FALSE;
    }
  return lpad_nm_network_add_and_activate (
      follower->context->bus, lpad_nm_make_settings (make, 0, &uuid), decision->device->path, error);
}

static void
try_to_use (LpadNmFollower *follower, const LpadNmDecision *decision)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  if (follower->retry != 0 || follower->tries == TRIES)
    return;
  if (follower->tries > 0 && now - follower->last_try < RETRY_SECONDS * G_USEC_PER_SEC)
    {
      follower->retry = g_timeout_add_seconds (RETRY_SECONDS, on_retry, follower);
      return;
    }
  follower->tries++;
  follower->last_try = now;
  if (use (follower, decision, &error))
    return;
  if (lpad_nm_is_gone (error))
    follower->tries--;
  else
    g_warning ("The connection of the enabled profile cannot be activated: %s", error->message);
  follower->retry = g_timeout_add_seconds (RETRY_SECONDS, on_retry, follower);
}

/* A modem that goes while NetworkManager takes its connection down may leave the addresses and the default
 * route of the profile before on the interface, and packets would go on the way that is no more. */
static void
clear_remains (LpadNmFollower *follower, const LpadNmDecision *decision)
{
  g_autoptr (GError) error = NULL;

  if (follower->switched && !lpad_nm_network_reapply (follower->context->bus, decision->device->path, &error)
      && !lpad_nm_is_gone (error))
    g_warning ("Addresses of the profile before may be left on the interface: %s", error->message);
}

/* The others' connections are held back until NetworkManager knows the SIM by itself; it does not say when.
 */
static gboolean
has_lingered (LpadNmFollower *follower)
{
  if (!lpad_nm_journal_has (follower->context->journal, follower->modem))
    return TRUE;
  if (follower->lingers)
    return follower->retry == 0;
  follower->lingers = TRUE;
  if (follower->retry == 0)
    follower->retry = g_timeout_add_seconds (RETRY_SECONDS, on_retry, follower);
  return FALSE;
}

static void
finish (LpadNmFollower *follower, const LpadNmNetwork *network, const char *what)
{
  g_autofree char *iccid = g_strdup (follower->iccid);

  g_message ("%s", what);
  stop (follower);
  put_back (follower, network, iccid);
}

void
lpad_nm_follower_step (LpadNmFollower *follower, const LpadNmNetwork *network)
{
  LpadNmDecision decision;

  if (follower->iccid == NULL)
    {
      /* What NetworkManager was not there to take back. */
      if (follower->prepared == NULL && follower->deadline == 0)
        put_back (follower, network, NULL);
      return;
    }
  decision = lpad_nm_match_decide (network, follower->modem, follower->iccid, follower->switched);
  switch (decision.verdict)
    {
    case LPAD_NM_VERDICT_ACTIVATE:
    case LPAD_NM_VERDICT_MAKE:
      try_to_use (follower, &decision);
      break;
    case LPAD_NM_VERDICT_DONE:
      clear_remains (follower, &decision);
      finish (follower, network, "The connection of the enabled profile is in use");
      break;
    case LPAD_NM_VERDICT_LEAVE:
      if (has_lingered (follower))
        finish (follower, network, "NetworkManager is left to the connections that its user has made");
      break;
    case LPAD_NM_VERDICT_WAIT:
    default:
      break;
    }
}

static void
follow (LpadNmFollower *follower, const char *euicc, const char *iccid, gboolean switched)
{
  gboolean as_prepared = g_strcmp0 (follower->prepared, iccid) == 0;

  stop (follower);
  replace (&follower->euicc, euicc);
  if (!as_prepared)
    read_and_put_back (follower, iccid);
  if (*iccid == '\0')
    return;
  follower->iccid = g_strdup (iccid);
  follower->switched = switched;
  follower->lingers = FALSE;
  follower->tries = 0;
  set_deadline (follower, FOLLOW_SECONDS);
  on_retry (follower);
}

void
lpad_nm_follower_end (LpadNmFollower *follower, const char *euicc, const char *iccid)
{
  /* The end is told twice: by the call, and by lpad's signal. */
  if (follower->switched && g_strcmp0 (follower->iccid, iccid) == 0)
    return;
  follow (follower, euicc, iccid, TRUE);
}

void
lpad_nm_follower_look (LpadNmFollower *follower, const char *euicc, const char *iccid)
{
  if (follower->iccid == NULL && (follower->prepared == NULL || follower->orphaned))
    follow (follower, euicc, iccid, follower->orphaned);
}

void
lpad_nm_follower_give_up (LpadNmFollower *follower)
{
  if (follower->prepared == NULL && !lpad_nm_journal_has (follower->context->journal, follower->modem))
    return;
  g_clear_handle_id (&follower->retry, g_source_remove);
  g_clear_pointer (&follower->iccid, g_free);
  follower->orphaned = TRUE;
  set_deadline (follower, FOLLOW_SECONDS);
}
