/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recovery.h"

#define NEVER G_MAXINT64

/* A modem under a clock of its own: what it does of itself, and which step helps it. */
typedef struct
{
  const char *name;
  gboolean refresh_comes; /* the chip was told to ask for it */
  gint64 indicated_at;    /* after the command; NEVER: the firmware tells nobody */
  gint64 wanted_at;       /* after the command; NEVER: only a step helps */
  LpadRecoveryStep cure;  /* LPAD_RECOVERY_STEPS: none */
  gint64 cure_takes;      /* after the step, until the new profile is seen */
  gboolean away;          /* meanwhile the modem is gone, as it is when ModemManager probes it again */
  gboolean blind;         /* nobody can tell which profile is seen */
  gboolean unmanaged;     /* no ModemManager */
  gint64 busy_until;      /* a download runs */
  const char *skip;       /* a step that the quirks leave out, or NULL */
  const char *steps;      /* what has to be done, and how it ends */
  gint64 at_most;         /* until the end */
} Case;

static const Case cases[] = {
  /* clang-format off */
  { "refresh", TRUE, 200, 2300, LPAD_RECOVERY_STEPS, 0, TRUE, FALSE, FALSE, 0, NULL, "done", 2300 },
  { "refresh without end", TRUE, 3200, 5300, LPAD_RECOVERY_STEPS, 0, TRUE, FALSE, FALSE, 0, NULL, "done", 5300 },
  { "seen before it is told", TRUE, NEVER, 2100, LPAD_RECOVERY_STEPS, 0, FALSE, FALSE, FALSE, 0, NULL, "done", 2100 },
  { "told and not seen", TRUE, 200, NEVER, LPAD_RECOVERY_POWER_CYCLE, 2000, FALSE, FALSE, FALSE, 0, NULL, "power-cycle done", 11000 },
  { "silent", TRUE, NEVER, NEVER, LPAD_RECOVERY_POWER_CYCLE, 2000, TRUE, FALSE, FALSE, 0, NULL, "power-cycle done", 9000 },
  { "cured by ModemManager", TRUE, NEVER, NEVER, LPAD_RECOVERY_INHIBIT, 5000, TRUE, FALSE, FALSE, 0, NULL, "power-cycle inhibit done", 20000 },
  { "cured by a reset", TRUE, NEVER, NEVER, LPAD_RECOVERY_RESET, 40000, TRUE, FALSE, FALSE, 0, NULL, "power-cycle inhibit reset done", 65000 },
  { "not cured", TRUE, NEVER, NEVER, LPAD_RECOVERY_STEPS, 0, FALSE, FALSE, FALSE, 0, NULL, "power-cycle inhibit reset fail", 31000 },
  { "without ModemManager", TRUE, NEVER, NEVER, LPAD_RECOVERY_RESET, 1000, FALSE, FALSE, TRUE, 0, NULL, "power-cycle reset done", 16000 },
  { "no REFRESH asked for", FALSE, NEVER, NEVER, LPAD_RECOVERY_POWER_CYCLE, 1000, FALSE, FALSE, FALSE, 0, NULL, "power-cycle done", 1500 },
  { "REFRESH is of no use", TRUE, NEVER, NEVER, LPAD_RECOVERY_POWER_CYCLE, 1000, FALSE, FALSE, FALSE, 0, "refresh", "power-cycle done", 1500 },
  { "power cycle is of no use", TRUE, NEVER, NEVER, LPAD_RECOVERY_INHIBIT, 1000, FALSE, FALSE, FALSE, 0, "power-cycle", "inhibit done", 8000 },
  { "blind, and told", TRUE, 200, NEVER, LPAD_RECOVERY_STEPS, 0, FALSE, TRUE, TRUE, 0, NULL, "done", 300 },
  { "blind and silent", TRUE, NEVER, NEVER, LPAD_RECOVERY_STEPS, 0, FALSE, TRUE, TRUE, 0, NULL, "power-cycle done", 6500 },
  { "a download ends", TRUE, NEVER, NEVER, LPAD_RECOVERY_INHIBIT, 1000, FALSE, FALSE, FALSE, 50000, NULL, "power-cycle inhibit done", 52500 },
  { "a download does not end", TRUE, NEVER, NEVER, LPAD_RECOVERY_RESET, 1000, FALSE, FALSE, FALSE, NEVER, NULL, "power-cycle held up", 650000 },
  { "a download without ModemManager", TRUE, NEVER, NEVER, LPAD_RECOVERY_RESET, 1000, FALSE, FALSE, TRUE, 50000, NULL, "power-cycle reset done", 52500 },
  { "never back", TRUE, 200, NEVER, LPAD_RECOVERY_STEPS, 0, TRUE, FALSE, FALSE, 0, NULL, "power-cycle inhibit reset fail", 250000 },
  /* clang-format on */
};

