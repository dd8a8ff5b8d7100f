/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-watch.h"

/* What was told, a letter for each: s slots, r reset, f refreshed, l look */
typedef struct
{
  LpadCardWatch *watch;
  GString *told;
} Fixture;

static void
on_slots (GPtrArray *slots, gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->told, 's');
}

static void
on_reset (gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->told, 'r');
}

static void
on_refreshed (gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->told, 'f');
}

static void
on_look (gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->told, 'l');
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const LpadCardEvents events = { on_slots, on_reset, on_refreshed };

  fixture->told = g_string_new (NULL);
  fixture->watch = lpad_card_watch_new (&events, fixture, on_look, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  lpad_card_watch_free (fixture->watch);
  g_string_free (fixture->told, TRUE);
}

/* @active: from 1; the other of two slots has a card, too. @iccid: NULL: no card is in the active one */
static void
tell (Fixture *fixture, guint active, const char *iccid)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_card_slot_free);

  for (guint i = 1; i <= 2; i++)
    {
      LpadCardSlot *slot = g_new0 (LpadCardSlot, 1);

      slot->known = TRUE;
      slot->active = i == active;
      slot->present = !slot->active || iccid != NULL;
      slot->iccid = g_strdup (slot->active && iccid != NULL ? iccid : "");
      g_ptr_array_add (slots, slot);
    }
  lpad_card_watch_slots (fixture->watch, slots);
}

#define expect(fixture, letters)                                                                             \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_assert_cmpstr ((fixture)->told->str, ==, letters);                                                     \
    g_string_truncate ((fixture)->told, 0);                                                                  \
  }                                                                                                          \
  G_STMT_END

static void
test_nothing_new (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  tell (fixture, 1, "89");
  tell (fixture, 1, "");
  tell (fixture, 1, "89");
  expect (fixture, "ssss");
}

static void
test_told_refresh (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  lpad_card_watch_refresh_begins (fixture->watch);
  tell (fixture, 1, NULL);
  tell (fixture, 1, "88");
  expect (fixture, "srrss");
  lpad_card_watch_refresh_ends (fixture->watch);
  expect (fixture, "l");
  tell (fixture, 1, "88");
  tell (fixture, 1, "88");
  expect (fixture, "sfs");
}

static void
test_refresh_without_end (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  lpad_card_watch_refresh_begins (fixture->watch);
  expect (fixture, "sr");
  while (fixture->told->len == 0)
    g_main_context_iteration (NULL, TRUE);
  tell (fixture, 1, "88");
  expect (fixture, "lsf");
}

static void
test_silent_switch (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  tell (fixture, 1, "88");
  expect (fixture, "srsf");
}

static void
test_silent_switch_with_a_gap (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  tell (fixture, 1, "");
  tell (fixture, 1, "88");
  expect (fixture, "ssrsf");
}

static void
test_card_that_goes_and_comes (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  tell (fixture, 1, NULL);
  tell (fixture, 1, NULL);
  tell (fixture, 1, "89");
  expect (fixture, "srsssf");
}

static void
test_other_slot (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  tell (fixture, 2, "");
  expect (fixture, "srsf");
}

static void
test_power_taken_by_us (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  lpad_card_watch_card_is_off (fixture->watch);
  tell (fixture, 1, "89");
  expect (fixture, "srsf");
}

static void
test_looking_again (Fixture *fixture, gconstpointer data)
{
  tell (fixture, 1, "89");
  lpad_card_watch_look (fixture->watch);
  tell (fixture, 1, NULL);
  expect (fixture, "slrs");
  while (fixture->told->len == 0)
    g_main_context_iteration (NULL, TRUE);
  tell (fixture, 1, "88");
  expect (fixture, "lsf");
  g_assert_false (g_main_context_pending (NULL));
}

#define add(name, function) g_test_add ("/card-watch/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("nothing-new", test_nothing_new);
  add ("told-refresh", test_told_refresh);
  add ("refresh-without-end", test_refresh_without_end);
  add ("silent-switch", test_silent_switch);
  add ("silent-switch-with-a-gap", test_silent_switch_with_a_gap);
  add ("card-that-goes-and-comes", test_card_that_goes_and_comes);
  add ("other-slot", test_other_slot);
  add ("power-taken-by-us", test_power_taken_by_us);
  add ("looking-again", test_looking_again);
  return g_test_run ();
}
