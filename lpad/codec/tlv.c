/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tlv.h"

#include <string.h>

#include "error-details.h"

#define TAG_MAX     3 /* octets */
#define LENGTH_MAX  4 /* octets behind the first one */
#define CONTENT_MAX (64 * 1024)

static gboolean
malformed (GError **error, const char *what)
{
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "malformed TLV: %s", what);
  return FALSE;
}

/* Reads the identifier octets (X.690 8.1.2). Returns how many there are, 0: malformed. */
static gsize
read_tag (const guint8 *data, gsize size, guint32 *tag)
{
  gsize used = 1;

  if (size == 0)
    return 0;

  *tag = data[0];
  if ((data[0] & 0x1f) != 0x1f)
    return *tag != 0 ? 1 : 0; /* 00 would be the end of an indefinite length */

  do
    {
      if (used == size || used == TAG_MAX)
        return 0;
      if (used == 1 && data[used] == 0x80)
        return 0; /* leading zeros: the same tag could be written in two ways */
      *tag = *tag << 8 | data[used];
    }
  while (data[used++] & 0x80);

  return used;
}

/* Reads the length octets (X.690 8.1.3), definite forms only. Returns how many there are, 0: malformed. */
static gsize
read_length (const guint8 *data, gsize size, gsize *length)
{
  gsize octets;
  guint32 number = 0;

  if (size == 0)
    return 0;
  if (data[0] < 0x80)
    {
      *length = data[0];
      return 1;
    }

  octets = data[0] & 0x7f;
  if (octets == 0 || octets > LENGTH_MAX || octets > size - 1)
    return 0;
  for (gsize i = 1; i <= octets; i++)
    number = number << 8 | data[i];
  *length = number;
  return 1 + octets;
}

void
lpad_tlv_iter_init (LpadTlvIter *iter, const guint8 *data, gsize size)
{
  g_return_if_fail (data != NULL || size == 0);

  iter->next = data;
  iter->left = size;
}

void
lpad_tlv_iter_init_children (LpadTlvIter *iter, const LpadTlv *parent)
{
  lpad_tlv_iter_init (iter, parent->value, parent->length);
}

gboolean
lpad_tlv_iter_next (LpadTlvIter *iter, LpadTlv *tlv, GError **error)
{
  guint32 tag = 0;
  gsize tag_octets;
  gsize length = 0;
  gsize length_octets;
  gsize header;

  if (iter->left == 0)
    return FALSE;

  tag_octets = read_tag (iter->next, iter->left, &tag);
  if (tag_octets == 0)
    return malformed (error, "bad tag");
  length_octets = read_length (iter->next + tag_octets, iter->left - tag_octets, &length);
  if (length_octets == 0)
    return malformed (error, "bad length");
  header = tag_octets + length_octets;
  if (length > iter->left - header)
    return malformed (error, "longer than the data around it");

  tlv->tag = tag;
  tlv->data = iter->next;
  tlv->size = header + length;
  tlv->value = iter->next + header;
  tlv->length = length;
  iter->next += tlv->size;
  iter->left -= tlv->size;
  return TRUE;
}

gboolean
lpad_tlv_parse (const guint8 *data, gsize size, guint32 tag, LpadTlv *tlv, GError **error)
{
  LpadTlvIter iter;
  LpadTlv found;

  lpad_tlv_iter_init (&iter, data, size);
  if (size == 0)
    return malformed (error, "empty");
  if (!lpad_tlv_iter_next (&iter, &found, error))
    return FALSE;
  if (tag != 0 && found.tag != tag)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "unexpected data object %02X where %02X belongs",
                   found.tag,
                   tag);
      return FALSE;
    }
  if (iter.left != 0)
    return malformed (error, "more data behind its end");

  *tlv = found;
  return TRUE;
}

gboolean
lpad_tlv_parse_bytes (GBytes *bytes, guint32 tag, LpadTlv *tlv, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return lpad_tlv_parse (data, size, tag, tlv, error);
}

