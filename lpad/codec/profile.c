/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile.h"

#include <string.h>

#include "error-details.h"
#include "text.h"

#define TAG_PROFILE_INFO     0xe3
#define TAG_STORE_METADATA   0xbf25
#define TAG_ICCID            0x5a
#define TAG_ISDP_AID         0x4f
#define TAG_STATE            0x9f70
#define TAG_NICKNAME         0x90
#define TAG_SERVICE_PROVIDER 0x91
#define TAG_NAME             0x92
#define TAG_ICON_TYPE        0x93
#define TAG_ICON             0x94
#define TAG_CLASS            0x95
#define TAG_NOTIFICATIONS    0xb6
#define TAG_OWNER            0xb7
#define TAG_POLICY_RULES     0x99
#define TAG_ESIM_PORT        0x9f24 /* v3: only an enabled profile has one */
#define TAG_OWNER_PLMN       0x80
#define TAG_OWNER_GID1       0x81
#define TAG_OWNER_GID2       0x82

#define SERVICE_PROVIDER_MAX 32
#define PROFILE_NAME_MAX     64
#define ICCID_MAX            16
#define AID_MAX              16

static gboolean
read_bytes (const LpadTlv *parent, guint32 tag, GBytes **bytes, GError **error)
{
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, error))
    return FALSE;
  if (tlv.data != NULL)
    *bytes = lpad_tlv_get_bytes (&tlv);
  return TRUE;
}

static gboolean
read_text (const LpadTlv *parent, guint32 tag, gsize maximum, char **text, GError **error)
{
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, error))
    return FALSE;
  if (tlv.data != NULL)
    *text = lpad_text_clean (tlv.value, tlv.length, maximum);
  return TRUE;
}

/* @number keeps its value when the element is absent. */
static gboolean
read_uint (const LpadTlv *parent, guint32 tag, guint64 *number, GError **error)
{
  LpadTlv tlv;

  if (!lpad_tlv_find_optional (parent, tag, &tlv, error))
    return FALSE;
  return tlv.data == NULL || lpad_tlv_get_uint (&tlv, number, error);
}

static gboolean
read_identity (const LpadTlv *parent, LpadProfile *profile, GError **error)
{
  LpadTlv iccid;
  LpadTlv aid;

  if (!lpad_tlv_find (parent, TAG_ICCID, &iccid, error)
      || !lpad_tlv_find_optional (parent, TAG_ISDP_AID, &aid, error))
    return FALSE;
  if (iccid.length == 0 || iccid.length > ICCID_MAX)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "an ICCID of %" G_GSIZE_FORMAT " octets",
                   iccid.length);
      return FALSE;
    }

  profile->iccid = lpad_tlv_get_bytes (&iccid);
  if (aid.length > 0 && aid.length <= AID_MAX)
    profile->isdp_aid = lpad_tlv_get_bytes (&aid);
  return TRUE;
}

static gboolean
read_state (const LpadTlv *parent, LpadProfile *profile, GError **error)
{
  guint64 state = LPAD_PROFILE_DISABLED;
  guint64 class = LPAD_PROFILE_CLASS_OPERATIONAL;
  LpadTlv port;

  if (!read_uint (parent, TAG_STATE, &state, error) || !read_uint (parent, TAG_CLASS, &class, error)
      || !lpad_tlv_find_optional (parent, TAG_ESIM_PORT, &port, error))
    return FALSE;

  profile->state
      = state == LPAD_PROFILE_ENABLED || port.data != NULL ? LPAD_PROFILE_ENABLED : LPAD_PROFILE_DISABLED;
  profile->profile_class
      = class < LPAD_PROFILE_CLASS_OPERATIONAL ? (LpadProfileClass) class : LPAD_PROFILE_CLASS_OPERATIONAL;
  return TRUE;
}

static gboolean
read_icon (const LpadTlv *parent, LpadProfile *profile, GError **error)
{
  guint64 type = G_MAXUINT64;
  LpadTlv icon;

  if (!read_uint (parent, TAG_ICON_TYPE, &type, error)
      || !lpad_tlv_find_optional (parent, TAG_ICON, &icon, error))
    return FALSE;

  profile->icon_type = type <= LPAD_ICON_PNG ? (LpadIconType) type : LPAD_ICON_NONE;
  if (profile->icon_type != LPAD_ICON_NONE && icon.length > 0 && icon.length <= LPAD_ICON_MAX)
    profile->icon = lpad_tlv_get_bytes (&icon);
  return TRUE;
}

