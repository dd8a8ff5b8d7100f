/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interruption.h"

#include <string.h>

#define EID "89049032000000000000000000000163"

static const guint8 iccid_octets[] = { 0x98, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x54, 0xf6 };

/** What the chip says of the profile. */
typedef enum
{
  ABSENT,
  DISABLED,
  ENABLED,
} State;

typedef struct
{
  LpadJournal *journal;
  LpadProfile profile;
  LpadInventory inventory;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->journal = lpad_journal_open (NULL);
  fixture->profile.iccid = g_bytes_new_static (iccid_octets, sizeof iccid_octets);
  fixture->inventory.profiles = g_ptr_array_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  lpad_journal_free (fixture->journal);
  g_bytes_unref (fixture->profile.iccid);
  g_ptr_array_unref (fixture->inventory.profiles);
}

static const LpadInventory *
chip_says (Fixture *fixture, State state)
{
  g_ptr_array_set_size (fixture->inventory.profiles, 0);
  if (state != ABSENT)
    g_ptr_array_add (fixture->inventory.profiles, &fixture->profile);
  fixture->profile.state = state == ENABLED ? LPAD_PROFILE_ENABLED : LPAD_PROFILE_DISABLED;
  return &fixture->inventory;
}

static LpadJournalEntry *
record (Fixture *fixture, const char *kind, LpadPhase phase, gboolean enable)
{
  LpadJournalEntry *entry = lpad_journal_entry_new (fixture->journal, kind, EID);

  lpad_journal_entry_set_profile (entry, fixture->profile.iccid);
  entry->enable = enable;
  entry->phase = phase;
  return entry;
}

static void
test_settle (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *kind;
    LpadPhase phase;
    gboolean enable;
    State state;
    LpadOutcome outcome;
  } cases[] = {
    { "download", LPAD_PHASE_SESSION, FALSE, ABSENT, LPAD_OUTCOME_NOTHING },
    { "download", LPAD_PHASE_CODE, FALSE, ABSENT, LPAD_OUTCOME_NOTHING },
    { "download", LPAD_PHASE_ENDING, FALSE, ABSENT, LPAD_OUTCOME_NOTHING },
    { "download", LPAD_PHASE_LOADING, FALSE, ABSENT, LPAD_OUTCOME_UNKNOWN }, /* the notifications tell */
    { "download", LPAD_PHASE_LOADING, FALSE, DISABLED, LPAD_OUTCOME_DONE },
    { "download", LPAD_PHASE_LOADING, TRUE, DISABLED, LPAD_OUTCOME_PARTLY },
    { "download", LPAD_PHASE_ENABLING, TRUE, DISABLED, LPAD_OUTCOME_PARTLY },
    { "download", LPAD_PHASE_ENABLING, TRUE, ENABLED, LPAD_OUTCOME_DONE },
    { "enable", LPAD_PHASE_CHANGING, FALSE, ENABLED, LPAD_OUTCOME_DONE },
    { "enable", LPAD_PHASE_CHANGING, FALSE, DISABLED, LPAD_OUTCOME_NOTHING },
    { "enable", LPAD_PHASE_CHANGING, FALSE, ABSENT, LPAD_OUTCOME_NOTHING },
    { "disable", LPAD_PHASE_CHANGING, FALSE, DISABLED, LPAD_OUTCOME_DONE },
    { "disable", LPAD_PHASE_CHANGING, FALSE, ENABLED, LPAD_OUTCOME_NOTHING },
    { "delete", LPAD_PHASE_CHANGING, FALSE, ABSENT, LPAD_OUTCOME_DONE },
    { "delete", LPAD_PHASE_CHANGING, FALSE, DISABLED, LPAD_OUTCOME_NOTHING },
    { "reset", LPAD_PHASE_CHANGING, FALSE, ABSENT, LPAD_OUTCOME_PARTLY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LpadJournalEntry) entry = record (fixture, cases[i].kind, cases[i].phase, cases[i].enable);

      lpad_interruption_settle (entry, chip_says (fixture, cases[i].state));
      g_assert_cmpint (entry->outcome, ==, cases[i].outcome);
      /* What is settled stays so, whatever happens to the profile later. */
      if (entry->outcome != LPAD_OUTCOME_UNKNOWN)
        lpad_interruption_settle (entry, chip_says (fixture, cases[i].state == ABSENT ? ENABLED : ABSENT));
      g_assert_cmpint (entry->outcome, ==, cases[i].outcome);
    }
}

