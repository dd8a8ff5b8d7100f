/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "first-boot.h"

#include "bus-error.h"
#include "download-op.h"
#include "error-details.h"
#include "provisioning.h"
#include "switch-op.h"

#define LONGEST_PAUSE (24 * 3600) /* seconds */
#define TIMER_MAX     (24 * 3600)
#define STAY_TIME     600 /* seconds: lpad does not end while an attempt is due so soon */
#define NETWORK_TIME  2   /* seconds that a new network has to settle */

typedef enum
{
  DOING_NOTHING,
  DOING_DOWNLOAD,
  DOING_SWITCH,
} Doing;

struct _LpadFirstBoot
{
  LpadEuicc *euicc;
  LpadFirstBootRecord record;
  Doing doing;
  gboolean unreachable; /* the last attempt has not reached the server */
  gboolean network_new; /* the network has changed since that began */
  char *message;        /* why the last attempt of this process has failed, or NULL */
  guint timer;
  gboolean held;
  gulong network_handler;
};

static void schedule (LpadFirstBoot *first_boot);

static const LpadConfig *
config_of (LpadFirstBoot *first_boot)
{
  return lpad_euicc_core (first_boot->euicc)->config;
}

static gint64
now_s (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* Something to download is named. */
static gboolean
is_configured (const LpadConfig *config)
{
  return config->first_boot_smdp != NULL || config->first_boot_smds;
}

gboolean
lpad_first_boot_is_wanted (const LpadConfig *config)
{
  return is_configured (config) && config->first_boot_consent;
}

gboolean
lpad_first_boot_is_due (const LpadConfig *config, LpadStore *store, gint64 now)
{
  return lpad_first_boot_is_wanted (config) && lpad_store_is_first_boot_due (store, now);
}

guint
lpad_first_boot_pause (guint first, guint failures)
{
  guint64 pause = first;

  for (guint i = 1; i < failures && pause < LONGEST_PAUSE; i++)
    pause *= 2;
  return (guint) MIN (pause, LONGEST_PAUSE);
}

/* The operational profiles, and whether one of them is enabled. */
static guint
count_operational (const LpadInventory *inventory, const LpadProfile **last, gboolean *enabled)
{
  guint count = 0;

  *enabled = FALSE;
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];

      if (profile->profile_class != LPAD_PROFILE_CLASS_OPERATIONAL)
        continue;
      count++;
      *last = profile;
      *enabled = *enabled || profile->state == LPAD_PROFILE_ENABLED;
    }
  return count;
}

static const char *
state_name (LpadFirstBoot *first_boot)
{
  if (first_boot->record.stage == LPAD_FIRST_BOOT_DONE)
    return "done";
  if (!lpad_first_boot_is_wanted (config_of (first_boot)))
    return "blocked";
  return first_boot->doing != DOING_NOTHING ? "running" : "waiting";
}

static void
publish (LpadFirstBoot *first_boot)
{
  const LpadFirstBootRecord *record = &first_boot->record;
  const char *state = state_name (first_boot);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (is_configured (config_of (first_boot)))
    {
      g_variant_dict_insert (&dict, "state", "s", state);
      g_variant_dict_insert (&dict, "failures", "u", record->failures);
      if (g_str_equal (state, "waiting"))
        g_variant_dict_insert (&dict, "next-attempt", "t", (guint64) MAX (record->next, 0));
      if (g_str_equal (state, "blocked"))
        g_variant_dict_insert (
            &dict,
            "message",
            "s",
            "Nobody has consented: Consent is not set in the section [FirstBoot] of lpad.conf.");
      else if (first_boot->message != NULL)
        g_variant_dict_insert (&dict, "message", "s", first_boot->message);
      if (record->error != NULL && !g_str_equal (state, "done"))
        g_variant_dict_insert (&dict, "error", "s", record->error);
    }
  lpad_bus_euicc_set_first_boot (LPAD_BUS_EUICC (first_boot->euicc), g_variant_dict_end (&dict));
}

