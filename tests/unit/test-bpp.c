/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "bpp.h"
#include "error-details.h"
#include "tlv.h"

#define MAC "macmacma"

/* What a package is built from; zero-initialised it is a good one of the smallest size. */
typedef struct
{
  guint n_first_87;  /* 0: 1 */
  guint n_88;        /* pieces of the metadata, 0: 1 */
  guint n_second_87; /* 0: no ReplaceSessionKeys */
  guint n_86;        /* 0: 1 */
  guint remote_op;   /* 0: 1 */
  guint transaction; /* octets, 0: 16 */
  guint32 child_86;  /* tag of the profile elements, 0: 86 */
  guint32 skip;      /* tag of a part that is left out */
  guint32 empty;     /* tag of a sequence that is empty */
  guint32 twice;     /* tag of a part that is there twice */
  guint32 extra;     /* tag of a part added at the end */
  guint32 metadata;  /* tag of the metadata, 0: BF25 */
} Recipe;

static void
add_secure_channel (LpadTlvBuilder *builder, const Recipe *recipe)
{
  static const guint8 octets[65] = { 4 };

  lpad_tlv_builder_open (builder, 0xbf23);
  lpad_tlv_builder_add_uint (builder, 0x82, recipe->remote_op != 0 ? recipe->remote_op : 1);
  lpad_tlv_builder_add (builder, 0x80, octets, recipe->transaction != 0 ? recipe->transaction : 16);
  lpad_tlv_builder_open (builder, 0xa6);
  lpad_tlv_builder_add (builder, 0x80, "\x88", 1);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add (builder, 0x5f49, octets, 65);
  lpad_tlv_builder_add (builder, 0x5f37, octets, 64);
  lpad_tlv_builder_close (builder);
}

static GBytes *
build_metadata (const Recipe *recipe)
{
  static const guint8 iccid[] = { 0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14 };
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_open (builder, recipe->metadata != 0 ? recipe->metadata : 0xbf25);
  lpad_tlv_builder_add (builder, 0x5a, iccid, sizeof iccid);
  lpad_tlv_builder_add_text (builder, 0x91, "Operator");
  lpad_tlv_builder_add_text (builder, 0x92, "Plan");
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

static void
add_metadata (LpadTlvBuilder *builder, const Recipe *recipe)
{
  g_autoptr (GBytes) metadata = build_metadata (recipe);
  gsize size;
  const guint8 *data = g_bytes_get_data (metadata, &size);
  guint n = MAX (recipe->n_88, 1);

  for (guint i = 0; i < n; i++)
    {
      gsize begin = size * i / n;
      gsize end = size * (i + 1) / n;
      g_autoptr (GByteArray) piece = g_byte_array_new ();

      g_byte_array_append (piece, data + begin, (guint) (end - begin));
      g_byte_array_append (piece, (const guint8 *) MAC, 8);
      lpad_tlv_builder_add (builder, 0x88, piece->data, piece->len);
    }
}

static void
add_part (LpadTlvBuilder *builder, guint32 tag, const Recipe *recipe)
{
  static const guint8 octets[1016] = { 0 };
  guint n = 0;

  if (tag == 0xbf23)
    {
      add_secure_channel (builder, recipe);
      return;
    }

  lpad_tlv_builder_open (builder, tag);
  if (tag != recipe->empty && tag == 0xa1)
    add_metadata (builder, recipe);
  else if (tag != recipe->empty)
    n = tag == 0xa3   ? MAX (recipe->n_86, 1)
        : tag == 0xa2 ? MAX (recipe->n_second_87, 1)
        : tag == 0xa0 ? MAX (recipe->n_first_87, 1)
                      : 0;
  for (guint i = 0; i < n; i++)
    {
      if (tag == 0xa3)
        lpad_tlv_builder_add (builder, recipe->child_86 != 0 ? recipe->child_86 : 0x86, octets, 1016);
      else
        lpad_tlv_builder_add (builder, 0x87, octets, 24 + i);
    }
  lpad_tlv_builder_close (builder);
}

static GBytes *
build (const Recipe *recipe)
{
  static const guint32 parts[] = { 0xbf23, 0xa0, 0xa1, 0xa2, 0xa3 };
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_open (builder, 0xbf36);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      if (parts[i] == recipe->skip || (parts[i] == 0xa2 && recipe->n_second_87 == 0 && recipe->empty != 0xa2))
        continue;
      add_part (builder, parts[i], recipe);
      if (parts[i] == recipe->twice)
        add_part (builder, parts[i], recipe);
    }
  if (recipe->extra != 0)
    lpad_tlv_builder_add (builder, recipe->extra, NULL, 0);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

/* The segments one after the other are the package. */
static void
assert_complete (const LpadBpp *bpp, GBytes *raw)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint i = 0; i < lpad_bpp_n_segments (bpp); i++)
    {
      const LpadBppSegment *segment = lpad_bpp_segment (bpp, i);

      g_assert_cmpuint (segment->size, >, 0);
      g_byte_array_append (all, segment->data, (guint) segment->size);
    }
  g_assert_cmpmem (all->data, all->len, g_bytes_get_data (raw, NULL), g_bytes_get_size (raw));
  g_assert_cmpuint (lpad_bpp_size (bpp), ==, g_bytes_get_size (raw));
}

