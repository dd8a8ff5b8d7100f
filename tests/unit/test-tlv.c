/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "error-details.h"
#include "hex.h"
#include "tlv.h"

static GBytes *
from_hex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = lpad_hex_decode (hex, 4096, &error);

  g_assert_no_error (error);
  return bytes;
}

static void
assert_hex (GBytes *bytes, const char *expected)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *hex = lpad_hex_encode (data, size);

  g_assert_cmpstr (hex, ==, expected);
}

static void
test_iter (void)
{
  g_autoptr (GBytes) bytes = from_hex ("bf2d08a00080009f7001015a00bf81010161");
  g_autoptr (GError) error = NULL;
  LpadTlvIter iter;
  LpadTlv tlv;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  lpad_tlv_iter_init (&iter, data, size);
  g_assert_true (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_cmphex (tlv.tag, ==, 0xbf2d);
  g_assert_cmpuint (tlv.size, ==, 11);
  g_assert_cmpuint (tlv.length, ==, 8);
  g_assert_true (tlv.data == data && tlv.value == data + 3);

  g_assert_true (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_cmphex (tlv.tag, ==, 0x5a);
  g_assert_cmpuint (tlv.length, ==, 0);
  g_assert_true (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_cmphex (tlv.tag, ==, 0xbf8101);
  g_assert_cmpmem (tlv.value, tlv.length, "a", 1);
  g_assert_false (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_no_error (error);
}

static void
test_iter_children (void)
{
  g_autoptr (GBytes) bytes = from_hex ("bf2d08a00080009f700101");
  g_autoptr (GError) error = NULL;
  LpadTlvIter iter;
  LpadTlv parent;
  LpadTlv tlv;

  g_assert_true (lpad_tlv_parse_bytes (bytes, 0xbf2d, &parent, &error));
  lpad_tlv_iter_init_children (&iter, &parent);
  g_assert_true (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_cmphex (tlv.tag, ==, 0xa0);
  g_assert_true (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_cmphex (tlv.tag, ==, 0x80);
  g_assert_true (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_cmphex (tlv.tag, ==, 0x9f70);
  g_assert_false (lpad_tlv_iter_next (&iter, &tlv, &error));
  g_assert_no_error (error);
}

/* X.690 8.1.3.5: more length octets than needed are legal in BER. */
static void
test_length_forms (void)
{
  static const char *const forms[]
      = { "8002abcd", "808102abcd", "80820002abcd", "8083000002abcd", "808400000002abcd" };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (forms[i]);
      g_autoptr (GError) error = NULL;
      LpadTlv tlv;

      g_assert_true (lpad_tlv_parse_bytes (bytes, 0x80, &tlv, &error));
      g_assert_cmpmem (tlv.value, tlv.length, "\xab\xcd", 2);
      g_assert_cmpuint (tlv.size, ==, g_bytes_get_size (bytes));
    }
}

static void
test_malformed (void)
{
  static const char *const bad[] = {
    "",                     /* nothing */
    "80",                   /* no length */
    "8001",                 /* no content */
    "8003abcd",             /* content cut off */
    "8081",                 /* length cut off */
    "808200",               /* length cut off */
    "80800000",             /* indefinite length */
    "80850000000001ab",     /* length of five octets */
    "8084ffffffff",         /* length that overflows */
    "80ff",                 /* reserved length form */
    "9f",                   /* tag cut off */
    "9f80",                 /* tag cut off */
    "9f800100",             /* tag with leading zeros */
    "bf81818100",           /* tag of five octets */
    "0000",                 /* end of contents */
    "8001abcd",             /* something behind */
    "800180008001ab810000", /* several */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (bad[i]);
      g_autoptr (GError) error = NULL;
      LpadTlv tlv = { .tag = 0x1234 };

      g_assert_false (lpad_tlv_parse_bytes (bytes, 0, &tlv, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      g_assert_cmphex (tlv.tag, ==, 0x1234);
    }
}

static void
test_wrong_tag (void)
{
  g_autoptr (GBytes) bytes = from_hex ("bf2e00");
  g_autoptr (GError) error = NULL;
  LpadTlv tlv;

  g_assert_false (lpad_tlv_parse_bytes (bytes, 0xbf20, &tlv, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_nonnull (strstr (error->message, "BF2E"));
  g_assert_nonnull (strstr (error->message, "BF20"));
}

static void
test_find (void)
{
  g_autoptr (GBytes) bytes = from_hex ("300c8001018001028101030c0161");
  g_autoptr (GError) error = NULL;
  LpadTlv parent;
  LpadTlv child;

  g_assert_true (lpad_tlv_parse_bytes (bytes, 0x30, &parent, NULL));
  g_assert_true (lpad_tlv_find (&parent, 0x80, &child, &error));
  g_assert_cmpmem (child.value, child.length, "\x01", 1);
  g_assert_true (lpad_tlv_find (&parent, 0x0c, &child, &error));
  g_assert_cmpmem (child.value, child.length, "a", 1);

  g_assert_true (lpad_tlv_find_optional (&parent, 0x5a, &child, &error));
  g_assert_null (child.data);
  g_assert_no_error (error);
  g_assert_false (lpad_tlv_find (&parent, 0x5a, &child, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_nonnull (strstr (error->message, "5A"));
}

static void
test_find_malformed (void)
{
  g_autoptr (GBytes) bytes = from_hex ("300580010181ff");
  g_autoptr (GError) error = NULL;
  LpadTlv parent = { 0 };
  LpadTlv child = { 0 };

  g_assert_true (lpad_tlv_parse_bytes (bytes, 0x30, &parent, NULL));
  g_assert_false (lpad_tlv_find_optional (&parent, 0x80, &child, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static void
test_uint (void)
{
  static const struct
  {
    const char *hex;
    guint64 number;
  } good[] = {
    { "020100", 0 },
    { "02017f", 127 },
    { "02020080", 128 },
    { "0203011170", 70000 },
    { "02087fffffffffffffff", G_MAXINT64 },
    { "020900ffffffffffffffff", G_MAXUINT64 },
    { "0204000000ff", 255 },
  };
  static const char *const bad[]
      = { "0200", "020180", "0208ffffffffffffffff", "020901ffffffffffffffff", "020a00000000000000000001" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (good[i].hex);
      g_autoptr (GError) error = NULL;
      guint64 number = 1;
      LpadTlv tlv;

      g_assert_true (lpad_tlv_parse_bytes (bytes, 0x02, &tlv, NULL));
      g_assert_true (lpad_tlv_get_uint (&tlv, &number, &error));
      g_assert_cmpuint (number, ==, good[i].number);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (bad[i]);
      g_autoptr (GError) error = NULL;
      guint64 number = 1;
      LpadTlv tlv;

      g_assert_true (lpad_tlv_parse_bytes (bytes, 0x02, &tlv, NULL));
      g_assert_false (lpad_tlv_get_uint (&tlv, &number, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      g_assert_cmpuint (number, ==, 1);
    }
}

static void
test_bits (void)
{
  static const struct
  {
    const char *hex;
    guint64 bits;
  } good[] = {
    { "030100", 0 },
    { "03020780", 1 << 0 },
    { "03020640", 1 << 1 },
    { "03020520", 1 << 2 },
    { "03020410", 1 << 3 },
    { "030204f0", 0x0f },
    { "03020080", 1 << 0 },
    { "0303060040", 1 << 9 },
    { "030a00000000000000000100", G_GUINT64_CONSTANT (1) << 63 },
  };
  static const char *const bad[] = { "0300", "03020880", "030a00000000000000000080" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (good[i].hex);
      g_autoptr (GError) error = NULL;
      guint64 bits = 1;
      LpadTlv tlv;

      g_assert_true (lpad_tlv_parse_bytes (bytes, 0x03, &tlv, &error));
      g_assert_true (lpad_tlv_get_bits (&tlv, &bits, &error));
      g_assert_cmphex (bits, ==, good[i].bits);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (bad[i]);
      g_autoptr (GError) error = NULL;
      guint64 bits;
      LpadTlv tlv;

      g_assert_true (lpad_tlv_parse_bytes (bytes, 0x03, &tlv, NULL));
      g_assert_false (lpad_tlv_get_bits (&tlv, &bits, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

/* A known request: EnableProfile by ICCID with refresh (SGP.22 5.7.16). */
static void
test_build (void)
{
  static const guint8 iccid[] = { 0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14 };
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) enable = NULL;
  g_autoptr (GBytes) next = NULL;

  lpad_tlv_builder_open (builder, 0xbf31);
  lpad_tlv_builder_open (builder, 0xa0);
  lpad_tlv_builder_add (builder, 0x5a, iccid, sizeof iccid);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add_bool (builder, 0x81, TRUE);
  lpad_tlv_builder_close (builder);
  enable = lpad_tlv_builder_end (builder);
  assert_hex (enable, "bf3111a00c5a0a980010325476981032148101ff");

  lpad_tlv_builder_add_text (builder, 0x90, "Trip");
  lpad_tlv_builder_add_raw_bytes (builder, enable);
  next = lpad_tlv_builder_end (builder);
  assert_hex (next, "900454726970bf3111a00c5a0a980010325476981032148101ff");
}

static void
test_build_numbers (void)
{
  static const guint64 numbers[] = { 0, 1, 127, 128, 255, 256, 70000, G_MAXINT64, G_MAXUINT64 };
  static const char *const hex[] = { "800100",
                                     "800101",
                                     "80017f",
                                     "80020080",
                                     "800200ff",
                                     "80020100",
                                     "8003011170",
                                     "80087fffffffffffffff",
                                     "800900ffffffffffffffff" };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
      g_autoptr (GBytes) bytes = NULL;

      lpad_tlv_builder_add_uint (builder, 0x80, numbers[i]);
      bytes = lpad_tlv_builder_end (builder);
      assert_hex (bytes, hex[i]);
    }
}

static void
test_build_lengths (void)
{
  static const gsize lengths[] = { 0, 127, 128, 255, 256, 65535, 65536 };
  static const gsize headers[] = { 2, 2, 3, 3, 4, 4, 5 };
  g_autofree guint8 *content = g_malloc0 (65536);

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;
      LpadTlv outer;
      LpadTlv inner;

      lpad_tlv_builder_open (builder, 0xbf8101);
      lpad_tlv_builder_add (builder, 0x9f70, content, lengths[i]);
      lpad_tlv_builder_close (builder);
      bytes = lpad_tlv_builder_end (builder);
      g_assert_true (lpad_tlv_parse_bytes (bytes, 0xbf8101, &outer, &error));
      g_assert_true (lpad_tlv_find (&outer, 0x9f70, &inner, &error));
      g_assert_cmpuint (inner.length, ==, lengths[i]);
      g_assert_cmpuint (inner.size - inner.length, ==, headers[i] + 1);
    }
}

static void
test_equal (void)
{
  g_autoptr (GBytes) a = from_hex ("8001ab");
  g_autoptr (GBytes) b = from_hex ("808101ab");
  g_autoptr (GBytes) c = from_hex ("8101ab");
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) content = NULL;
  LpadTlv x, y, z;

  g_assert_true (lpad_tlv_parse_bytes (a, 0, &x, NULL));
  g_assert_true (lpad_tlv_parse_bytes (b, 0, &y, NULL));
  g_assert_true (lpad_tlv_parse_bytes (c, 0, &z, NULL));
  g_assert_true (lpad_tlv_equal (&x, &y));
  g_assert_false (lpad_tlv_equal (&x, &z));

  whole = lpad_tlv_dup (&y);
  content = lpad_tlv_get_bytes (&y);
  assert_hex (whole, "808101ab");
  assert_hex (content, "ab");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tlv/iter", test_iter);
  g_test_add_func ("/tlv/iter/children", test_iter_children);
  g_test_add_func ("/tlv/length-forms", test_length_forms);
  g_test_add_func ("/tlv/malformed", test_malformed);
  g_test_add_func ("/tlv/wrong-tag", test_wrong_tag);
  g_test_add_func ("/tlv/find", test_find);
  g_test_add_func ("/tlv/find/malformed", test_find_malformed);
  g_test_add_func ("/tlv/uint", test_uint);
  g_test_add_func ("/tlv/bits", test_bits);
  g_test_add_func ("/tlv/build", test_build);
  g_test_add_func ("/tlv/build/numbers", test_build_numbers);
  g_test_add_func ("/tlv/build/lengths", test_build_lengths);
  g_test_add_func ("/tlv/equal", test_equal);
  return g_test_run ();
}
