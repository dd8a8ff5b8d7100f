/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* BER-TLV as SGP.22 uses it (X.690 8.1): tags of one to three octets, definite lengths of up to four octets,
 * not necessarily minimal. Nothing is copied while reading: an LpadTlv points into the octets that it was
 * read from. */

/**
 * LpadTlv:
 * @tag: the tag's octets as a big-endian number, such as 0x5a, 0x9f70, 0xbf37
 * @data, @size: the whole TLV as received, tag and length included: what signatures cover and what is relayed
 * @value, @length: its content
 */
typedef struct
{
  guint32 tag;
  const guint8 *data;
  gsize size;
  const guint8 *value;
  gsize length;
} LpadTlv;

typedef struct
{
  const guint8 *next;
  gsize left;
} LpadTlvIter;

/** lpad_tlv_iter_init: reads the TLVs that stand one after the other in @data. */
void lpad_tlv_iter_init (LpadTlvIter *iter, const guint8 *data, gsize size);

/** lpad_tlv_iter_init_children: reads the TLVs inside @parent. */
void lpad_tlv_iter_init_children (LpadTlvIter *iter, const LpadTlv *parent);

/**
 * lpad_tlv_iter_next: the next TLV.
 * Returns: FALSE without error at the end, FALSE with %LPAD_ERROR_PROTOCOL_ERROR when the octets are no TLV
 */
gboolean lpad_tlv_iter_next (LpadTlvIter *iter, LpadTlv *tlv, GError **error);

/**
 * lpad_tlv_parse: @data is exactly one TLV with @tag, nothing behind it.
 * @tag: the tag that it must have, 0: any
 */
gboolean lpad_tlv_parse (const guint8 *data, gsize size, guint32 tag, LpadTlv *tlv, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean
lpad_tlv_parse_bytes (GBytes *bytes, guint32 tag, LpadTlv *tlv, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_tlv_find: the first child of @parent with @tag; others are skipped.
 * Returns: FALSE with %LPAD_ERROR_PROTOCOL_ERROR naming the tag when there is none or the content is
 * malformed
 */
gboolean
lpad_tlv_find (const LpadTlv *parent, guint32 tag, LpadTlv *child, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_tlv_find_optional: like lpad_tlv_find(), but an absent child is no error: then @child->data is NULL.
 * Returns: FALSE only when the content is malformed
 */
gboolean lpad_tlv_find_optional (const LpadTlv *parent, guint32 tag, LpadTlv *child, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_tlv_get_uint: the INTEGER in @tlv as an unsigned number; 1 to 8 octets (and a leading 00), not
 * negative. */
gboolean lpad_tlv_get_uint (const LpadTlv *tlv, guint64 *number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_tlv_get_bits: the BIT STRING in @tlv: bit n of the string is bit n of @bits; absent bits are 0, bits
 * past 63 are an error only when set. */
gboolean lpad_tlv_get_bits (const LpadTlv *tlv, guint64 *bits, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_tlv_get_bytes: a copy of the content; lpad_tlv_dup: a copy of the whole TLV. */
GBytes *lpad_tlv_get_bytes (const LpadTlv *tlv);
GBytes *lpad_tlv_dup (const LpadTlv *tlv);

/** lpad_tlv_equal: same tag and same content. */
gboolean lpad_tlv_equal (const LpadTlv *a, const LpadTlv *b);

/**
 * LpadTlvBuilder: writes DER. Containers are opened and closed; lengths are filled in at the end. A
 * programmer's mistake is a g_return_if_fail(): unbalanced containers, or a piece of content of more than 64
 * KiB, to which a reply of ES9+, the largest thing that lpad wraps, is limited.
 */
typedef struct _LpadTlvBuilder LpadTlvBuilder;

LpadTlvBuilder *lpad_tlv_builder_new (void);
void lpad_tlv_builder_free (LpadTlvBuilder *builder);
/** lpad_tlv_builder_open: begins a container with @tag; lpad_tlv_builder_close: ends the innermost one. */
void lpad_tlv_builder_open (LpadTlvBuilder *builder, guint32 tag);
void lpad_tlv_builder_close (LpadTlvBuilder *builder);
/** lpad_tlv_builder_add: one primitive of @length octets; lpad_tlv_builder_add_text,
 * lpad_tlv_builder_add_uint, lpad_tlv_builder_add_bool: a UTF8String, INTEGER or BOOLEAN in DER. */
void lpad_tlv_builder_add (LpadTlvBuilder *builder, guint32 tag, const void *value, gsize length);
void lpad_tlv_builder_add_text (LpadTlvBuilder *builder, guint32 tag, const char *text);
void lpad_tlv_builder_add_uint (LpadTlvBuilder *builder, guint32 tag, guint64 number);
void lpad_tlv_builder_add_bool (LpadTlvBuilder *builder, guint32 tag, gboolean value);
/** lpad_tlv_builder_add_raw: octets that are TLVs already, unchanged. */
void lpad_tlv_builder_add_raw (LpadTlvBuilder *builder, const void *data, gsize size);
void lpad_tlv_builder_add_raw_bytes (LpadTlvBuilder *builder, GBytes *bytes);
/** lpad_tlv_builder_end: what was written; the builder is empty afterwards. */
GBytes *lpad_tlv_builder_end (LpadTlvBuilder *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadTlvBuilder, lpad_tlv_builder_free)

G_END_DECLS
