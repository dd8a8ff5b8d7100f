/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quirks.h"

#include <stdio.h>
#include <string.h>

static void
collect (const char *message, gpointer user_data)
{
  g_ptr_array_add (user_data, g_strdup (message));
}

static GPtrArray *
read_text (LpadModemQuirkTable *table, const char *text)
{
  GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);

  lpad_modem_quirk_table_read (table, "modems", text, strlen (text), collect, warnings);
  return warnings;
}

/* Field by field: what stands between them, and after the last, is nobody's. */
static void
assert_none (const LpadModemQuirks *quirks)
{
  const LpadModemQuirks *none = &LPAD_MODEM_QUIRKS_NONE;

  g_assert_cmpstr (quirks->transport, ==, none->transport);
  g_assert_cmpuint (quirks->channel_group, ==, none->channel_group);
  g_assert_cmphex (quirks->select_p2, ==, none->select_p2);
  g_assert_cmpint (quirks->refresh, ==, none->refresh);
  g_assert_cmpuint (quirks->refresh_wait, ==, none->refresh_wait);
  g_assert_cmpuint (quirks->settle_wait, ==, none->settle_wait);
  g_assert_cmpuint (quirks->segment, ==, none->segment);
  g_assert_cmpuint (quirks->recover, ==, none->recover);
}

static void
test_who_matches (void)
{
  g_autoptr (LpadModemQuirkTable) table = lpad_modem_quirk_table_new ();
  g_autoptr (GPtrArray) warnings
      = read_text (table,
                   "# comment\n[all of a vendor]\nUsb=1199:*\nSegment=120\nRefreshWait=10\nSettleWait=20\n"
                   "[one, with old firmware]\nDriver=cdc_mbim\nUsb=1199:90D3\n"
                   "Revision=SWI9X50C_01.0*\nSegment=60\nSelectP2=0C\nChannelGroup=7\n"
                   "Refresh=false\nRecover=reset;power-cycle\nTransport=mbim\n");
  LpadModemQuirks other = lpad_modem_quirk_table_find (table, "qmi_wwan", "05c6:9025", "");
  LpadModemQuirks vendor = lpad_modem_quirk_table_find (table, "qmi_wwan", "1199:90d3", "SWI9X50C_01.08");
  LpadModemQuirks unread = lpad_modem_quirk_table_find (table, "cdc_mbim", "1199:90d3", "");
  LpadModemQuirks one = lpad_modem_quirk_table_find (table, "cdc_mbim", "1199:90d3", "SWI9X50C_01.08");

  g_assert_cmpuint (warnings->len, ==, 0);
  assert_none (&other);
  g_assert_cmpuint (vendor.segment, ==, 120);
  g_assert_cmpuint (vendor.refresh_wait, ==, 10);
  g_assert_cmpuint (vendor.settle_wait, ==, 20);
  g_assert_cmpuint (unread.segment, ==, 120);
  g_assert_null (unread.transport);
  g_assert_cmpuint (one.segment, ==, 60);
  g_assert_cmpuint (one.refresh_wait, ==, 10);
  g_assert_cmphex (one.select_p2, ==, 0x0C);
  g_assert_cmpuint (one.channel_group, ==, 7);
  g_assert_cmpstr (one.transport, ==, "mbim");
  g_assert_false (one.refresh);
  g_assert_cmpuint (one.recover, ==, LPAD_MODEM_RECOVER_RESET | LPAD_MODEM_RECOVER_POWER_CYCLE);
}

static void
test_what_callers_see (void)
{
  LpadModemQuirks quirks = LPAD_MODEM_QUIRKS_NONE;
  g_autoptr (GVariant) none = g_variant_ref_sink (lpad_modem_quirks_to_variant (&quirks));
  g_autoptr (GVariant) all = NULL;
  g_autofree char *text = NULL;

  g_assert_cmpuint (g_variant_n_children (none), ==, 0);
  quirks.refresh = FALSE;
  quirks.refresh_wait = 9;
  quirks.settle_wait = 2;
  quirks.segment = 120;
  quirks.recover = LPAD_MODEM_RECOVER_INHIBIT;
  all = g_variant_ref_sink (lpad_modem_quirks_to_variant (&quirks));
  g_assert_cmpuint (g_variant_n_children (all), ==, 5);
  text = g_variant_print (all, FALSE);
  g_assert_nonnull (strstr (text, "'recover': <['inhibit']>"));
  g_assert_nonnull (strstr (text, "'refresh': <false>"));
  g_assert_nonnull (strstr (text, "'segment': <uint32 120>"));
  g_assert_nonnull (strstr (text, "'settle-wait': <uint32 2>"));
}

