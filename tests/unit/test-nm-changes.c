/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "changes.h"

#define ENABLED "8988000000000000002"

typedef struct
{
  const char *what;
  LpadNmEntry entry;
  int priority; /* what the connection has now */
  gboolean autoconnect, unsaved;
  const char *sim_id;
  LpadNmRestore restore;
} Case;

static void
test_restore (void)
{
#define RAISED .priority = 2, .autoconnect = TRUE, .set_priority = 8, .set_autoconnect = TRUE
#define HELD   .priority = 2, .autoconnect = TRUE, .set_priority = 2, .set_autoconnect = FALSE
#define MADE   .made = TRUE, .autoconnect = TRUE, .set_priority = 1, .set_autoconnect = TRUE
#define UPDATE(p, a, s)                                                                                      \
  {                                                                                                          \
    .update = TRUE, .priority = p, .autoconnect = a, .save = s                                               \
  }
  const Case cases[] = {
    { "raised", { RAISED, .saved = TRUE }, 8, TRUE, TRUE, ENABLED, UPDATE (2, TRUE, TRUE) },
    { "raised, in memory before", { RAISED }, 8, TRUE, TRUE, ENABLED, UPDATE (2, TRUE, FALSE) },
    { "held back", { HELD, .saved = TRUE }, 2, FALSE, TRUE, "x", UPDATE (2, TRUE, TRUE) },
    { "not done before the crash", { RAISED, .saved = TRUE }, 2, TRUE, FALSE, ENABLED, { .priority = 2 } },
    { "user set another priority", { RAISED, .saved = TRUE }, 5, TRUE, FALSE, ENABLED, { .priority = 5 } },
    { "user set it in memory", { RAISED, .saved = TRUE }, 5, TRUE, TRUE, ENABLED, UPDATE (5, TRUE, TRUE) },
    { "user saved something else", { RAISED }, 8, TRUE, FALSE, ENABLED, UPDATE (2, TRUE, TRUE) },
    { "user switched it off", { RAISED, .saved = TRUE }, 8, FALSE, FALSE, ENABLED, UPDATE (2, FALSE, TRUE) },
    { "user switched it on", { HELD, .saved = TRUE }, 2, TRUE, FALSE, "x", { .priority = 2 } },
    { "made, and in use", { MADE }, 1, TRUE, TRUE, ENABLED, UPDATE (0, TRUE, TRUE) },
    { "made, and in vain", { MADE }, 1, TRUE, TRUE, "x", { .remove = TRUE } },
    { "made, and saved by the user", { MADE }, 1, TRUE, FALSE, "x", UPDATE (0, TRUE, TRUE) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *one = &cases[i];
      char *sim_id = g_strdup (one->sim_id);
      const LpadNmConnection connection = {
        .sim_id = sim_id, .priority = one->priority, .autoconnect = one->autoconnect, .unsaved = one->unsaved
      };
      LpadNmRestore restore = lpad_nm_changes_restore (&one->entry, &connection, ENABLED);

      g_test_message ("%s", one->what);
      g_assert_cmpint (restore.remove, ==, one->restore.remove);
      g_assert_cmpint (restore.update, ==, one->restore.update);
      if (restore.update)
        {
          g_assert_cmpint (restore.priority, ==, one->restore.priority);
          g_assert_cmpint (restore.autoconnect, ==, one->restore.autoconnect);
          g_assert_cmpint (restore.save, ==, one->restore.save);
        }
      g_free (sim_id);
    }
}

/* While it is not known which profile is enabled, what was made is not kept. */
static void
test_restore_without_knowing (void)
{
  const LpadNmEntry entry = { MADE };
  char sim_id[] = ENABLED;
  const LpadNmConnection connection
      = { .sim_id = sim_id, .priority = 1, .autoconnect = TRUE, .unsaved = TRUE };

  g_assert_true (lpad_nm_changes_restore (&entry, &connection, NULL).remove);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nm-changes/restore", test_restore);
  g_test_add_func ("/nm-changes/restore-without-knowing", test_restore_without_knowing);
  return g_test_run ();
}