static LpadRecoverySight
sight_of (const Case *test, gint64 now, gint64 cured_at)
{
  if (test->blind)
    return LPAD_SIGHT_UNKNOWN;
  if (now >= test->wanted_at || (cured_at != NEVER && now >= cured_at + test->cure_takes))
    return LPAD_SIGHT_WANTED;
  if (test->away && (now >= test->indicated_at || cured_at != NEVER))
    return LPAD_SIGHT_AWAY;
  return LPAD_SIGHT_OTHER;
}

static LpadRecoveryQuirks
quirks_of (const Case *test)
{
  LpadRecoveryQuirks quirks = LPAD_RECOVERY_QUIRKS_NONE;
  LpadRecoveryStep step;

  if (test->skip != NULL)
    {
      g_assert_true (lpad_recovery_step_from_name (test->skip, &step));
      quirks.skip[step] = TRUE;
    }
  return quirks;
}

static void
test_behaviour (gconstpointer data)
{
  const Case *test = data;
  const LpadRecoveryQuirks quirks = quirks_of (test);
  g_autoptr (GString) steps = g_string_new (NULL);
  gint64 now = 0, cured_at = NEVER, until = 0;
  LpadRecoveryAction action = LPAD_RECOVERY_WAIT;
  LpadRecovery recovery;

  lpad_recovery_init (&recovery, &quirks, test->refresh_comes, now);
  for (; action == LPAD_RECOVERY_WAIT || action == LPAD_RECOVERY_DO; now += 100)
    {
      const LpadRecoveryView view = {
        .sight = sight_of (test, now, cured_at),
        .managed = !test->unmanaged,
        .network_busy = now < test->busy_until,
      };

      if (test->indicated_at != NEVER && now >= test->indicated_at)
        lpad_recovery_indicated (&recovery, now);
      action = lpad_recovery_decide (&recovery, &view, now, &until);
      if (action == LPAD_RECOVERY_WAIT)
        g_assert_cmpint (until, >, now);
      if (action != LPAD_RECOVERY_DO)
        continue;
      g_assert_false (lpad_recovery_step (&recovery) > LPAD_RECOVERY_POWER_CYCLE && view.network_busy);
      g_string_append_printf (steps, "%s ", lpad_recovery_step_name (lpad_recovery_step (&recovery)));
      if (lpad_recovery_step (&recovery) == test->cure)
        cured_at = now;
      lpad_recovery_done (&recovery, now);
    }
  g_string_append (steps, action == LPAD_RECOVERY_DONE ? "done" : recovery.held_up ? "held up" : "fail");
  g_assert_cmpstr (steps->str, ==, test->steps);
  g_assert_cmpint (now - 100, <=, test->at_most);
}

/* Everybody sees the new profile, and the card answers nothing but errors. */
static void
test_insist (void)
{
  const LpadRecoveryView seen = { .sight = LPAD_SIGHT_WANTED, .managed = TRUE };
  LpadRecovery recovery;
  gint64 until;

  lpad_recovery_init (&recovery, &LPAD_RECOVERY_QUIRKS_NONE, TRUE, 0);
  g_assert_cmpint (lpad_recovery_decide (&recovery, &seen, 100, &until), ==, LPAD_RECOVERY_DONE);
  g_assert_true (lpad_recovery_insist (&recovery));
  g_assert_cmpint (lpad_recovery_decide (&recovery, &seen, 200, &until), ==, LPAD_RECOVERY_DO);
  g_assert_cmpint (lpad_recovery_step (&recovery), ==, LPAD_RECOVERY_POWER_CYCLE);
  lpad_recovery_done (&recovery, 300);
  g_assert_cmpint (lpad_recovery_decide (&recovery, &seen, 400, &until), ==, LPAD_RECOVERY_DONE);
  g_assert_true (lpad_recovery_insist (&recovery));
  g_assert_cmpint (lpad_recovery_decide (&recovery, &seen, 500, &until), ==, LPAD_RECOVERY_DO);
  g_assert_cmpint (lpad_recovery_step (&recovery), ==, LPAD_RECOVERY_RESET);
  lpad_recovery_done (&recovery, 600);
  g_assert_false (lpad_recovery_insist (&recovery));
  g_assert_cmpint (lpad_recovery_decide (&recovery, &seen, 700, &until), ==, LPAD_RECOVERY_DONE);
}

static void
test_names (void)
{
  LpadRecoveryStep step = LPAD_RECOVERY_RESET;

  for (guint i = 0; i < LPAD_RECOVERY_STEPS; i++)
    {
      g_assert_true (lpad_recovery_step_from_name (lpad_recovery_step_name (i), &step));
      g_assert_cmpuint (step, ==, i);
    }
  g_assert_false (lpad_recovery_step_from_name ("explode", &step));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdelimit (g_strdup (cases[i].name), " ,", '-');
      g_autofree char *full = g_strconcat ("/recovery/", path, NULL);

      g_test_add_data_func (full, &cases[i], test_behaviour);
    }
  g_test_add_func ("/recovery/insist", test_insist);
  g_test_add_func ("/recovery/names", test_names);
  return g_test_run ();
}
