/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10c.h"

#include "error-details.h"
#include "es10.h"

/* GetProfilesInfo: which profiles are there. */

#define TAG_GET_PROFILES_INFO 0xbf2d
#define TAG_PROFILE_INFO      0xe3
#define TAG_TAG_LIST          0x5c
#define TAG_ICCID             0x5a
#define TAG_CLASS             0x95

#define INCORRECT_INPUT_VALUES 1

/* Tags asked for beside the ICCID. Without a list a chip adds icons, which are most of the octets; owner and
 * policy rules it adds only when asked. */
static const guint32 brief_tags[] = { 0x9f70, TAG_CLASS };
static const guint32 full_tags[] = { 0x4f, 0x9f70, 0x90, 0x91, 0x92, 0x93, TAG_CLASS, 0xb7, 0x99 };
static const guint32 icon_tags[] = { 0x93, 0x94 };

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

/* SearchCriteria, a CHOICE: { A0 { 5A iccid | 4F isdpAid | 95 profileClass } }. Nothing: all profiles. */
static void
add_criteria (LpadTlvBuilder *builder, const LpadProfileQuery *query)
{
  if (query->id == NULL && !query->by_class)
    return;
  lpad_tlv_builder_open (builder, 0xa0);
  if (query->id != NULL)
    lpad_es10_add_octets (builder, query->id->kind, query->id->octets);
  else
    lpad_tlv_builder_add_uint (builder, TAG_CLASS, query->profile_class);
  lpad_tlv_builder_close (builder);
}

/* The tags' octets one after the other; the ICCID is among them, or an entry could not be told from another.
 */
static void
add_tag_list (LpadTlvBuilder *builder, const guint32 *tags, gsize n_tags)
{
  g_autoptr (GByteArray) list = g_byte_array_new ();
  const guint8 iccid = TAG_ICCID;

  g_byte_array_append (list, &iccid, 1);
  for (gsize i = 0; i < n_tags; i++)
    {
      const guint8 octets[] = { (guint8) (tags[i] >> 8), (guint8) tags[i] };

      if (tags[i] == TAG_ICCID)
        continue;
      if (octets[0] != 0)
        g_byte_array_append (list, octets, 2);
      else
        g_byte_array_append (list, &octets[1], 1);
    }
  lpad_tlv_builder_add (builder, TAG_TAG_LIST, list->data, list->len);
}

/* @tags: NULL: what the chip deems usual. @code: (out): the chip's error. */
static GPtrArray *
get_profiles (LpadChannel *channel,
              const LpadProfileQuery *query,
              const guint32 *tags,
              guint64 *code,
              GError **error)
{
  const LpadFunction function = LPAD_FUNCTION_GET_PROFILES_INFO;
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv answer, list;

  lpad_tlv_builder_open (builder, TAG_GET_PROFILES_INFO);
  add_criteria (builder, query);
  if (tags != NULL)
    add_tag_list (builder, tags, query->n_tags);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  *code = 0;
  g_autoptr (GBytes) octets = lpad_es10_call (
      channel, request, TAG_GET_PROFILES_INFO, lpad_function_name (function), &answer, error);
  if (octets == NULL || !lpad_es10_find_ok (&answer, 0xa0, function, &list, code, error))
    return NULL;
  return parse_profiles (&list, error);
}

GPtrArray *
lpad_es10c_query_profiles (LpadChannel *channel, const LpadProfileQuery *query, GError **error)
{
  g_autoptr (GError) local = NULL;
  guint64 code = 0;

  g_return_val_if_fail (query->id == NULL || !query->by_class, NULL);
  GPtrArray *profiles = get_profiles (channel, query, query->tags, &code, &local);
  if (profiles == NULL && code == INCORRECT_INPUT_VALUES && query->tags != NULL)
    return get_profiles (channel, query, NULL, &code, error);
  if (profiles == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return profiles;
}

GPtrArray *
lpad_es10c_get_profiles_info (LpadChannel *channel, LpadProfilesWanted wanted, GError **error)
{
  const LpadProfileQuery brief = { .tags = brief_tags, .n_tags = G_N_ELEMENTS (brief_tags) };
  const LpadProfileQuery full = { .tags = full_tags, .n_tags = G_N_ELEMENTS (full_tags) };

  return lpad_es10c_query_profiles (channel, wanted == LPAD_PROFILES_BRIEF ? &brief : &full, error);
}

GBytes *
lpad_es10c_get_icon (LpadChannel *channel, GBytes *iccid, LpadIconType *type, GError **error)
{
  const LpadProfileId id = { LPAD_PROFILE_ID_ICCID, iccid };
  const LpadProfileQuery query = { .id = &id, .tags = icon_tags, .n_tags = G_N_ELEMENTS (icon_tags) };
  g_autoptr (GPtrArray) profiles = lpad_es10c_query_profiles (channel, &query, error);

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