/* MCC and MNC as TS 24.008 10.5.1.13 packs them. Returns: (nullable): NULL when these are no digits */
static char *
format_plmn (const guint8 *plmn, gsize size)
{
  guint8 mcc[3];
  guint8 mnc[3];

  if (size != 3)
    return NULL;

  mcc[0] = plmn[0] & 0x0f;
  mcc[1] = plmn[0] >> 4;
  mcc[2] = plmn[1] & 0x0f;
  mnc[0] = plmn[2] & 0x0f;
  mnc[1] = plmn[2] >> 4;
  mnc[2] = plmn[1] >> 4;
  for (guint i = 0; i < 3; i++)
    {
      if (mcc[i] > 9 || (mnc[i] > 9 && (i < 2 || mnc[i] != 0x0f)))
        return NULL;
    }

  if (mnc[2] == 0x0f)
    return g_strdup_printf ("%u%u%u-%u%u", mcc[0], mcc[1], mcc[2], mnc[0], mnc[1]);
  return g_strdup_printf ("%u%u%u-%u%u%u", mcc[0], mcc[1], mcc[2], mnc[0], mnc[1], mnc[2]);
}

static gboolean
read_owner (const LpadTlv *parent, LpadProfile *profile, GError **error)
{
  LpadTlv owner;
  gsize size;
  const guint8 *plmn;

  if (!lpad_tlv_find_optional (parent, TAG_OWNER, &owner, error))
    return FALSE;
  if (owner.data == NULL)
    return TRUE;
  if (!read_bytes (&owner, TAG_OWNER_PLMN, &profile->owner_plmn, error)
      || !read_bytes (&owner, TAG_OWNER_GID1, &profile->owner_gid1, error)
      || !read_bytes (&owner, TAG_OWNER_GID2, &profile->owner_gid2, error))
    return FALSE;

  if (profile->owner_plmn != NULL)
    {
      plmn = g_bytes_get_data (profile->owner_plmn, &size);
      profile->owner_mcc_mnc = format_plmn (plmn, size);
    }
  return TRUE;
}

static gboolean
read_policy_rules (const LpadTlv *parent, LpadProfile *profile, GError **error)
{
  LpadTlv rules;

  if (!lpad_tlv_find_optional (parent, TAG_POLICY_RULES, &rules, error))
    return FALSE;

  profile->has_policy_rules = rules.data != NULL;
  return rules.data == NULL || lpad_tlv_get_bits (&rules, &profile->policy_rules, error);
}

LpadProfile *
lpad_profile_parse (const LpadTlv *tlv, GError **error)
{
  g_autoptr (LpadProfile) profile = NULL;

  g_return_val_if_fail (tlv != NULL, NULL);

  if (tlv->tag != TAG_PROFILE_INFO && tlv->tag != TAG_STORE_METADATA)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "unexpected data object %02X where a profile belongs",
                   tlv->tag);
      return NULL;
    }

  profile = g_new0 (LpadProfile, 1);
  profile->raw = lpad_tlv_dup (tlv);
  if (!read_identity (tlv, profile, error) || !read_state (tlv, profile, error)
      || !read_text (tlv, TAG_NICKNAME, LPAD_NICKNAME_MAX, &profile->nickname, error)
      || !read_text (tlv, TAG_SERVICE_PROVIDER, SERVICE_PROVIDER_MAX, &profile->service_provider, error)
      || !read_text (tlv, TAG_NAME, PROFILE_NAME_MAX, &profile->name, error)
      || !read_icon (tlv, profile, error) || !read_owner (tlv, profile, error)
      || !read_policy_rules (tlv, profile, error))
    return NULL;

  return g_steal_pointer (&profile);
}

