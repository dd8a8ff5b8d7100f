/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"
#include "euicc-info.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint32 tags[] = { 0xbf20, 0xbf22 };
  g_autoptr (GBytes) raw = g_bytes_new (data, size);

  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LpadEuiccInfo) info = lpad_euicc_info_parse (raw, tags[i], &error);
      g_auto (GStrv) capabilities = NULL;

      if (info == NULL)
        {
          g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
          continue;
        }
      capabilities = lpad_euicc_info_capabilities (info);
      (void) lpad_euicc_info_category (info);
      g_assert_true (info->accreditation == NULL || g_utf8_validate (info->accreditation, -1, NULL));
      g_assert_nonnull (capabilities);
      g_assert_true (info->verification->len + info->signing->len <= size);
    }
  return 0;
}
