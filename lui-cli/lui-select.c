/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-select.h"

#include <string.h>

#include "lpad-error.h"

#define LISTED_MAX 8 /* candidates in a message */

typedef enum
{
  MATCH_NONE,
  MATCH_ONE,
  MATCH_SEVERAL,
} Match;

typedef gboolean (*FitsFunc) (const char *text, gconstpointer candidate);
typedef char *(*DescribeFunc) (gconstpointer candidate);

static gboolean
is_digits (const char *text)
{
  return *text != '\0' && strspn (text, "0123456789") == strlen (text);
}

static gboolean
same (const char *text, const char *candidate)
{
  return candidate != NULL && *candidate != '\0' && strcmp (text, candidate) == 0;
}

static gboolean
is_suffix (const char *text, const char *candidate)
{
  return is_digits (text) && strlen (text) >= LUI_SUFFIX_MIN && candidate != NULL
         && g_str_has_suffix (candidate, text);
}

static gboolean
contains_folded (const char *text, const char *candidate)
{
  g_autofree char *needle = g_utf8_casefold (text, -1);
  g_autofree char *haystack = candidate == NULL ? NULL : g_utf8_casefold (candidate, -1);

  return *needle != '\0' && haystack != NULL && strstr (haystack, needle) != NULL;
}

static gboolean
chip_number_fits (const char *text, gconstpointer candidate)
{
  const LuiChipName *chip = candidate;
  guint64 number;

  return strlen (text) < LUI_SUFFIX_MIN && is_digits (text)
         && g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &number, NULL) && number == chip->number;
}

static gboolean
chip_eid_fits (const char *text, gconstpointer candidate)
{
  return is_suffix (text, ((const LuiChipName *) candidate)->eid);
}

static gboolean
chip_device_same (const char *text, gconstpointer candidate)
{
  return same (text, ((const LuiChipName *) candidate)->device);
}

static gboolean
chip_device_contains (const char *text, gconstpointer candidate)
{
  const LuiChipName *chip = candidate;

  return !is_digits (text) && (contains_folded (text, chip->device) || contains_folded (text, chip->place));
}

static gboolean
profile_iccid_same (const char *text, gconstpointer candidate)
{
  return same (text, ((const LuiProfileName *) candidate)->iccid);
}

static gboolean
profile_nickname_same (const char *text, gconstpointer candidate)
{
  const LuiProfileName *profile = candidate;

  return !profile->hidden && same (text, profile->nickname);
}

static gboolean
profile_name_same (const char *text, gconstpointer candidate)
{
  const LuiProfileName *profile = candidate;

  return !profile->hidden && same (text, profile->name);
}

static gboolean
profile_iccid_suffix (const char *text, gconstpointer candidate)
{
  const LuiProfileName *profile = candidate;

  return !profile->hidden && is_suffix (text, profile->iccid);
}

static gboolean
profile_hidden_fits (const char *text, gconstpointer candidate)
{
  const LuiProfileName *profile = candidate;

  return profile->hidden
         && (same (text, profile->nickname) || same (text, profile->name)
             || is_suffix (text, profile->iccid));
}

static Match
find (const char *text, gconstpointer const *candidates, guint n, FitsFunc fits, guint *index)
{
  Match match = MATCH_NONE;

  for (guint i = 0; i < n; i++)
    {
      if (!fits (text, candidates[i]))
        continue;
      if (match != MATCH_NONE)
        return MATCH_SEVERAL;
      match = MATCH_ONE;
      *index = i;
    }
  return match;
}

/* Tries @ways in turn; the first one that fits any candidate decides, and is left in @way. */
static Match
find_in_turn (const char *text,
              gconstpointer const *candidates,
              guint n,
              const FitsFunc *ways,
              guint *index,
              FitsFunc *way)
{
  for (guint i = 0; ways[i] != NULL; i++)
    {
      guint found = 0;
      Match match = find (text, candidates, n, ways[i], &found);

      if (match == MATCH_ONE)
        *index = found;
      *way = ways[i];
      if (match != MATCH_NONE)
        return match;
    }
  return MATCH_NONE;
}

