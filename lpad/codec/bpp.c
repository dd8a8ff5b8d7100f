/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bpp.h"

#include "buffer.h"
#include "error-details.h"
#include "tlv.h"

#define TAG_BPP            0xbf36
#define TAG_SECURE_CHANNEL 0xbf23
#define TAG_FIRST_87       0xa0
#define TAG_88             0xa1
#define TAG_SECOND_87      0xa2
#define TAG_86             0xa3
#define TAG_METADATA       0xbf25
#define TAG_REMOTE_OP      0x82
#define TAG_TRANSACTION_ID 0x80
#define TAG_CONTROL_REF    0xa6
#define TAG_PUBLIC_KEY     0x5f49
#define TAG_SIGNATURE      0x5f37

#define REMOTE_OP_INSTALL  1
#define MAC_SIZE           8 /* octets at the end of each 86, 87 and 88 (SGP.22 2.5.4) */
#define TRANSACTION_ID_MAX 16

struct _LpadBpp
{
  GBytes *raw;
  GArray *segments; /* of LpadBppSegment */
  const guint8 *transaction_id;
  gsize transaction_id_size;
  LpadProfile *metadata;
};

/* How the children of a sequence become segments (SGP.22 2.5.5, 5.7.6). */
typedef struct
{
  guint32 tag;
  guint32 child_tag;
  gboolean with_first; /* tag and length travel with the first child, else alone */
  const char *what;
} Sequence;

static const Sequence first_87 = { TAG_FIRST_87, 0x87, TRUE, "configureISDP" };
static const Sequence of_88 = { TAG_88, 0x88, FALSE, "storeMetadata" };
static const Sequence second_87 = { TAG_SECOND_87, 0x87, TRUE, "replaceSessionKeys" };
static const Sequence of_86 = { TAG_86, 0x86, FALSE, "loadProfileElements" };

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, message);
  return FALSE;
}

static void
add_segment (LpadBpp *bpp, const guint8 *begin, const guint8 *end, const char *what)
{
  LpadBppSegment segment = { begin, (gsize) (end - begin), what };

  g_array_append_val (bpp->segments, segment);
}

/* Checks @sequence and cuts it into segments. */
static gboolean
add_sequence (LpadBpp *bpp, const LpadTlv *tlv, const Sequence *sequence, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  const guint8 *begin = tlv->data;
  LpadTlvIter iter;
  LpadTlv child;

  if (tlv->length == 0)
    {
      g_set_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "%s is empty", sequence->what);
      return FALSE;
    }
  if (!sequence->with_first)
    {
      add_segment (bpp, begin, tlv->value, sequence->what);
      begin = tlv->value;
    }

  lpad_tlv_iter_init_children (&iter, tlv);
  while (lpad_tlv_iter_next (&iter, &child, &local_error))
    {
      if (child.tag != sequence->child_tag || child.length < MAC_SIZE)
        {
          g_set_error (error,
                       LPAD_ERROR,
                       LPAD_ERROR_PROTOCOL_ERROR,
                       "%s holds data object %02X of %" G_GSIZE_FORMAT " octets",
                       sequence->what,
                       child.tag,
                       child.length);
          return FALSE;
        }
      add_segment (bpp, begin, child.data + child.size, sequence->what);
      begin = child.data + child.size;
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      lpad_error_wrap (error, "in %s", sequence->what);
      return FALSE;
    }
  return TRUE;
}

/* InitialiseSecureChannelRequest. The chip checks the values; here only what makes no sense to send. */
static gboolean
read_secure_channel (LpadBpp *bpp, const LpadTlv *tlv, GError **error)
{
  static const guint32 required[] = { TAG_CONTROL_REF, TAG_PUBLIC_KEY, TAG_SIGNATURE };
  LpadTlv remote_op;
  LpadTlv transaction_id;
  LpadTlv other;
  guint64 number;

  if (!lpad_tlv_find (tlv, TAG_REMOTE_OP, &remote_op, error)
      || !lpad_tlv_find (tlv, TAG_TRANSACTION_ID, &transaction_id, error)
      || !lpad_tlv_get_uint (&remote_op, &number, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (required); i++)
    {
      if (!lpad_tlv_find (tlv, required[i], &other, error))
        return FALSE;
    }
  if (number != REMOTE_OP_INSTALL)
    return refuse (error, "the remote operation is not installBoundProfilePackage");
  if (transaction_id.length == 0 || transaction_id.length > TRANSACTION_ID_MAX)
    return refuse (error, "the transaction ID has not 1 to 16 octets");

  bpp->transaction_id = transaction_id.value;
  bpp->transaction_id_size = transaction_id.length;
  return TRUE;
}

/* The 88 are not encrypted: their contents, each without its MAC, are the StoreMetadata. */
static gboolean
read_metadata (LpadBpp *bpp, const LpadTlv *sequence, GError **error)
{
  g_autoptr (LpadBuffer) plain = lpad_buffer_new (sequence->length);
  const guint8 *data;
  gsize size;
  LpadTlvIter iter;
  LpadTlv tlv;

  lpad_tlv_iter_init_children (&iter, sequence);
  while (lpad_tlv_iter_next (&iter, &tlv, NULL))
    {
      if (!lpad_buffer_append (plain, tlv.value, tlv.length - MAC_SIZE, error))
        return FALSE;
    }

  data = lpad_buffer_data (plain, &size);
  if (lpad_tlv_parse (data, size, TAG_METADATA, &tlv, error))
    bpp->metadata = lpad_profile_parse (&tlv, error);
  if (bpp->metadata == NULL)
    {
      lpad_error_wrap (error, "in storeMetadata");
      return FALSE;
    }
  return TRUE;
}

/* The next child of the package, which must have @tag. */
static gboolean
next_part (LpadTlvIter *iter, guint32 tag, LpadTlv *part, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (!lpad_tlv_iter_next (iter, part, &local_error))
    {
      if (local_error == NULL)
        g_set_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "it ends where part %02X belongs", tag);
      else
        g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (part->tag != tag)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "it has data object %02X where part %02X belongs",
                   part->tag,
                   tag);
      return FALSE;
    }
  return TRUE;
}

