/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "bpp.h"
#include "error-details.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) raw = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBpp) bpp = lpad_bpp_parse (raw, &error);
  const guint8 *octets = g_bytes_get_data (raw, NULL);
  gsize offset = 0;
  gsize length;

  if (bpp == NULL)
    {
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      return 0;
    }

  for (guint i = 0; i < lpad_bpp_n_segments (bpp); i++)
    {
      const LpadBppSegment *segment = lpad_bpp_segment (bpp, i);

      g_assert_true (segment->data == octets + offset);
      g_assert_cmpuint (segment->size, >, 0);
      offset += segment->size;
    }
  g_assert_cmpuint (offset, ==, size);
  g_assert_nonnull (lpad_bpp_transaction_id (bpp, &length));
  g_assert_true (length >= 1 && length <= 16);
  g_assert_true (lpad_profile_same_metadata (lpad_bpp_metadata (bpp), lpad_bpp_metadata (bpp), NULL));
  return 0;
}
