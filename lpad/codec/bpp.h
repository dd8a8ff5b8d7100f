/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "profile.h"

G_BEGIN_DECLS

#define LPAD_BPP_MAX (1024 * 1024) /* octets of a bound profile package */

/**
 * LpadBpp: a BoundProfilePackage (BF36), SGP.22 2.5.5, checked and cut into the segments of
 * ES10b.LoadBoundProfilePackage (5.7.6). The segments one after the other are the package, octet by octet.
 */
typedef struct _LpadBpp LpadBpp;

/**
 * LpadBppSegment:
 * @what: static name for messages: "initialiseSecureChannel", "configureISDP", "storeMetadata",
 * "replaceSessionKeys", "loadProfileElements"
 */
typedef struct
{
  const guint8 *data;
  gsize size;
  const char *what;
} LpadBppSegment;

/**
 * lpad_bpp_parse: checks the whole structure before anything goes to the chip: exactly BF23, A0, A1, [A2], A3
 * in this order and nothing else, lengths that add up, right child tags, no empty sequence, remoteOpId
 * installBoundProfilePackage. Returns: (nullable): NULL with %LPAD_ERROR_PROTOCOL_ERROR that says which part
 * is wrong
 */
LpadBpp *lpad_bpp_parse (GBytes *raw, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lpad_bpp_free (LpadBpp *bpp);

/** lpad_bpp_size: octets of the package; lpad_bpp_n_segments: number of its segments, at least 6. */
gsize lpad_bpp_size (const LpadBpp *bpp);
guint lpad_bpp_n_segments (const LpadBpp *bpp);
/** lpad_bpp_segment: segment @index; points into the package. */
const LpadBppSegment *lpad_bpp_segment (const LpadBpp *bpp, guint index);
/** lpad_bpp_transaction_id: transactionId of InitialiseSecureChannel, 1 to 16 octets; points into the
 * package. */
const guint8 *lpad_bpp_transaction_id (const LpadBpp *bpp, gsize *size);
/** lpad_bpp_metadata: the StoreMetadata that the 88 segments carry in clear (each without its MAC of eight
 * octets). */
const LpadProfile *lpad_bpp_metadata (const LpadBpp *bpp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadBpp, lpad_bpp_free)

G_END_DECLS
