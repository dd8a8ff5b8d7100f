/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "power-on.h"

#include <time.h>

#include "discover-op.h"
#include "error-details.h"

#define ATTEMPTS_MAX   3
#define DELAY_FACTOR   3   /* each pause is so many times the one before */
#define SAME_BOOT      60  /* seconds: clocks are set by less than this without anybody's doing */
#define INSERTED_PAUSE 600 /* seconds between two searches because the same chip was put in */

struct _LpadPowerOn
{
  LpadEuicc *euicc;
  guint timer;
  guint attempts;
  guint delay; /* seconds */
  gboolean held;
};

static gint64
seconds_since_boot (void)
{
  struct timespec now = { 0, 0 };

  clock_gettime (CLOCK_BOOTTIME, &now);
  return (gint64) now.tv_sec;
}

static const char *
eid_of (LpadPowerOn *power_on)
{
  return lpad_euicc_inventory (power_on->euicc)->eid;
}

/* The moment at which the device was switched on tells one time from another; nothing else that lpad may read
 * does. A clock that was set in between makes it look like another: then there is one search more. */
static gboolean
is_due (LpadPowerOn *power_on, const LpadCore *core)
{
  gint64 uptime = seconds_since_boot ();
  gint64 boot = g_get_real_time () / G_USEC_PER_SEC - uptime;
  gint64 known_boot, known_uptime;

  if (!lpad_store_get_searched (core->store, eid_of (power_on), &known_boot, &known_uptime)
      || ABS (boot - known_boot) > SAME_BOOT)
    return TRUE;
  return core->settled && uptime - known_uptime >= INSERTED_PAUSE;
}

static void
note_searched (LpadPowerOn *power_on, const LpadCore *core)
{
  gint64 uptime = seconds_since_boot ();

  lpad_store_set_searched (
      core->store, eid_of (power_on), g_get_real_time () / G_USEC_PER_SEC - uptime, uptime);
  lpad_store_save (core->store);
}

static void
hold (LpadPowerOn *power_on, gboolean wanted)
{
  LpadActivity *activity = lpad_euicc_core (power_on->euicc)->activity;

  if (power_on->held == wanted)
    return;
  power_on->held = wanted;
  if (wanted)
    lpad_activity_hold (activity);
  else
    lpad_activity_release (activity);
}

static gboolean
search (gpointer user_data)
{
  LpadPowerOn *power_on = user_data;
  g_autoptr (GError) error = NULL;

  power_on->timer = 0;
  power_on->attempts++;
  if (lpad_discover_op_start (power_on->euicc, NULL, NULL, &error) == NULL)
    {
      g_message ("No search for profiles that wait: %s", error->message);
      hold (power_on, FALSE);
    }
  return G_SOURCE_REMOVE;
}

static void
search_later (LpadPowerOn *power_on, guint seconds)
{
  hold (power_on, TRUE);
  power_on->timer
      = seconds == 0 ? g_idle_add (search, power_on) : g_timeout_add_seconds (seconds, search, power_on);
}

static gboolean
is_passing (const GError *error)
{
  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_SERVER_UNREACHABLE)
         || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CLOCK_INVALID);
}

LpadPowerOn *
lpad_power_on_new (LpadEuicc *euicc)
{
  LpadPowerOn *power_on = g_new0 (LpadPowerOn, 1);
  LpadCore *core = lpad_euicc_core (euicc);

  power_on->euicc = euicc;
  power_on->delay = core->config->discovery_retry_s;
  if (core->config->discovery_at_power_on && is_due (power_on, core))
    search_later (power_on, 0);
  return power_on;
}

void
lpad_power_on_free (LpadPowerOn *power_on)
{
  if (power_on == NULL)
    return;
  if (power_on->timer != 0)
    g_source_remove (power_on->timer);
  hold (power_on, FALSE);
  g_free (power_on);
}

void
lpad_power_on_searched (LpadPowerOn *power_on, const GError *error)
{
  LpadCore *core = lpad_euicc_core (power_on->euicc);

  if (core->stopping)
    return;
  /* It made way for somebody, and nothing is known yet. */
  if (g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED))
    {
      power_on->attempts--;
      search_later (power_on, power_on->delay);
    }
  else if (is_passing (error) && power_on->attempts < ATTEMPTS_MAX)
    {
      search_later (power_on, power_on->delay);
      power_on->delay *= DELAY_FACTOR;
    }
  else
    {
      if (!is_passing (error))
        note_searched (power_on, core);
      hold (power_on, FALSE);
    }
}