static void
assert_segment (const LpadBpp *bpp, guint index, const char *what, guint8 first, gsize size)
{
  const LpadBppSegment *segment = lpad_bpp_segment (bpp, index);

  g_assert_cmpstr (segment->what, ==, what);
  g_assert_cmphex (segment->data[0], ==, first);
  g_assert_cmpuint (segment->size, ==, size);
}

static void
test_smallest (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) raw = build (&(Recipe){ 0 });
  g_autoptr (LpadBpp) bpp = lpad_bpp_parse (raw, &error);
  gsize size;

  g_assert_no_error (error);
  assert_complete (bpp, raw);
  g_assert_cmpuint (lpad_bpp_n_segments (bpp), ==, 6);
  assert_segment (bpp, 0, "initialiseSecureChannel", 0xbf, 5 + 165);
  assert_segment (bpp, 1, "configureISDP", 0xa0, 2 + 2 + 24);
  assert_segment (bpp, 2, "storeMetadata", 0xa1, 2);
  assert_segment (bpp, 3, "storeMetadata", 0x88, 2 + 31 + 8);
  assert_segment (bpp, 4, "loadProfileElements", 0xa3, 4);
  assert_segment (bpp, 5, "loadProfileElements", 0x86, 1020);

  lpad_bpp_transaction_id (bpp, &size);
  g_assert_cmpuint (size, ==, 16);
  g_assert_cmpstr (lpad_bpp_metadata (bpp)->service_provider, ==, "Operator");
  g_assert_cmpstr (lpad_bpp_metadata (bpp)->name, ==, "Plan");
}

static void
test_all_parts (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) raw
      = build (&(Recipe){ .n_first_87 = 2, .n_88 = 3, .n_second_87 = 2, .n_86 = 12, .transaction = 8 });
  g_autoptr (LpadBpp) bpp = lpad_bpp_parse (raw, &error);
  gsize size;

  g_assert_no_error (error);
  assert_complete (bpp, raw);
  g_assert_cmpuint (lpad_bpp_n_segments (bpp), ==, 1 + 2 + 1 + 3 + 2 + 1 + 12);
  assert_segment (bpp, 1, "configureISDP", 0xa0, 2 + 26);
  assert_segment (bpp, 2, "configureISDP", 0x87, 27);
  assert_segment (bpp, 3, "storeMetadata", 0xa1, 2);
  assert_segment (bpp, 7, "replaceSessionKeys", 0xa2, 2 + 26);
  assert_segment (bpp, 8, "replaceSessionKeys", 0x87, 27);
  assert_segment (bpp, 9, "loadProfileElements", 0xa3, 4);
  for (guint i = 10; i < 22; i++)
    assert_segment (bpp, i, "loadProfileElements", 0x86, 1020);

  lpad_bpp_transaction_id (bpp, &size);
  g_assert_cmpuint (size, ==, 8);
  g_assert_cmpstr (lpad_bpp_metadata (bpp)->name, ==, "Plan");
}