static gboolean
parse (LpadBpp *bpp, GError **error)
{
  LpadTlvIter iter;
  LpadTlv package;
  LpadTlv part;

  if (!lpad_tlv_parse_bytes (bpp->raw, TAG_BPP, &package, error))
    return FALSE;

  lpad_tlv_iter_init_children (&iter, &package);
  if (!next_part (&iter, TAG_SECURE_CHANNEL, &part, error) || !read_secure_channel (bpp, &part, error))
    return FALSE;
  add_segment (bpp, package.data, part.data + part.size, "initialiseSecureChannel");

  if (!next_part (&iter, TAG_FIRST_87, &part, error) || !add_sequence (bpp, &part, &first_87, error))
    return FALSE;
  if (!next_part (&iter, TAG_88, &part, error) || !add_sequence (bpp, &part, &of_88, error)
      || !read_metadata (bpp, &part, error))
    return FALSE;

  if (iter.left > 0 && *iter.next == TAG_SECOND_87
      && (!next_part (&iter, TAG_SECOND_87, &part, error) || !add_sequence (bpp, &part, &second_87, error)))
    return FALSE;
  if (!next_part (&iter, TAG_86, &part, error) || !add_sequence (bpp, &part, &of_86, error))
    return FALSE;

  return iter.left == 0 || refuse (error, "something follows the last part");
}

LpadBpp *
lpad_bpp_parse (GBytes *raw, GError **error)
{
  g_autoptr (LpadBpp) bpp = NULL;

  g_return_val_if_fail (raw != NULL, NULL);

  if (g_bytes_get_size (raw) > LPAD_BPP_MAX)
    {
      refuse (error, "the profile package is larger than 1 MiB");
      return NULL;
    }

  bpp = g_new0 (LpadBpp, 1);
  bpp->raw = g_bytes_ref (raw);
  bpp->segments = g_array_new (FALSE, FALSE, sizeof (LpadBppSegment));
  if (!parse (bpp, error))
    {
      lpad_error_wrap (error, "the profile package is malformed");
      return NULL;
    }
  return g_steal_pointer (&bpp);
}

void
lpad_bpp_free (LpadBpp *bpp)
{
  if (bpp == NULL)
    return;

  g_bytes_unref (bpp->raw);
  g_array_unref (bpp->segments);
  lpad_profile_free (bpp->metadata);
  g_free (bpp);
}

gsize
lpad_bpp_size (const LpadBpp *bpp)
{
  g_return_val_if_fail (bpp != NULL, 0);

  return g_bytes_get_size (bpp->raw);
}

guint
lpad_bpp_n_segments (const LpadBpp *bpp)
{
  g_return_val_if_fail (bpp != NULL, 0);

  return bpp->segments->len;
}

const LpadBppSegment *
lpad_bpp_segment (const LpadBpp *bpp, guint index)
{
  g_return_val_if_fail (bpp != NULL && index < bpp->segments->len, NULL);

  return &g_array_index (bpp->segments, LpadBppSegment, index);
}

const guint8 *
lpad_bpp_transaction_id (const LpadBpp *bpp, gsize *size)
{
  g_return_val_if_fail (bpp != NULL, NULL);

  if (size != NULL)
    *size = bpp->transaction_id_size;
  return bpp->transaction_id;
}

const LpadProfile *
lpad_bpp_metadata (const LpadBpp *bpp)
{
  g_return_val_if_fail (bpp != NULL, NULL);

  return bpp->metadata;
}
