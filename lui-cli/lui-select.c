/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-select.h"

#include <string.h>

#include "lpad-error.h"

typedef enum
{
  MATCH_NONE,
  MATCH_ONE,
  MATCH_SEVERAL,
} Match;

typedef gboolean (*FitsFunc) (const char *text, gconstpointer candidate);

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
  return !is_digits (text) && contains_folded (text, ((const LuiChipName *) candidate)->device);
}

static gboolean
profile_iccid_same (const char *text, gconstpointer candidate)
{
  return same (text, ((const LuiProfileName *) candidate)->iccid);
}

static gboolean
profile_nickname_same (const char *text, gconstpointer candidate)
{
  return same (text, ((const LuiProfileName *) candidate)->nickname);
}

static gboolean
profile_name_same (const char *text, gconstpointer candidate)
{
  return same (text, ((const LuiProfileName *) candidate)->name);
}

static gboolean
profile_iccid_suffix (const char *text, gconstpointer candidate)
{
  return is_suffix (text, ((const LuiProfileName *) candidate)->iccid);
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

/* Tries @ways in turn; the first way that fits any candidate decides. */
static Match
find_in_turn (const char *text,
              gconstpointer const *candidates,
              guint n,
              const FitsFunc *ways,
              guint n_ways,
              guint *index)
{
  for (guint i = 0; i < n_ways; i++)
    {
      guint found = 0;
      Match match = find (text, candidates, n, ways[i], &found);

      if (match == MATCH_ONE)
        *index = found;
      if (match != MATCH_NONE)
        return match;
    }
  return MATCH_NONE;
}

gboolean
lui_select_euicc (const char *text,
                  const LuiChipName *const *chips,
                  guint n_chips,
                  guint *index,
                  GError **error)
{
  const FitsFunc ways[] = { chip_number_fits, chip_eid_fits, chip_device_same, chip_device_contains };

  switch (find_in_turn (text, (gconstpointer const *) chips, n_chips, ways, G_N_ELEMENTS (ways), index))
    {
    case MATCH_ONE:
      return TRUE;
    case MATCH_SEVERAL:
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "Several eUICCs fit “%s”: say more of the EID or of the reader's name.",
                   text);
      return FALSE;
    case MATCH_NONE:
    default:
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "No eUICC fits “%s” (lui-cli status lists them).", text);
      return FALSE;
    }
}

gboolean
lui_select_profile (const char *text,
                    const LuiProfileName *const *profiles,
                    guint n_profiles,
                    guint *index,
                    GError **error)
{
  const FitsFunc ways[]
      = { profile_iccid_same, profile_nickname_same, profile_name_same, profile_iccid_suffix };

  switch (find_in_turn (text, (gconstpointer const *) profiles, n_profiles, ways, G_N_ELEMENTS (ways), index))
    {
    case MATCH_ONE:
      return TRUE;
    case MATCH_SEVERAL:
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "Several profiles fit “%s”: give the whole ICCID, or say which eUICC with --euicc.",
                   text);
      return FALSE;
    case MATCH_NONE:
    default:
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "No profile fits “%s” (lui-cli list shows them).", text);
      return FALSE;
    }
}