gboolean
lpad_tlv_find_optional (const LpadTlv *parent, guint32 tag, LpadTlv *child, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  LpadTlv found = { 0 };
  LpadTlvIter iter;
  LpadTlv tlv;

  /* Reads on after a match: trailing octets that are no TLV make the parent malformed. */
  lpad_tlv_iter_init_children (&iter, parent);
  while (lpad_tlv_iter_next (&iter, &tlv, &local_error))
    {
      if (tlv.tag == tag && found.data == NULL)
        found = tlv;
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      lpad_error_wrap (error, "in data object %02X", parent->tag);
      return FALSE;
    }

  *child = found;
  return TRUE;
}

gboolean
lpad_tlv_find (const LpadTlv *parent, guint32 tag, LpadTlv *child, GError **error)
{
  LpadTlv found;

  if (!lpad_tlv_find_optional (parent, tag, &found, error))
    return FALSE;
  if (found.data == NULL)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "data object %02X is missing in %02X",
                   tag,
                   parent->tag);
      return FALSE;
    }

  *child = found;
  return TRUE;
}

gboolean
lpad_tlv_get_uint (const LpadTlv *tlv, guint64 *number, GError **error)
{
  guint64 result = 0;

  if (tlv->length == 0)
    return malformed (error, "a number without octets");
  if ((tlv->value[0] & 0x80) != 0)
    return malformed (error, "a negative number");
  if (tlv->length > 9 || (tlv->length == 9 && tlv->value[0] != 0))
    return malformed (error, "a number of more than 64 bits");

  for (gsize i = 0; i < tlv->length; i++)
    result = result << 8 | tlv->value[i];
  *number = result;
  return TRUE;
}

gboolean
lpad_tlv_get_bits (const LpadTlv *tlv, guint64 *bits, GError **error)
{
  guint64 result = 0;

  /* The number of unused bits is only checked for range: encoders are seen to get it wrong, and a set bit
   * means the same with any of them. */
  if (tlv->length == 0 || tlv->value[0] > 7)
    return malformed (error, "a bit string without its number of unused bits");

  for (gsize i = 1; i < tlv->length; i++)
    {
      for (guint bit = 0; bit < 8; bit++)
        {
          gsize n = (i - 1) * 8 + bit;

          if ((tlv->value[i] & (0x80 >> bit)) == 0)
            continue;
          if (n > 63)
            return malformed (error, "a bit string of more than 64 bits");
          result |= G_GUINT64_CONSTANT (1) << n;
        }
    }
  *bits = result;
  return TRUE;
}

GBytes *
lpad_tlv_get_bytes (const LpadTlv *tlv)
{
  return g_bytes_new (tlv->value, tlv->length);
}

GBytes *
lpad_tlv_dup (const LpadTlv *tlv)
{
  return g_bytes_new (tlv->data, tlv->size);
}

gboolean
lpad_tlv_equal (const LpadTlv *a, const LpadTlv *b)
{
  return a->tag == b->tag && a->length == b->length
         && (a->length == 0 || memcmp (a->value, b->value, a->length) == 0);
}

typedef struct
{
  guint32 tag;
  guint start; /* where the content begins */
} OpenContainer;

struct _LpadTlvBuilder
{
  GByteArray *bytes;
  GArray *open; /* of OpenContainer, innermost last */
};

/* Writes tag and length into @header. Returns the number of octets. */
static guint
write_header (guint8 header[TAG_MAX + 1 + LENGTH_MAX], guint32 tag, gsize length)
{
  guint used = 0;
  int shift;

  for (shift = 8 * (TAG_MAX - 1); shift > 0 && tag >> shift == 0; shift -= 8)
    ;
  for (; shift >= 0; shift -= 8)
    header[used++] = (guint8) (tag >> shift);

  if (length < 0x80)
    {
      header[used++] = (guint8) length;
      return used;
    }
  for (shift = 8 * (LENGTH_MAX - 1); length >> shift == 0; shift -= 8)
    ;
  header[used++] = (guint8) (0x80 | (shift / 8 + 1));
  for (; shift >= 0; shift -= 8)
    header[used++] = (guint8) (length >> shift);
  return used;
}