/* The way back is open as long as the provisioning profile is in use and was not before. */
static void
test_detour (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    gboolean same; /* it was in use before, too */
    State state;
    LpadOutcome outcome;
  } cases[] = {
    { FALSE, ENABLED, LPAD_OUTCOME_UNKNOWN }, { FALSE, DISABLED, LPAD_OUTCOME_NOTHING },
    { FALSE, ABSENT, LPAD_OUTCOME_NOTHING },  { TRUE, ENABLED, LPAD_OUTCOME_NOTHING },
    { TRUE, DISABLED, LPAD_OUTCOME_UNKNOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LpadJournalEntry) entry = record (fixture, LPAD_JOURNAL_DETOUR, LPAD_PHASE_CHANGING, FALSE);

      lpad_journal_entry_set_before (entry, cases[i].same ? fixture->profile.iccid : NULL);
      lpad_interruption_resolve (entry, NULL, chip_says (fixture, cases[i].state));
      g_assert_cmpint (entry->outcome, ==, cases[i].outcome);
    }
}

static char *
describe (Fixture *fixture, const LpadJournalEntry *entry, State state, const char *key)
{
  g_autoptr (GVariant) dict = g_variant_ref_sink (
      lpad_interruption_describe (entry, chip_says (fixture, state), "/org/lpad/Lpad1/euicc/0/profile/3"));
  g_autoptr (GVariant) value = g_variant_lookup_value (dict, key, NULL);

  return value == NULL ? NULL : g_variant_print (value, FALSE);
}

static void
assert_says (Fixture *fixture,
             const LpadJournalEntry *entry,
             State state,
             const char *key,
             const char *wanted)
{
  g_autofree char *text = describe (fixture, entry, state, key);

  g_assert_cmpstr (text, ==, wanted);
}

static void
test_describe (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournalEntry) entry = record (fixture, "download", LPAD_PHASE_LOADING, FALSE);

  assert_says (fixture, entry, ABSENT, "state", "'unknown'");
  assert_says (fixture, entry, ABSENT, "order", "'unknown'");
  entry->outcome = LPAD_OUTCOME_DONE;
  assert_says (fixture, entry, DISABLED, "kind", "'download'");
  assert_says (fixture, entry, DISABLED, "state", "'disabled'");
  assert_says (fixture, entry, DISABLED, "order", "'ended'");
  assert_says (fixture, entry, DISABLED, "done", "true");
  assert_says (fixture, entry, DISABLED, "iccid", "'8901234567890123456'");
  assert_says (fixture, entry, DISABLED, "profile", "'/org/lpad/Lpad1/euicc/0/profile/3'");
  assert_says (fixture, entry, DISABLED, "error", NULL);
  assert_says (fixture, entry, ABSENT, "iccid", NULL);
  entry->outcome = LPAD_OUTCOME_FAILED;
  entry->error_reason = 10;
  assert_says (fixture, entry, ABSENT, "error", "'org.lpad.Lpad1.Error.InsufficientMemory'");
  assert_says (fixture, entry, ABSENT, "order", "'usable'");
}

/* Only a download has an activation code. */
static void
test_change (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournalEntry) entry = record (fixture, "enable", LPAD_PHASE_CHANGING, FALSE);

  entry->outcome = LPAD_OUTCOME_NOTHING;
  assert_says (fixture, entry, DISABLED, "order", NULL);
  assert_says (fixture, entry, DISABLED, "done", "false");
  assert_says (fixture, entry, DISABLED, "advice", "'Enable it again.'");
}

/* Nobody is told of a code who has none. */
static void
test_advice (Fixture *fixture, gconstpointer data)
{
  static const LpadPhase phases[]
      = { LPAD_PHASE_SESSION, LPAD_PHASE_CODE, LPAD_PHASE_ENDING, LPAD_PHASE_LOADING };
  static const LpadOrderName names[] = { LPAD_ORDER_NAME_CODE, LPAD_ORDER_NAME_EVENT, LPAD_ORDER_NAME_NONE };

  for (gsize i = 0; i < G_N_ELEMENTS (phases) * G_N_ELEMENTS (names); i++)
    {
      LpadOrderName name = names[i % G_N_ELEMENTS (names)];
      g_autoptr (LpadJournalEntry) entry
          = record (fixture, "download", phases[i / G_N_ELEMENTS (names)], FALSE);
      g_autoptr (GVariant) told = NULL;
      const char *advice;

      entry->order_name = name;
      entry->outcome = LPAD_OUTCOME_NOTHING;
      told = g_variant_ref_sink (lpad_interruption_describe (entry, chip_says (fixture, ABSENT), NULL));
      g_assert_true (g_variant_lookup (told, "advice", "&s", &advice));
      g_assert_cmpint (strstr (advice, "activation code") != NULL, ==, name == LPAD_ORDER_NAME_CODE);
    }
}

