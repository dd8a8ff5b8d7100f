/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aids.h"

#include <glib/gstdio.h>
#include <string.h>

#include "firewall.h"

static const guint8 standard[]
    = { 0xA0, 0, 0, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0, 0, 0x01, 0 };
static const guint8 own[] = { 0xA0, 0, 0, 0x05, 0x59 };
static const guint8 other[] = { 0xF0, 0x01, 0x02, 0x03, 0x04, 0x05 };

static void
test_what_a_file_says (void)
{
  static const char *const nothing[] = {
    "",
    "[Card]\nSegmentSize=120\n",
    "[Cards]\nIsdrAids=A000000559\n",
    "[Card]\nIsdrAids=\n",
    "[Card]\nIsdrAids=A0000005;A00000055G;A0000005591;a0000005591010ffffffff890000010000;hello\n",
    "IsdrAids=A000000559\n",
    "[Card]\nIsdrAids=\xFF\xFE\n",
  };
  const char *two = "[Card]\nIsdrAids= a000000559 ;hello; F00102030405;;\n";
  g_autoptr (GPtrArray) aids = lpad_modem_aids_parse (two, strlen (two));

  for (gsize i = 0; i < G_N_ELEMENTS (nothing); i++)
    g_assert_null (lpad_modem_aids_parse (nothing[i], strlen (nothing[i])));
  g_assert_cmpuint (aids->len, ==, 2);
  g_assert_true (lpad_modem_aid_is_allowed (aids, own, sizeof own));
  g_assert_true (lpad_modem_aid_is_allowed (aids, other, sizeof other));
  g_assert_false (lpad_modem_aid_is_allowed (aids, standard, sizeof standard));
}

static void
write_file (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* As lpad does it: a later file that says something counts instead of the ones before. */
static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("lpad-aids-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "lpad.conf", NULL);
  g_autofree char *drop_ins = g_strconcat (path, ".d", NULL);
  static const char *const names[] = { "10.conf", "20.conf", "30.conf", ".40.conf", "50.txt" };
  g_autoptr (GPtrArray) none = lpad_modem_aids_load (path);
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) several = NULL;

  g_assert_true (lpad_modem_aid_is_allowed (none, standard, sizeof standard));
  g_assert_cmpuint (none->len, >, 1);

  write_file (folder, "lpad.conf", "[Card]\nIsdrAids=A000000559\n");
  one = lpad_modem_aids_load (path);
  g_assert_cmpuint (one->len, ==, 1);
  g_assert_true (lpad_modem_aid_is_allowed (one, own, sizeof own));

  g_assert_cmpint (g_mkdir (drop_ins, 0700), ==, 0);
  write_file (drop_ins, "10.conf", "[Card]\nIsdrAids=A0000005591010;A0000005591011\n");
  write_file (drop_ins, "20.conf", "[Card]\nIsdrAids=F00102030405\n");
  write_file (drop_ins, "30.conf", "not a configuration\n");
  write_file (drop_ins, ".40.conf", "[Card]\nIsdrAids=A0000005591010\n");
  write_file (drop_ins, "50.txt", "[Card]\nIsdrAids=A0000005591010\n");
  several = lpad_modem_aids_load (path);
  g_assert_cmpuint (several->len, ==, 1);
  g_assert_true (lpad_modem_aid_is_allowed (several, other, sizeof other));

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *drop_in = g_build_filename (drop_ins, names[i], NULL);

      g_assert_cmpint (g_unlink (drop_in), ==, 0);
    }
  g_assert_cmpint (g_rmdir (drop_ins), ==, 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aids/what-a-file-says", test_what_a_file_says);
  g_test_add_func ("/aids/files", test_files);
  return g_test_run ();
}