/* Lengths that are longer than needed go to the chip as they came. */
static void
test_long_lengths (void)
{
  static const guint8 header[] = { 0xbf, 0x36, 0x84, 0x00, 0x00 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) minimal = build (&(Recipe){ 0 });
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  g_autoptr (GBytes) raw = NULL;
  g_autoptr (LpadBpp) bpp = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (minimal, &size);

  g_assert_cmphex (data[2], ==, 0x82);
  g_byte_array_append (octets, header, sizeof header);
  g_byte_array_append (octets, data + 3, (guint) size - 3);
  raw = g_bytes_new (octets->data, octets->len);
  bpp = lpad_bpp_parse (raw, &error);

  g_assert_no_error (error);
  assert_complete (bpp, raw);
  assert_segment (bpp, 0, "initialiseSecureChannel", 0xbf, 7 + 165);
}

static void
test_malformed (void)
{
  static const Recipe bad[] = {
    { .skip = 0xbf23 },     { .skip = 0xa0 },      { .skip = 0xa1 },     { .skip = 0xa3 },
    { .empty = 0xa0 },      { .empty = 0xa1 },     { .empty = 0xa2 },    { .empty = 0xa3 },
    { .twice = 0xbf23 },    { .twice = 0xa0 },     { .twice = 0xa1 },    { .n_second_87 = 1, .twice = 0xa2 },
    { .twice = 0xa3 },      { .extra = 0xa4 },     { .extra = 0xbf25 },  { .extra = 0xa2 },
    { .remote_op = 2 },     { .transaction = 17 }, { .child_86 = 0x87 }, { .child_86 = 0x88 },
    { .metadata = 0xbf2a },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) raw = build (&bad[i]);

      g_test_message ("recipe %" G_GSIZE_FORMAT, i);
      g_assert_null (lpad_bpp_parse (raw, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      g_assert_true (g_str_has_prefix (error->message, "the profile package is malformed: "));
    }
}

/* Whatever is cut off or added, it is noticed. */
static void
test_cut (void)
{
  g_autoptr (GBytes) raw = build (&(Recipe){ .n_second_87 = 1 });
  g_autoptr (GByteArray) longer = g_byte_array_new ();
  g_autoptr (GBytes) extended = NULL;

  for (gsize size = 0; size < g_bytes_get_size (raw); size++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (raw, 0, size);

      g_assert_null (lpad_bpp_parse (cut, NULL));
    }

  g_byte_array_append (longer, g_bytes_get_data (raw, NULL), (guint) g_bytes_get_size (raw));
  g_byte_array_append (longer, (const guint8 *) "", 1);
  extended = g_bytes_new (longer->data, longer->len);
  g_assert_null (lpad_bpp_parse (extended, NULL));
}

static void
test_short_mac (void)
{
  static const guint8 short_88[] = { 0xa1, 0x09, 0x88, 0x07, 1, 2, 3, 4, 5, 6, 7 };
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) raw = NULL;
  const Recipe recipe = { 0 };

  lpad_tlv_builder_open (builder, 0xbf36);
  add_part (builder, 0xbf23, &recipe);
  add_part (builder, 0xa0, &recipe);
  lpad_tlv_builder_add_raw (builder, short_88, sizeof short_88);
  add_part (builder, 0xa3, &recipe);
  lpad_tlv_builder_close (builder);
  raw = lpad_tlv_builder_end (builder);
  g_assert_null (lpad_bpp_parse (raw, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static void
test_maximum (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) raw = g_bytes_new_take (g_malloc0 (LPAD_BPP_MAX + 1), LPAD_BPP_MAX + 1);

  g_assert_null (lpad_bpp_parse (raw, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_nonnull (strstr (error->message, "1 MiB"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bpp/smallest", test_smallest);
  g_test_add_func ("/bpp/all-parts", test_all_parts);
  g_test_add_func ("/bpp/long-lengths", test_long_lengths);
  g_test_add_func ("/bpp/malformed", test_malformed);
  g_test_add_func ("/bpp/cut", test_cut);
  g_test_add_func ("/bpp/short-mac", test_short_mac);
  g_test_add_func ("/bpp/maximum", test_maximum);
  return g_test_run ();
}
