/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"
#include "result.h"
#include "tlv.h"

G_BEGIN_DECLS

/* What the functions of ES10a, ES10b and ES10c have in common; private to this layer. */

/**
 * lpad_es10_call: sends @request and checks that the answer is one TLV with @tag, which is the request's,
 * too.
 * @function: static name for errors
 * @answer: (out): points into the octets that are returned
 * Returns: (nullable): the answer; %LPAD_ERROR_PROTOCOL_ERROR when it is something else
 */
GBytes *lpad_es10_call (LpadChannel *channel,
                        GBytes *request,
                        guint32 tag,
                        const char *function,
                        LpadTlv *answer,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10_call_empty: the same with the request @tag 00. */
GBytes *lpad_es10_call_empty (LpadChannel *channel,
                              guint32 tag,
                              const char *function,
                              LpadTlv *answer,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10_call_result: the same for an answer { 80 result }. @code: (out): the result, 0: ok */
gboolean lpad_es10_call_result (LpadChannel *channel,
                                GBytes *request,
                                guint32 tag,
                                LpadFunction function,
                                guint64 *code,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10_call_checked: the same; a result other than 0 is an error. */
gboolean lpad_es10_call_checked (LpadChannel *channel,
                                 GBytes *request,
                                 guint32 tag,
                                 LpadFunction function,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es10_find_ok: the element @tag of @answer, or the error in its place: { 81 code }, or
 * { A1 { 80 transactionId, 02 code } } (some chips: 81 there, too).
 * @code: (out) (optional): the error code, 0: none
 */
gboolean lpad_es10_find_ok (const LpadTlv *answer,
                            guint32 tag,
                            LpadFunction function,
                            LpadTlv *ok,
                            guint64 *code,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10_add_octets: adds a TLV with @octets as its content. */
void lpad_es10_add_octets (LpadTlvBuilder *builder, guint32 tag, GBytes *octets);

/** lpad_es10_add_bits: adds a BIT STRING of up to eight named bits in DER: bit n of @bits is bit n of the
 * string, and nothing stands after the last bit that is set. */
void lpad_es10_add_bits (LpadTlvBuilder *builder, guint32 tag, guint8 bits);

/** lpad_es10_malformed: says in @error that the chip's answer to @function is malformed. Returns: FALSE */
gboolean lpad_es10_malformed (GError **error, const char *function);

/** lpad_es10_mismatch: the error of an answer to @function in which @what is not what was sent. Returns:
 * FALSE */
gboolean lpad_es10_mismatch (GError **error, const char *function, const char *what);

G_END_DECLS
