/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target without libFuzzer: every file of the folder that is its argument, as it is and with a
 * fixed number of mutations that are the same in each run. */
#include <glib.h>
#include <string.h>

#define MUTATIONS 200

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Runs the target on a copy of exactly @size octets, so that a sanitizer sees each octet read past its end.
 */
static void
run (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = size > 0 ? g_memdup2 (data, size) : g_malloc (1);

  g_assert_cmpint (LLVMFuzzerTestOneInput (copy, size), ==, 0);
}

static void
mutate (GRand *rand, GByteArray *bytes)
{
  static const guint8 telling[] = { 0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xbf, 0xff };
  guint at = bytes->len > 0 ? (guint) g_rand_int_range (rand, 0, (gint32) bytes->len) : 0;
  guint8 octet = telling[g_rand_int_range (rand, 0, G_N_ELEMENTS (telling))];

  switch (bytes->len > 0 ? g_rand_int_range (rand, 0, 5) : 4)
    {
    case 0:
      bytes->data[at] ^= (guint8) (1 << g_rand_int_range (rand, 0, 8));
      break;
    case 1:
      bytes->data[at] = octet;
      break;
    case 2:
      g_byte_array_set_size (bytes, at);
      break;
    case 3:
      g_byte_array_remove_index (bytes, at);
      break;
    default:
      g_byte_array_append (bytes, &octet, 1);
      memmove (bytes->data + at + 1, bytes->data + at, bytes->len - 1 - at);
      bytes->data[at] = octet;
      break;
    }
}

static void
test_seed (gconstpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree char *content = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &content, &size, &error));
  g_assert_no_error (error);
  run ((const guint8 *) content, size);

  for (guint i = 0; i < MUTATIONS; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      g_byte_array_append (bytes, (const guint8 *) content, (guint) size);
      for (guint n = 0; n <= i % 4; n++)
        mutate (rand, bytes);
      run (bytes->data, bytes->len);
    }
}

static void
test_empty (void)
{
  run (NULL, 0);
}

int
main (int argc, char **argv)
{
  g_autoptr (GDir) folder = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;
  guint seeds = 0;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  folder = g_dir_open (argv[1], 0, &error);
  g_assert_no_error (error);

  g_test_add_func ("/corpus/empty", test_empty);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *test = g_strdup_printf ("/corpus/seed/%s", name);

      g_test_add_data_func_full (test, g_build_filename (argv[1], name, NULL), test_seed, g_free);
      seeds++;
    }
  g_assert_cmpuint (seeds, >, 0);

  return g_test_run ();
}