void
lpad_profile_free (LpadProfile *profile)
{
  if (profile == NULL)
    return;

  g_bytes_unref (profile->raw);
  g_clear_pointer (&profile->iccid, g_bytes_unref);
  g_clear_pointer (&profile->isdp_aid, g_bytes_unref);
  g_free (profile->nickname);
  g_free (profile->service_provider);
  g_free (profile->name);
  g_clear_pointer (&profile->icon, g_bytes_unref);
  g_clear_pointer (&profile->owner_plmn, g_bytes_unref);
  g_free (profile->owner_mcc_mnc);
  g_clear_pointer (&profile->owner_gid1, g_bytes_unref);
  g_clear_pointer (&profile->owner_gid2, g_bytes_unref);
  g_free (profile);
}

/* @absent: the octet that an absent element stands for, NULL: nothing */
static gboolean
same_element (const LpadTlv *a, const LpadTlv *b, guint32 tag, const guint8 *absent)
{
  const LpadTlv filled = { .tag = tag, .data = absent, .size = 0, .value = absent, .length = 1 };
  LpadTlv x;
  LpadTlv y;

  if (!lpad_tlv_find_optional (a, tag, &x, NULL) || !lpad_tlv_find_optional (b, tag, &y, NULL))
    return FALSE;
  if (absent != NULL && x.data == NULL)
    x = filled;
  if (absent != NULL && y.data == NULL)
    y = filled;
  if (x.data == NULL || y.data == NULL)
    return x.data == y.data;
  return lpad_tlv_equal (&x, &y);
}

gboolean
lpad_profile_same_metadata (const LpadProfile *a, const LpadProfile *b, const char **difference)
{
  static const guint8 operational = LPAD_PROFILE_CLASS_OPERATIONAL;
  static const struct
  {
    guint32 tag;
    const char *name;
    const guint8 *absent;
  } elements[] = {
    { TAG_ICCID, "ICCID", NULL },
    { TAG_SERVICE_PROVIDER, "service provider name", NULL },
    { TAG_NAME, "profile name", NULL },
    { TAG_ICON_TYPE, "icon type", NULL },
    { TAG_ICON, "icon", NULL },
    { TAG_CLASS, "profile class", &operational },
    { TAG_NOTIFICATIONS, "notification configuration", NULL },
    { TAG_OWNER, "profile owner", NULL },
    { TAG_POLICY_RULES, "policy rules", NULL },
  };
  const char *first = NULL;
  LpadTlv x;
  LpadTlv y;

  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  if (!lpad_tlv_parse_bytes (a->raw, TAG_STORE_METADATA, &x, NULL)
      || !lpad_tlv_parse_bytes (b->raw, TAG_STORE_METADATA, &y, NULL))
    first = "kind of profile information";
  for (gsize i = 0; i < G_N_ELEMENTS (elements) && first == NULL; i++)
    {
      if (!same_element (&x, &y, elements[i].tag, elements[i].absent))
        first = elements[i].name;
    }

  if (difference != NULL)
    *difference = first;
  return first == NULL;
}

const char *
lpad_profile_state_to_string (LpadProfileState state)
{
  return state == LPAD_PROFILE_ENABLED ? "enabled" : "disabled";
}

const char *
lpad_profile_class_to_string (LpadProfileClass profile_class)
{
  switch (profile_class)
    {
    case LPAD_PROFILE_CLASS_TEST:
      return "test";
    case LPAD_PROFILE_CLASS_PROVISIONING:
      return "provisioning";
    case LPAD_PROFILE_CLASS_OPERATIONAL:
    default:
      return "operational";
    }
}

const char *
lpad_icon_type_to_string (LpadIconType type)
{
  switch (type)
    {
    case LPAD_ICON_JPEG:
      return "image/jpeg";
    case LPAD_ICON_PNG:
      return "image/png";
    case LPAD_ICON_NONE:
    default:
      return "";
    }
}

char **
lpad_policy_rules_to_strv (guint64 policy_rules)
{
  static const char *const names[] = { "ppr-update-control", "ppr1", "ppr2" };
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  for (guint bit = 0; bit < 64; bit++)
    {
      if ((policy_rules >> bit & 1) == 0)
        continue;
      g_ptr_array_add (
          list, bit < G_N_ELEMENTS (names) ? g_strdup (names[bit]) : g_strdup_printf ("unknown-%u", bit));
    }
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&list), FALSE);
}
