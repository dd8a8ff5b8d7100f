/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10c.h"

#include "error-details.h"
#include "es10.h"
#include "identifiers.h"
#include "text.h"

#define TAG_SET_NICKNAME    0xbf29
#define TAG_ENABLE_PROFILE  0xbf31
#define TAG_DISABLE_PROFILE 0xbf32
#define TAG_DELETE_PROFILE  0xbf33
#define TAG_MEMORY_RESET    0xbf34
#define TAG_GET_EID         0xbf3e

#define TAG_ICCID    0x5a
#define TAG_TAG_LIST 0x5c

/* What the functions do that change something: states, nickname, memory. What lists profiles is in
 * es10c-profiles.c. */

char *
lpad_es10c_get_eid (LpadChannel *channel, GError **error)
{
  static const char function[] = "ES10c.GetEID";
  static const guint8 eid_tag = TAG_ICCID; /* the EID shares its tag */
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv answer, eid;

  lpad_tlv_builder_open (builder, TAG_GET_EID);
  lpad_tlv_builder_add (builder, TAG_TAG_LIST, &eid_tag, 1);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  g_autoptr (GBytes) octets = lpad_es10_call (channel, request, TAG_GET_EID, function, &answer, error);
  if (octets == NULL)
    return NULL;

  g_autofree char *text = NULL;
  if (lpad_tlv_find (&answer, 0x5a, &eid, error))
    text = lpad_eid_to_string (eid.value, eid.length, error);
  if (text == NULL)
    lpad_es10_malformed (error, function);
  return g_steal_pointer (&text);
}

/* Enable and disable: { A0 { 5A iccid | 4F isdpAid }, 81 refreshFlag }. The A0 is there because the
 * identifier is a CHOICE. */
static gboolean
switch_profile (LpadChannel *channel,
                const LpadProfileId *profile,
                gboolean refresh,
                guint32 tag,
                LpadFunction function,
                GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_open (builder, tag);
  lpad_tlv_builder_open (builder, 0xa0);
  lpad_es10_add_octets (builder, profile->kind, profile->octets);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add_bool (builder, 0x81, refresh);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call_checked (channel, request, tag, function, error);
}

gboolean
lpad_es10c_enable_profile (LpadChannel *channel,
                           const LpadProfileId *profile,
                           gboolean refresh,
                           GError **error)
{
  return switch_profile (channel, profile, refresh, TAG_ENABLE_PROFILE, LPAD_FUNCTION_ENABLE_PROFILE, error);
}

gboolean
lpad_es10c_disable_profile (LpadChannel *channel,
                            const LpadProfileId *profile,
                            gboolean refresh,
                            GError **error)
{
  return switch_profile (
      channel, profile, refresh, TAG_DISABLE_PROFILE, LPAD_FUNCTION_DISABLE_PROFILE, error);
}

gboolean
lpad_es10c_delete_profile (LpadChannel *channel, const LpadProfileId *profile, GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  /* here the CHOICE is the whole request, and stands without a wrapper */
  lpad_tlv_builder_open (builder, TAG_DELETE_PROFILE);
  lpad_es10_add_octets (builder, profile->kind, profile->octets);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call_checked (channel, request, TAG_DELETE_PROFILE, LPAD_FUNCTION_DELETE_PROFILE, error);
}

gboolean
lpad_es10c_set_nickname (LpadChannel *channel, GBytes *iccid, const char *nickname, GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  if (!lpad_text_is_clean (nickname, LPAD_NICKNAME_MAX))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "A nickname is UTF-8 of at most %d octets without control characters",
                   LPAD_NICKNAME_MAX);
      return FALSE;
    }
  lpad_tlv_builder_open (builder, TAG_SET_NICKNAME);
  lpad_es10_add_octets (builder, TAG_ICCID, iccid);
  lpad_tlv_builder_add_text (builder, 0x90, nickname);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call_checked (channel, request, TAG_SET_NICKNAME, LPAD_FUNCTION_SET_NICKNAME, error);
}

gboolean
lpad_es10c_memory_reset (LpadChannel *channel, LpadResetOptions options, GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  g_return_val_if_fail (options != 0 && options >> 3 == 0, FALSE);
  lpad_tlv_builder_open (builder, TAG_MEMORY_RESET);
  lpad_es10_add_bits (builder, 0x82, (guint8) options);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call_checked (channel, request, TAG_MEMORY_RESET, LPAD_FUNCTION_MEMORY_RESET, error);
}