static void
save (LpadFirstBoot *first_boot)
{
  LpadStore *store = lpad_euicc_core (first_boot->euicc)->store;

  lpad_store_set_first_boot (store, lpad_euicc_inventory (first_boot->euicc)->eid, &first_boot->record);
  lpad_store_save (store);
}

static void
hold (LpadFirstBoot *first_boot, gboolean wanted)
{
  LpadActivity *activity = lpad_euicc_core (first_boot->euicc)->activity;

  if (first_boot->held == wanted)
    return;
  first_boot->held = wanted;
  if (wanted)
    lpad_activity_hold (activity);
  else
    lpad_activity_release (activity);
}

static void
stop_timer (LpadFirstBoot *first_boot)
{
  if (first_boot->timer != 0)
    g_source_remove (first_boot->timer);
  first_boot->timer = 0;
}

static void
finish (LpadFirstBoot *first_boot)
{
  first_boot->record.stage = LPAD_FIRST_BOOT_DONE;
  g_clear_pointer (&first_boot->record.error, g_free);
  g_clear_pointer (&first_boot->message, g_free);
  save (first_boot);
}

/* @error: (nullable): NULL: the chip has not done what the operation said */
static void
note_failure (LpadFirstBoot *first_boot, const GError *error)
{
  LpadFirstBootRecord *record = &first_boot->record;
  gboolean gave_way = g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  guint first = config_of (first_boot)->first_boot_retry_s;

  g_free (first_boot->message);
  first_boot->message
      = g_strdup (error != NULL ? error->message : "The profile is installed, but could not be enabled.");
  g_free (record->error);
  record->error = g_strdup (error != NULL ? lpad_bus_error_name (error) : LPAD_BUS_ERROR_PREFIX "Failed");
  first_boot->unreachable = g_error_matches (error, LPAD_ERROR, LPAD_ERROR_SERVER_UNREACHABLE);
  if (!gave_way)
    record->failures++;
  record->next = now_s () + lpad_first_boot_pause (first, MAX (record->failures, 1));
  save (first_boot);
  g_message ("The first boot: %s", first_boot->message);
}

static gboolean
start_download (LpadFirstBoot *first_boot, GError **error)
{
  LpadDownloadOptions *options = lpad_download_options_first_boot (first_boot->euicc, error);

  if (options == NULL || lpad_download_op_start_own (first_boot->euicc, options, error) == NULL)
    return FALSE;
  first_boot->doing = DOING_DOWNLOAD;
  return TRUE;
}

static gboolean
start_switch (LpadFirstBoot *first_boot, const LpadProfile *profile, GError **error)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));

  if (lpad_switch_op_start (first_boot->euicc, LPAD_SWITCH_ENABLE, profile->iccid, options, NULL, error)
      == NULL)
    return FALSE;
  first_boot->doing = DOING_SWITCH;
  return TRUE;
}

/* What is left to be done, from what the chip has: nothing, when somebody else has seen to it, or when a chip
 * had a profile before lpad saw it. */
static gboolean
is_over (LpadFirstBoot *first_boot, const LpadProfile **to_enable)
{
  gboolean enabled;
  guint count = count_operational (lpad_euicc_inventory (first_boot->euicc), to_enable, &enabled);

  if (count == 0)
    return FALSE;
  return count > 1 || enabled || first_boot->record.stage != LPAD_FIRST_BOOT_BEGUN
         || !config_of (first_boot)->first_boot_enable;
}

static gboolean
attempt (gpointer user_data)
{
  LpadFirstBoot *first_boot = user_data;
  const LpadProfile *to_enable = NULL;
  g_autoptr (GError) error = NULL;
  gboolean started;

  first_boot->timer = 0;
  if (lpad_euicc_core (first_boot->euicc)->stopping || lpad_euicc_is_busy (first_boot->euicc))
    return G_SOURCE_REMOVE; /* whoever is busy comes back here */
  first_boot->network_new = FALSE;
  if (is_over (first_boot, &to_enable))
    finish (first_boot);
  else
    {
      first_boot->record.stage = LPAD_FIRST_BOOT_BEGUN;
      save (first_boot);
      started = to_enable != NULL ? start_switch (first_boot, to_enable, &error)
                                  : start_download (first_boot, &error);
      if (!started)
        note_failure (first_boot, error);
    }
  schedule (first_boot);
  return G_SOURCE_REMOVE;
}