/* Those of @candidates that @way fits, in words, so that the user can choose. */
static char *
list_fitting (const char *text, gconstpointer const *candidates, guint n, FitsFunc way, DescribeFunc describe)
{
  GString *list = g_string_new (NULL);
  guint listed = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *words = way (text, candidates[i]) ? describe (candidates[i]) : NULL;

      if (words == NULL)
        continue;
      if (++listed > LISTED_MAX)
        {
          g_string_append (list, ", …");
          break;
        }
      g_string_append_printf (list, "%s%s", listed == 1 ? "" : ", ", words);
    }
  return g_string_free (list, FALSE);
}

static char *
describe_chip (gconstpointer candidate)
{
  const LuiChipName *chip = candidate;

  return g_strdup_printf ("%u (EID %s, %s)",
                          chip->number,
                          chip->eid == NULL ? "unknown" : chip->eid,
                          chip->place != NULL    ? chip->place
                          : chip->device != NULL ? chip->device
                                                 : "");
}

static char *
describe_profile (gconstpointer candidate)
{
  const LuiProfileName *profile = candidate;
  const char *name
      = profile->nickname == NULL || *profile->nickname == '\0' ? profile->name : profile->nickname;

  return g_strdup_printf ("%s (%s)", profile->iccid == NULL ? "" : profile->iccid, name == NULL ? "" : name);
}

gboolean
lui_select_euicc (const char *text,
                  const LuiChipName *const *chips,
                  guint n_chips,
                  guint *index,
                  GError **error)
{
  const FitsFunc ways[] = { chip_number_fits, chip_eid_fits, chip_device_same, chip_device_contains, NULL };
  g_autofree char *list = NULL;
  FitsFunc way = NULL;

  switch (find_in_turn (text, (gconstpointer const *) chips, n_chips, ways, index, &way))
    {
    case MATCH_ONE:
      return TRUE;
    case MATCH_SEVERAL:
      list = list_fitting (text, (gconstpointer const *) chips, n_chips, way, describe_chip);
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "Several eUICCs fit “%s”: %s. Say more of the EID or of the reader's name.",
                   text,
                   list);
      return FALSE;
    case MATCH_NONE:
    default:
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "No eUICC fits “%s” (lui-cli status lists them).", text);
      return FALSE;
    }
}

/* A hidden profile is nobody's by mistake, but who looks for it shall find it. */
static void
set_no_profile (const char *text, const LuiProfileName *const *profiles, guint n_profiles, GError **error)
{
  guint hidden;

  if (find (text, (gconstpointer const *) profiles, n_profiles, profile_hidden_fits, &hidden) == MATCH_NONE)
    g_set_error (
        error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "No profile fits “%s” (lui-cli list shows them).", text);
  else
    g_set_error (
        error,
        LPAD_ERROR,
        LPAD_ERROR_NOT_FOUND,
        "Only a profile that is hidden fits “%s”: give its whole ICCID (lui-cli list --all shows it).",
        text);
}

gboolean
lui_select_profile (const char *text,
                    const LuiProfileName *const *profiles,
                    guint n_profiles,
                    guint *index,
                    GError **error)
{
  const FitsFunc ways[]
      = { profile_iccid_same, profile_nickname_same, profile_name_same, profile_iccid_suffix, NULL };
  g_autofree char *list = NULL;
  FitsFunc way = NULL;

  switch (find_in_turn (text, (gconstpointer const *) profiles, n_profiles, ways, index, &way))
    {
    case MATCH_ONE:
      return TRUE;
    case MATCH_SEVERAL:
      list = list_fitting (text, (gconstpointer const *) profiles, n_profiles, way, describe_profile);
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "Several profiles fit “%s”: %s. Give the whole ICCID, or say which eUICC with --euicc.",
                   text,
                   list);
      return FALSE;
    case MATCH_NONE:
    default:
      set_no_profile (text, profiles, n_profiles, error);
      return FALSE;
    }
}
