/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include "tlv.h"

#define DEPTH_MAX 8

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What is read must lie inside its parent and, written again tag by tag, be found again. */
static void
walk (const guint8 *data, gsize size, guint depth)
{
  g_autoptr (GError) error = NULL;
  LpadTlvIter iter;
  LpadTlv tlv;

  lpad_tlv_iter_init (&iter, data, size);
  while (lpad_tlv_iter_next (&iter, &tlv, &error))
    {
      g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
      g_autoptr (GBytes) again = NULL;
      guint64 number;
      LpadTlv child;

      g_assert_true (tlv.data >= data && tlv.data + tlv.size <= data + size);
      g_assert_true (tlv.value + tlv.length == tlv.data + tlv.size);

      if (tlv.length <= 1024)
        {
          lpad_tlv_builder_add (builder, tlv.tag, tlv.value, tlv.length);
          again = lpad_tlv_builder_end (builder);
          g_assert_true (lpad_tlv_parse_bytes (again, tlv.tag, &child, NULL));
          g_assert_true (lpad_tlv_equal (&tlv, &child));
        }
      if (!lpad_tlv_get_uint (&tlv, &number, NULL) || !lpad_tlv_get_bits (&tlv, &number, NULL)
          || !lpad_tlv_find (&tlv, 0x80, &child, NULL))
        g_assert_nonnull (tlv.data);
      if (depth < DEPTH_MAX)
        walk (tlv.value, tlv.length, depth + 1);
    }
  g_assert_true ((iter.left == 0) == (error == NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  LpadTlv tlv;

  walk (data, size, 0);
  if (lpad_tlv_parse (data, size, 0, &tlv, NULL))
    g_assert_true (tlv.data == data && tlv.size == size);
  return 0;
}
