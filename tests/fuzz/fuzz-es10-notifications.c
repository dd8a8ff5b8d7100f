/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to the functions that deal with notifications. */
#include "es10b.h"
#include "fuzz-card.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
ask (LpadChannel *channel)
{
  g_autoptr (GPtrArray) list = lpad_es10b_list_notifications (channel, NULL);
  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const LpadNotificationInfo *info = list->pdata[i];
      g_assert_true (g_utf8_validate (info->address_text, -1, NULL));
    }

  g_autoptr (GPtrArray) all G_GNUC_UNUSED = lpad_es10b_retrieve_notifications (channel, 0, NULL);
  g_autoptr (GBytes) pending G_GNUC_UNUSED = lpad_es10b_retrieve_notification (channel, 1, NULL);
  (void) !lpad_es10b_remove_notification (channel, 1, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  return fuzz_with_channel (data, size, ask);
}
