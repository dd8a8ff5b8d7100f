/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aids.h"
#include "channel-journal.h"
#include "quirks.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
on_warning (const char *message, gpointer user_data)
{
  g_assert_true (g_utf8_validate (message, -1, NULL));
}

static void
read_quirks (const char *text, gsize size)
{
  g_autoptr (LpadModemQuirkTable) table = lpad_modem_quirk_table_new ();
  LpadModemQuirks quirks;

  lpad_modem_quirk_table_read (table, "quirks", text, size, on_warning, NULL);
  quirks = lpad_modem_quirk_table_find (table, "cdc_mbim", "05c6:9025", "1.0");
  g_assert_cmpuint (quirks.segment, <=, 255);
  g_variant_unref (g_variant_ref_sink (lpad_modem_quirks_to_variant (&quirks)));
}

static void
read_journal (const char *text)
{
  LpadModemJournal *journal = lpad_modem_journal_new (NULL);
  guint8 channel;
  guint32 before;

  lpad_modem_journal_read (journal, text);
  while ((channel = lpad_modem_journal_take_old (journal, "/dev/cdc-wdm0", 1)) != 0)
    g_assert_cmpuint (channel, <=, 19);
  (void) lpad_modem_journal_is_opening (journal, "/dev/cdc-wdm0", 1, &before);
  lpad_modem_journal_free (journal);
}

static void
read_aids (const char *text, gsize size)
{
  g_autoptr (GPtrArray) aids = lpad_modem_aids_parse (text, size);

  for (guint i = 0; aids != NULL && i < aids->len; i++)
    {
      gsize length = g_bytes_get_size (g_ptr_array_index (aids, i));

      g_assert_true (length >= 5 && length <= 16);
    }
}

/* The files that lpad-modem reads: what is known of modems, which channels are open, which names are ISD-Rs.
 */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  read_quirks ((const char *) data, size);
  read_journal (text);
  read_aids ((const char *) data, size);
  return 0;
}
