/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-objects.h"

#include "fake-chip.h"
#include "hex.h"
#include "tlv.h"

GBytes *
fake_iccid (void)
{
  return lpad_hex_decode (FAKE_ICCID, 10, NULL);
}

GBytes *
fake_metadata_new (guint64 number, LpadEvent event, const char *address)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  guint8 bits[] = { 4, 0 }; /* BIT STRING: unused bits, then bit 0 as the highest */

  for (guint bit = 0; bit < 4; bit++)
    if (event == (LpadEvent) (1 << bit))
      bits[1] = 0x80 >> bit;
  lpad_tlv_builder_open (builder, 0xbf2f);
  lpad_tlv_builder_add_uint (builder, 0x80, number);
  lpad_tlv_builder_add (builder, 0x81, bits, sizeof bits);
  lpad_tlv_builder_add_text (builder, 0x0c, address);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

GBytes *
fake_notification_new (GBytes *metadata)
{
  static const guint8 signature[64] = { 0 };
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_open (builder, 0x30);
  lpad_tlv_builder_add_raw_bytes (builder, metadata);
  lpad_tlv_builder_add (builder, 0x5f37, signature, sizeof signature);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

GBytes *
fake_result_new (guint64 number, const char *transaction_id, gboolean success)
{
  static const guint8 signature[64] = { 0 };
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) metadata = fake_metadata_new (number, LPAD_EVENT_INSTALL, FAKE_ADDRESS);
  g_autoptr (GBytes) id = lpad_hex_decode (transaction_id, 16, NULL);

  lpad_tlv_builder_open (builder, 0xbf37);
  lpad_tlv_builder_open (builder, 0xbf27);
  lpad_tlv_builder_add (builder, 0x80, g_bytes_get_data (id, NULL), g_bytes_get_size (id));
  lpad_tlv_builder_add_raw_bytes (builder, metadata);
  lpad_tlv_builder_open (builder, 0xa2);
  lpad_tlv_builder_open (builder, success ? 0xa0 : 0xa1);
  if (success)
    lpad_tlv_builder_add (builder, 0x04, "\x30\x00", 2);
  else
    {
      lpad_tlv_builder_add_uint (builder, 0x80, 5);
      lpad_tlv_builder_add_uint (builder, 0x81, 10);
    }
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add (builder, 0x5f37, signature, sizeof signature);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

char *
fake_result (guint64 number, const char *transaction_id, gboolean success)
{
  g_autoptr (GBytes) result = fake_result_new (number, transaction_id, success);

  return lpad_hex_encode (g_bytes_get_data (result, NULL), g_bytes_get_size (result));
}
