/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10c.h"

#include "error-details.h"
#include "es10.h"
#include "identifiers.h"
#include "text.h"

#define TAG_SET_NICKNAME      0xbf29
#define TAG_GET_PROFILES_INFO 0xbf2d
#define TAG_ENABLE_PROFILE    0xbf31
#define TAG_DISABLE_PROFILE   0xbf32
#define TAG_DELETE_PROFILE    0xbf33
#define TAG_MEMORY_RESET      0xbf34
#define TAG_GET_EID           0xbf3e

#define TAG_ICCID        0x5a
#define TAG_TAG_LIST     0x5c
#define TAG_PROFILE_INFO 0xe3

#define INCORRECT_INPUT_VALUES 1

/* Tags asked for. Without a list a chip adds icons, which are most of the octets; owner and policy rules it
 * adds only when asked. */
static const guint8 brief_tags[] = { 0x5a, 0x9f, 0x70, 0x95 };
static const guint8 full_tags[] = { 0x5a, 0x4f, 0x9f, 0x70, 0x90, 0x91, 0x92, 0x93, 0x95, 0xb7, 0x99 };
static const guint8 icon_tags[] = { 0x5a, 0x93, 0x94 };

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

/* A profile that cannot be read must not hide the others. */
static void
add_profile (GPtrArray *profiles, const LpadTlv *tlv)
{
  g_autoptr (GError) error = NULL;
  LpadProfile *profile = lpad_profile_parse (tlv, &error);

  if (profile != NULL)
    g_ptr_array_add (profiles, profile);
  else
    g_warning ("a profile that the chip lists was left out: %s", error->message);
}

static GPtrArray *
parse_profiles (const LpadTlv *list, GError **error)
{
  g_autoptr (GPtrArray) profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_profile_free);
  g_autoptr (GError) local = NULL;
  LpadTlvIter iter;
  LpadTlv tlv;

  lpad_tlv_iter_init_children (&iter, list);
  while (lpad_tlv_iter_next (&iter, &tlv, &local))
    if (tlv.tag == TAG_PROFILE_INFO)
      add_profile (profiles, &tlv);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      lpad_es10_malformed (error, lpad_function_name (LPAD_FUNCTION_GET_PROFILES_INFO));
      return NULL;
    }
  return g_steal_pointer (&profiles);
}

/* @iccid: only this profile, NULL: all. @tags: NULL: what the chip deems usual. @code: (out): the chip's
 * error. */
static GPtrArray *
get_profiles (LpadChannel *channel,
              GBytes *iccid,
              const guint8 *tags,
              gsize tags_size,
              guint64 *code,
              GError **error)
{
  const LpadFunction function = LPAD_FUNCTION_GET_PROFILES_INFO;
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv answer, list;

  lpad_tlv_builder_open (builder, TAG_GET_PROFILES_INFO);
  if (iccid != NULL)
    {
      lpad_tlv_builder_open (builder, 0xa0);
      lpad_es10_add_octets (builder, TAG_ICCID, iccid);
      lpad_tlv_builder_close (builder);
    }
  if (tags != NULL)
    lpad_tlv_builder_add (builder, TAG_TAG_LIST, tags, tags_size);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  *code = 0;
  g_autoptr (GBytes) octets = lpad_es10_call (
      channel, request, TAG_GET_PROFILES_INFO, lpad_function_name (function), &answer, error);
  if (octets == NULL || !lpad_es10_find_ok (&answer, 0xa0, function, &list, code, error))
    return NULL;
  return parse_profiles (&list, error);
}

/* The same, and again without tags when the chip does not like those. */
static GPtrArray *
get_profiles_with_fallback (LpadChannel *channel,
                            GBytes *iccid,
                            const guint8 *tags,
                            gsize tags_size,
                            GError **error)
{
  g_autoptr (GError) local = NULL;
  guint64 code = 0;

  GPtrArray *profiles = get_profiles (channel, iccid, tags, tags_size, &code, &local);
  if (profiles == NULL && code == INCORRECT_INPUT_VALUES)
    return get_profiles (channel, iccid, NULL, 0, &code, error);
  if (profiles == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return profiles;
}

GPtrArray *
lpad_es10c_get_profiles_info (LpadChannel *channel, LpadProfilesWanted wanted, GError **error)
{
  if (wanted == LPAD_PROFILES_BRIEF)
    return get_profiles_with_fallback (channel, NULL, brief_tags, sizeof brief_tags, error);
  return get_profiles_with_fallback (channel, NULL, full_tags, sizeof full_tags, error);
}

GBytes *
lpad_es10c_get_icon (LpadChannel *channel, GBytes *iccid, LpadIconType *type, GError **error)
{
  g_autoptr (GPtrArray) profiles
      = get_profiles_with_fallback (channel, iccid, icon_tags, sizeof icon_tags, error);

  if (profiles == NULL)
    return NULL;
  for (guint i = 0; i < profiles->len; i++)
    {
      const LpadProfile *profile = profiles->pdata[i];

      if (!g_bytes_equal (profile->iccid, iccid))
        continue;
      gboolean has_icon = profile->icon != NULL && profile->icon_type != LPAD_ICON_NONE;
      *type = has_icon ? profile->icon_type : LPAD_ICON_NONE;
      return has_icon ? g_bytes_ref (profile->icon) : g_bytes_new (NULL, 0);
    }
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "The chip has no such profile");
  return NULL;
}

/* Enable and disable: { A0 { 5A iccid }, 81 refreshFlag }. The A0 is there because the identifier is a
 * CHOICE. */
static gboolean
switch_profile (LpadChannel *channel,
                GBytes *iccid,
                gboolean refresh,
                guint32 tag,
                LpadFunction function,
                GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_open (builder, tag);
  lpad_tlv_builder_open (builder, 0xa0);
  lpad_es10_add_octets (builder, TAG_ICCID, iccid);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add_bool (builder, 0x81, refresh);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call_checked (channel, request, tag, function, error);
}

gboolean
lpad_es10c_enable_profile (LpadChannel *channel, GBytes *iccid, gboolean refresh, GError **error)
{
  return switch_profile (channel, iccid, refresh, TAG_ENABLE_PROFILE, LPAD_FUNCTION_ENABLE_PROFILE, error);
}

gboolean
lpad_es10c_disable_profile (LpadChannel *channel, GBytes *iccid, gboolean refresh, GError **error)
{
  return switch_profile (channel, iccid, refresh, TAG_DISABLE_PROFILE, LPAD_FUNCTION_DISABLE_PROFILE, error);
}

gboolean
lpad_es10c_delete_profile (LpadChannel *channel, GBytes *iccid, GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  /* here the CHOICE is the whole request, and stands without a wrapper */
  lpad_tlv_builder_open (builder, TAG_DELETE_PROFILE);
  lpad_es10_add_octets (builder, TAG_ICCID, iccid);
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
  guint8 bits[2] = { 7, 0 }; /* BIT STRING in DER: the number of unused bits, then bit 0 as the highest */

  g_return_val_if_fail (options != 0 && options >> 3 == 0, FALSE);
  for (guint bit = 0; bit < 3; bit++)
    if ((options & 1 << bit) != 0)
      {
        bits[0] = 7 - bit;
        bits[1] |= 0x80 >> bit;
      }

  lpad_tlv_builder_open (builder, TAG_MEMORY_RESET);
  lpad_tlv_builder_add (builder, 0x82, bits, sizeof bits);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call_checked (channel, request, TAG_MEMORY_RESET, LPAD_FUNCTION_MEMORY_RESET, error);
}
