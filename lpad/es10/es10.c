/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10.h"

#include "error-details.h"

static void
set_function (GError **error, const char *function)
{
  LpadErrorDetails *details = error != NULL && *error != NULL ? lpad_error_details (*error) : NULL;

  if (details != NULL)
    details->function = function;
}

void
lpad_es10_add_octets (LpadTlvBuilder *builder, guint32 tag, GBytes *octets)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (octets, &size);

  lpad_tlv_builder_add (builder, tag, data, size);
}

void
lpad_es10_add_bits (LpadTlvBuilder *builder, guint32 tag, guint8 bits)
{
  guint8 octets[2] = { 0, 0 }; /* the number of unused bits, then bit 0 as the highest */

  for (guint bit = 0; bit < 8; bit++)
    if ((bits & 1 << bit) != 0)
      {
        octets[0] = (guint8) (7 - bit);
        octets[1] |= (guint8) (0x80 >> bit);
      }
  lpad_tlv_builder_add (builder, tag, octets, bits == 0 ? 1 : 2);
}

gboolean
lpad_es10_malformed (GError **error, const char *function)
{
  lpad_error_wrap (error, "The chip's answer to %s is malformed", function);
  set_function (error, function);
  return FALSE;
}

gboolean
lpad_es10_mismatch (GError **error, const char *function, const char *what)
{
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_PROTOCOL_ERROR,
               "The chip's answer to %s has another %s than was sent",
               function,
               what);
  set_function (error, function);
  return FALSE;
}

GBytes *
lpad_es10_call (LpadChannel *channel,
                GBytes *request,
                guint32 tag,
                const char *function,
                LpadTlv *answer,
                GError **error)
{
  g_autoptr (GBytes) octets = lpad_channel_store_data (channel, request, function, error);

  if (octets == NULL)
    return NULL;
  if (!lpad_tlv_parse_bytes (octets, tag, answer, error))
    {
      lpad_es10_malformed (error, function);
      return NULL;
    }
  return g_steal_pointer (&octets);
}

GBytes *
lpad_es10_call_empty (LpadChannel *channel,
                      guint32 tag,
                      const char *function,
                      LpadTlv *answer,
                      GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_add (builder, tag, NULL, 0);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call (channel, request, tag, function, answer, error);
}

gboolean
lpad_es10_call_result (LpadChannel *channel,
                       GBytes *request,
                       guint32 tag,
                       LpadFunction function,
                       guint64 *code,
                       GError **error)
{
  const char *name = lpad_function_name (function);
  LpadTlv answer, result;
  g_autoptr (GBytes) octets = lpad_es10_call (channel, request, tag, name, &answer, error);

  if (octets == NULL)
    return FALSE;
  if (!lpad_tlv_find (&answer, 0x80, &result, error) || !lpad_tlv_get_uint (&result, code, error))
    return lpad_es10_malformed (error, name);
  return TRUE;
}

gboolean
lpad_es10_call_checked (LpadChannel *channel,
                        GBytes *request,
                        guint32 tag,
                        LpadFunction function,
                        GError **error)
{
  guint64 code = 0;

  if (!lpad_es10_call_result (channel, request, tag, function, &code, error))
    return FALSE;
  if (code == 0)
    return TRUE;
  lpad_result_set_error (error, function, code);
  return FALSE;
}

/* The error code in @answer. @code is left alone when there is none. */
static gboolean
find_code (const LpadTlv *answer, guint64 *code, GError **error)
{
  LpadTlv outer, inner;

  if (!lpad_tlv_find_optional (answer, 0x81, &inner, error))
    return FALSE;
  if (inner.data == NULL)
    {
      if (!lpad_tlv_find_optional (answer, 0xa1, &outer, error))
        return FALSE;
      if (outer.data == NULL)
        return TRUE;
      if (!lpad_tlv_find_optional (&outer, 0x02, &inner, error))
        return FALSE;
      if (inner.data == NULL && !lpad_tlv_find (&outer, 0x81, &inner, error))
        return FALSE;
    }
  return lpad_tlv_get_uint (&inner, code, error);
}

gboolean
lpad_es10_find_ok (const LpadTlv *answer,
                   guint32 tag,
                   LpadFunction function,
                   LpadTlv *ok,
                   guint64 *code,
                   GError **error)
{
  guint64 found = G_MAXUINT64;

  if (code != NULL)
    *code = 0;
  if (!lpad_tlv_find_optional (answer, tag, ok, error))
    return lpad_es10_malformed (error, lpad_function_name (function));
  if (ok->data != NULL)
    return TRUE;

  if (!find_code (answer, &found, error))
    return lpad_es10_malformed (error, lpad_function_name (function));
  if (found == G_MAXUINT64 || found == 0)
    {
      g_set_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "It has neither a result nor an error");
      return lpad_es10_malformed (error, lpad_function_name (function));
    }
  if (code != NULL)
    *code = found;
  lpad_result_set_error (error, function, found);
  return FALSE;
}