static void
test_what_is_wrong (void)
{
  g_autoptr (LpadModemQuirkTable) table = lpad_modem_quirk_table_new ();
  g_autoptr (GPtrArray) warnings = read_text (
      table,
      "[a]\nUsb=1:2\nColour=red\n\n[b]\nUsb=1:2\nSegment = 256\n[c]\nSegment=120\n"
      "[d]\nUsb=1:2\nSelectP2=00\nRefresh=maybe\nRecover=pray\nTransport=at\nRefreshWait=-1\nSettleWait=121\n");
  LpadModemQuirks quirks = lpad_modem_quirk_table_find (table, "", "1:2", "");
  static const char *const expected[] = {
    "modems:3: “Colour” in [a] is not known; it is left out",
    "modems:7: “Segment” in [b] has a value that it cannot have; it is left out",
    "modems:8: [c] says of no modem that it is the one; it is left out",
    "modems:12: “SelectP2” in [d] has a value that it cannot have; it is left out",
    "modems:13: “Refresh” in [d] has a value that it cannot have; it is left out",
    "modems:14: “Recover” in [d] has a value that it cannot have; it is left out",
    "modems:15: “Transport” in [d] has a value that it cannot have; it is left out",
    "modems:16: “RefreshWait” in [d] has a value that it cannot have; it is left out",
    "modems:17: “SettleWait” in [d] has a value that it cannot have; it is left out",
  };
  g_autoptr (GPtrArray) broken = read_text (table, "no section\n");

  assert_none (&quirks);
  g_assert_cmpuint (warnings->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < warnings->len; i++)
    g_assert_cmpstr (g_ptr_array_index (warnings, i), ==, expected[i]);
  g_assert_cmpuint (broken->len, ==, 1);
  g_assert_true (g_str_has_prefix (g_ptr_array_index (broken, 0), "modems is left out: "));
}

static void
test_files (void)
{
  g_autoptr (LpadModemQuirkTable) table = lpad_modem_quirk_table_new ();
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("lpad-quirks-XXXXXX", &error);
  const char *const names[] = { "2.conf", "1.conf", "3.conf~" };
  const char *const texts[]
      = { "[x]\nDriver=*\nSegment=200\n", "[x]\nDriver=*\nSegment=100\n", "[x]\nDriver=*\nSegment=50\n" };

  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
    }
  lpad_modem_quirk_table_load (table, "/nonexistent/file", collect, warnings);
  lpad_modem_quirk_table_load_folder (table, "/nonexistent/folder", collect, warnings);
  lpad_modem_quirk_table_load_folder (table, folder, collect, warnings);
  g_assert_cmpuint (lpad_modem_quirk_table_find (table, "qmi_wwan", "", "").segment, ==, 200);
  lpad_modem_quirk_table_load (table, folder, collect, warnings);
  g_assert_cmpuint (warnings->len, ==, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_assert_cmpint (remove (path), ==, 0);
    }
  g_assert_cmpint (remove (folder), ==, 0);
}

/* What is installed is without a fault. */
static void
test_installed_file (void)
{
  g_autoptr (LpadModemQuirkTable) table = lpad_modem_quirk_table_new ();
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);

  lpad_modem_quirk_table_load (table, LPAD_QUIRKS_FILE, collect, warnings);
  g_assert_cmpuint (warnings->len, ==, 0);
  g_assert_cmpstr (lpad_modem_quirk_table_find (table, "qmi_wwan", "05c6:9025", "").transport, ==, "mbim");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quirks/who-matches", test_who_matches);
  g_test_add_func ("/quirks/what-callers-see", test_what_callers_see);
  g_test_add_func ("/quirks/what-is-wrong", test_what_is_wrong);
  g_test_add_func ("/quirks/files", test_files);
  g_test_add_func ("/quirks/installed-file", test_installed_file);
  return g_test_run ();
}