/* Each case has a sentence of its own kind: no fall-through to another. */
static void
test_sentences (Fixture *fixture, gconstpointer data)
{
  static const char *const kinds[]
      = { "download", "enable", "disable", "delete", "reset", LPAD_JOURNAL_DETOUR };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      for (int outcome = LPAD_OUTCOME_UNKNOWN; outcome <= LPAD_OUTCOME_DONE; outcome++)
        {
          g_autoptr (LpadJournalEntry) entry = record (fixture, kinds[i], LPAD_PHASE_LOADING, FALSE);
          const char *message;

          entry->outcome = (LpadOutcome) outcome;
          message = lpad_interruption_message (entry);
          g_assert_true (g_str_has_suffix (message, "."));
          g_assert_nonnull (strstr (message, "interrupted"));
          g_assert_nonnull (strstr (message, g_str_equal (kinds[i], "delete") ? "deletion" : kinds[i]));
        }
    }
}

/* What is found of a trial after a restart: whether it goes on, and what is told. */
static void
test_trial (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *kind;
    LpadPhase phase;
    LpadOutcome before;
    State state;
    gboolean goes_on;
    LpadOutcome outcome;
    const char *word;
  } cases[] = {
    { "enable", LPAD_PHASE_CHANGING, LPAD_OUTCOME_UNKNOWN, ENABLED, TRUE, LPAD_OUTCOME_DONE, "in use" },
    { "enable",
      LPAD_PHASE_CHANGING,
      LPAD_OUTCOME_UNKNOWN,
      DISABLED,
      FALSE,
      LPAD_OUTCOME_NOTHING,
      "not in use" },
    { "download", LPAD_PHASE_ENABLING, LPAD_OUTCOME_UNKNOWN, ENABLED, TRUE, LPAD_OUTCOME_DONE, "in use" },
    { "download",
      LPAD_PHASE_ENABLING,
      LPAD_OUTCOME_UNKNOWN,
      DISABLED,
      FALSE,
      LPAD_OUTCOME_PARTLY,
      "not in use" },
    { "enable", LPAD_PHASE_TRIAL, LPAD_OUTCOME_DONE, ENABLED, TRUE, LPAD_OUTCOME_DONE, "goes on" },
    { "enable", LPAD_PHASE_TRIAL, LPAD_OUTCOME_DONE, DISABLED, FALSE, LPAD_OUTCOME_BACK, "out of use" },
    { "enable", LPAD_PHASE_TRIAL, LPAD_OUTCOME_DONE, ABSENT, FALSE, LPAD_OUTCOME_BACK, "out of use" },
    { "enable",
      LPAD_PHASE_RETURNING,
      LPAD_OUTCOME_UNKNOWN,
      ENABLED,
      TRUE,
      LPAD_OUTCOME_DONE,
      "could not go back" },
    { "enable",
      LPAD_PHASE_RETURNING,
      LPAD_OUTCOME_UNKNOWN,
      DISABLED,
      FALSE,
      LPAD_OUTCOME_BACK,
      "out of use" },
    { "download",
      LPAD_PHASE_RETURNING,
      LPAD_OUTCOME_UNKNOWN,
      DISABLED,
      FALSE,
      LPAD_OUTCOME_BACK,
      "out of use" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LpadJournalEntry) entry
          = record (fixture, cases[i].kind, cases[i].phase, g_str_equal (cases[i].kind, "download"));
      const LpadInventory *inventory = chip_says (fixture, cases[i].state);

      lpad_journal_entry_set_trial (entry, NULL, 60);
      entry->outcome = cases[i].before;
      lpad_interruption_resolve (entry, NULL, inventory);
      g_assert_cmpint (entry->outcome, ==, cases[i].outcome);
      g_assert_cmpint (lpad_interruption_is_trial (entry), ==, cases[i].goes_on);
      g_assert_nonnull (strstr (lpad_interruption_message (entry), cases[i].word));
      if (cases[i].goes_on)
        continue;
      g_assert_cmpuint (entry->trial_s, ==, 0);
    }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/interruption/settle", test_settle);
  ADD ("/interruption/detour", test_detour);
  ADD ("/interruption/describe", test_describe);
  ADD ("/interruption/change", test_change);
  ADD ("/interruption/advice", test_advice);
  ADD ("/interruption/sentences", test_sentences);
  ADD ("/interruption/trial", test_trial);
  return g_test_run ();
}
