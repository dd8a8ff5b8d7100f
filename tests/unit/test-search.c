/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include "card-trace.h"

#define OTHER_AID "a0000005591010ffffffff8900000177"
#define THIRD_AID "a06573746b6d65ffff4953442d522030"

#define EID       "89049032123451234512345678901235"
#define OTHER_EID "89049032123451234512345678901333"

#define OPEN_FIRST  "O " TEST_AID " 1\n"
#define NO_OTHER    "O " OTHER_AID "\n! notfound\n"
#define NO_THIRD    "O " THIRD_AID "\n! notfound\n"
#define GET_EID(ch) "> 8" ch "e2910006bf3e035c015a00\n"
#define TELL(eid)   "< bf3e125a10" eid "9000\n"

typedef struct
{
  const char *name;
  const char *trace; /* of the search */
  const char *found; /* applications, each with a blank behind it; NULL: it fails */
} Row;

/* A connection that failed is made anew, once, and goes on with the trace. */
static const Row rows[] = {
  { "none", "C 1\n" NO_OTHER NO_THIRD, "" },
  { "one", "C 1\nO " OTHER_AID " 1\n" GET_EID ("1") TELL (OTHER_EID) "C 1\n" NO_THIRD, OTHER_AID " " },
  { "last", "C 1\n" NO_OTHER "O " THIRD_AID " 2\n" GET_EID ("2") TELL (OTHER_EID) "C 2\n", THIRD_AID " " },
  { "same-chip", "C 1\nO " OTHER_AID " 1\n" GET_EID ("1") TELL (EID) "C 1\n" NO_THIRD, "" },
  { "same-other",
    "C 1\nO " OTHER_AID " 1\n" GET_EID ("1") TELL (OTHER_EID) "C 1\nO " THIRD_AID " 1\n" GET_EID ("1")
        TELL (OTHER_EID) "C 1\n",
    OTHER_AID " " },
  { "without-eid",
    "C 1\nO " OTHER_AID " 1\n" GET_EID ("1") "< 6a88\nC 1\nO " THIRD_AID " 1\n" GET_EID ("1")
        TELL (OTHER_EID) "C 1\n",
    THIRD_AID " " },
  { "removed", "C 1\nO " OTHER_AID "\n! removed\nO " OTHER_AID "\n! removed\n", NULL },
  { "removed-then", "C 1\nO " OTHER_AID " 1\n" GET_EID ("1") "! removed\nC 1\n", NULL },
};

static LpadCard *
connect_card (gpointer user_data, GCancellable *cancellable, GError **error)
{
  return g_object_ref (user_data);
}

static LpadChip *
chip_new (LpadCard *card)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  LpadChipConfig config = { .connect = connect_card, .connect_data = card, .aids = aids };

  g_ptr_array_add (aids, test_bytes (TEST_AID));
  g_ptr_array_add (aids, test_bytes (OTHER_AID));
  g_ptr_array_add (aids, test_bytes (THIRD_AID));
  return lpad_chip_new (&config);
}

static char *
names_of (GPtrArray *aids)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < aids->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (aids->pdata[i], &size);
      g_autofree char *hex = lpad_hex_encode (data, size);

      g_string_append_printf (names, "%s ", hex);
    }
  return g_string_free (names, FALSE);
}

static void
test_search (gconstpointer data)
{
  const Row *row = data;
  g_autofree char *trace = g_strconcat (OPEN_FIRST, row->trace, NULL);
  g_autoptr (LpadCard) card = test_card (trace);
  LpadChip *chip = chip_new (card);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (lpad_chip_open (chip, NULL, &error));
  g_assert_no_error (error);
  test_assert_hex (lpad_chip_aid (chip), TEST_AID);
  g_autoptr (GPtrArray) others = lpad_search_others (chip, EID, NULL, &error);
  if (row->found == NULL)
    {
      g_assert_null (others);
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
    }
  else
    {
      g_assert_no_error (error);
      g_autofree char *names = names_of (others);
      g_assert_cmpstr (names, ==, row->found);
    }
  lpad_chip_free (chip);
  test_assert_finished (card);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/search/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_search);
    }
  return g_test_run ();
}
