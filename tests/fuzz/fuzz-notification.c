/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "address.h"
#include "error-details.h"
#include "notification.h"
#include "text.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_info (const LpadNotificationInfo *info)
{
  g_autoptr (LpadNotificationInfo) copy = lpad_notification_info_copy (info);

  g_assert_cmpuint (copy->sequence_number, ==, info->sequence_number);
  g_assert_true (lpad_text_is_clean (copy->address_text, 255));
  if (copy->address != NULL)
    {
      g_autofree char *again = lpad_address_normalise (copy->address, strlen (copy->address), NULL);

      g_assert_cmpstr (again, ==, copy->address);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) raw = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadNotificationInfo) pending = lpad_pending_notification_parse_info (raw, &error);
  g_autoptr (LpadInstallationResult) result = lpad_installation_result_parse (raw, NULL);
  g_autoptr (LpadNotificationInfo) single = NULL;
  LpadTlv tlv;

  if (pending != NULL)
    check_info (pending);
  else
    g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  if (result != NULL)
    {
      check_info (result->info);
      g_assert_nonnull (pending);
      g_assert_true (result->success == (result->error_reason == -1));
    }
  if (lpad_tlv_parse (data, size, 0xbf2f, &tlv, NULL))
    single = lpad_notification_info_parse (&tlv, NULL);
  if (single != NULL)
    check_info (single);
  return 0;
}