LpadTlvBuilder *
lpad_tlv_builder_new (void)
{
  LpadTlvBuilder *builder = g_new0 (LpadTlvBuilder, 1);

  builder->bytes = g_byte_array_new ();
  builder->open = g_array_new (FALSE, FALSE, sizeof (OpenContainer));
  return builder;
}

void
lpad_tlv_builder_free (LpadTlvBuilder *builder)
{
  if (builder == NULL)
    return;

  g_byte_array_unref (builder->bytes);
  g_array_unref (builder->open);
  g_free (builder);
}

void
lpad_tlv_builder_open (LpadTlvBuilder *builder, guint32 tag)
{
  OpenContainer container = { tag, builder->bytes->len };

  g_return_if_fail (tag != 0 && tag < 1u << (8 * TAG_MAX));

  g_array_append_val (builder->open, container);
}

void
lpad_tlv_builder_close (LpadTlvBuilder *builder)
{
  guint8 header[TAG_MAX + 1 + LENGTH_MAX];
  OpenContainer container;
  guint length;
  guint used;

  g_return_if_fail (builder->open->len > 0);

  container = g_array_index (builder->open, OpenContainer, builder->open->len - 1);
  g_array_set_size (builder->open, builder->open->len - 1);

  length = builder->bytes->len - container.start;
  used = write_header (header, container.tag, length);
  g_byte_array_set_size (builder->bytes, builder->bytes->len + used);
  memmove (builder->bytes->data + container.start + used, builder->bytes->data + container.start, length);
  memcpy (builder->bytes->data + container.start, header, used);
}

void
lpad_tlv_builder_add (LpadTlvBuilder *builder, guint32 tag, const void *value, gsize length)
{
  guint8 header[TAG_MAX + 1 + LENGTH_MAX];

  g_return_if_fail (tag != 0 && tag < 1u << (8 * TAG_MAX));
  g_return_if_fail (value != NULL || length == 0);
  g_return_if_fail (length <= CONTENT_MAX);

  g_byte_array_append (builder->bytes, header, write_header (header, tag, length));
  lpad_tlv_builder_add_raw (builder, value, length);
}

void
lpad_tlv_builder_add_text (LpadTlvBuilder *builder, guint32 tag, const char *text)
{
  g_return_if_fail (text != NULL);

  lpad_tlv_builder_add (builder, tag, text, strlen (text));
}

void
lpad_tlv_builder_add_uint (LpadTlvBuilder *builder, guint32 tag, guint64 number)
{
  guint8 octets[9] = { 0 }; /* the first stays 0: the sign */
  gsize skip = 0;

  for (gsize i = 0; i < 8; i++)
    octets[8 - i] = (guint8) (number >> (8 * i));
  while (skip < 8 && octets[skip] == 0 && (octets[skip + 1] & 0x80) == 0)
    skip++;

  lpad_tlv_builder_add (builder, tag, octets + skip, sizeof octets - skip);
}

void
lpad_tlv_builder_add_bool (LpadTlvBuilder *builder, guint32 tag, gboolean value)
{
  guint8 octet = value ? 0xff : 0x00;

  lpad_tlv_builder_add (builder, tag, &octet, 1);
}

void
lpad_tlv_builder_add_raw (LpadTlvBuilder *builder, const void *data, gsize size)
{
  g_return_if_fail (data != NULL || size == 0);
  g_return_if_fail (size <= CONTENT_MAX && builder->bytes->len <= CONTENT_MAX);

  if (size > 0)
    g_byte_array_append (builder->bytes, data, (guint) size);
}

void
lpad_tlv_builder_add_raw_bytes (LpadTlvBuilder *builder, GBytes *bytes)
{
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);

  lpad_tlv_builder_add_raw (builder, data, size);
}

GBytes *
lpad_tlv_builder_end (LpadTlvBuilder *builder)
{
  GByteArray *bytes;

  g_return_val_if_fail (builder->open->len == 0, NULL);

  bytes = g_steal_pointer (&builder->bytes);
  builder->bytes = g_byte_array_new ();
  return g_byte_array_free_to_bytes (bytes);
}
