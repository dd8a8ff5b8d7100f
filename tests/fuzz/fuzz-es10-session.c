/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to the functions of an RSP session. */
#include "es10b.h"
#include "fuzz-card.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
ask (LpadChannel *channel)
{
  static const guint8 signed1[] = { 0x30, 0x0a, 0x80, 0x01, 0x01, 0x83, 0x01, 'a', 0x84, 0x02, 0x0c, 0x0d };
  g_autoptr (GBytes) txid = g_bytes_new_static ("\x01", 1);
  g_autoptr (GBytes) server_signed1 = g_bytes_new_static (signed1, sizeof signed1);
  g_autoptr (GBytes) any = g_bytes_new_static ("\x04\x00", 2);
  g_autoptr (GBytes) hash = g_bytes_new_static ("\xbe\xef", 2);
  g_autoptr (LpadInstallationResult) result = NULL;

  g_autoptr (GBytes) authenticated G_GNUC_UNUSED
      = lpad_es10b_authenticate_server (channel, txid, server_signed1, any, any, any, any, NULL);
  g_autoptr (GBytes) prepared = lpad_es10b_prepare_download (channel, txid, any, any, NULL, any, NULL);
  g_autoptr (GBytes) confirmed = lpad_es10b_prepare_download (channel, txid, any, any, hash, any, NULL);
  g_assert_true (prepared == NULL || confirmed == NULL);
  if (lpad_es10b_load_bpp_segment (channel, signed1, sizeof signed1, &result, NULL) && result != NULL)
    g_assert_true (result->success == (result->error_reason == -1));
  g_autoptr (GBytes) cancelled G_GNUC_UNUSED
      = lpad_es10b_cancel_session (channel, txid, LPAD_CANCEL_POSTPONED, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  return fuzz_with_channel (data, size, ask);
}