static void
on_network_changed (GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
  LpadFirstBoot *first_boot = user_data;

  /* Routes change one by one: the attempt is not put off by those that follow. */
  if (!available || first_boot->network_new)
    return;
  first_boot->network_new = TRUE;
  if (first_boot->doing == DOING_NOTHING)
    schedule (first_boot);
}

static void
watch_network (LpadFirstBoot *first_boot, gboolean watch)
{
  if (watch && first_boot->network_handler == 0)
    first_boot->network_handler = g_signal_connect (
        g_network_monitor_get_default (), "network-changed", G_CALLBACK (on_network_changed), first_boot);
  else if (!watch && first_boot->network_handler != 0)
    g_clear_signal_handler (&first_boot->network_handler, g_network_monitor_get_default ());
}

/* Plans what comes next, and tells the bus how it stands. */
static void
schedule (LpadFirstBoot *first_boot)
{
  gboolean waits = lpad_first_boot_is_wanted (config_of (first_boot))
                   && first_boot->record.stage != LPAD_FIRST_BOOT_DONE && first_boot->doing == DOING_NOTHING;
  gint64 wait = first_boot->record.next - now_s ();

  stop_timer (first_boot);
  /* A clock that was set back, or is set for the first time, does not put it off. */
  if (wait > LONGEST_PAUSE)
    wait = 0;
  if (first_boot->unreachable && first_boot->network_new)
    wait = MIN (wait, NETWORK_TIME);
  wait = CLAMP (wait, 0, TIMER_MAX);
  if (waits && wait == 0)
    first_boot->timer = g_idle_add (attempt, first_boot);
  else if (waits)
    first_boot->timer = g_timeout_add_seconds ((guint) wait, attempt, first_boot);
  hold (first_boot, waits && wait <= STAY_TIME);
  watch_network (first_boot, waits ? first_boot->unreachable : first_boot->doing != DOING_NOTHING);
  publish (first_boot);
}

LpadFirstBoot *
lpad_first_boot_new (LpadEuicc *euicc)
{
  LpadFirstBoot *first_boot = g_new0 (LpadFirstBoot, 1);

  first_boot->euicc = euicc;
  lpad_store_get_first_boot (
      lpad_euicc_core (euicc)->store, lpad_euicc_inventory (euicc)->eid, &first_boot->record);
  schedule (first_boot);
  return first_boot;
}

void
lpad_first_boot_free (LpadFirstBoot *first_boot)
{
  if (first_boot == NULL)
    return;
  stop_timer (first_boot);
  watch_network (first_boot, FALSE);
  hold (first_boot, FALSE);
  g_free (first_boot->record.error);
  g_free (first_boot->message);
  g_free (first_boot);
}

void
lpad_first_boot_downloaded (LpadFirstBoot *first_boot, const GError *error)
{
  const LpadProfile *to_enable = NULL;

  first_boot->doing = DOING_NOTHING;
  if (lpad_euicc_core (first_boot->euicc)->stopping)
    return;
  if (error == NULL || is_over (first_boot, &to_enable))
    finish (first_boot);
  else
    note_failure (first_boot, error);
  schedule (first_boot);
}

void
lpad_first_boot_update (LpadFirstBoot *first_boot)
{
  const LpadProfile *to_enable = NULL;

  if (first_boot->record.stage == LPAD_FIRST_BOOT_DONE || first_boot->doing == DOING_DOWNLOAD
      || !lpad_first_boot_is_wanted (config_of (first_boot)))
    return;
  if (is_over (first_boot, &to_enable))
    finish (first_boot);
  else if (first_boot->doing == DOING_SWITCH)
    note_failure (first_boot, NULL);
  first_boot->doing = DOING_NOTHING;
  schedule (first_boot);
}
