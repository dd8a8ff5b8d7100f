/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "activation-code.h"

#include <string.h>

#include "address.h"
#include "error-details.h"

#define FORM "LPA:1$SERVER$MATCHING-ID"

/* The fields between the "$" (SGP.22 4.1); more may follow and are ignored. */
enum
{
  FIELD_FORMAT,
  FIELD_ADDRESS,
  FIELD_MATCHING_ID,
  FIELD_OID,
  FIELD_CONFIRMATION,
};

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (LPAD_ERROR, LPAD_ERROR_INVALID_ACTIVATION_CODE, format, args);
  va_end (args);
  return FALSE;
}

/* Characters that stick to a code that was copied from a mail, a page or a scanner. */
static gboolean
is_blank (gunichar character)
{
  return g_unichar_isspace (character) || character == 0xfeff || (character >= 0x200b && character <= 0x200f)
         || (character >= 0x2060 && character <= 0x2064);
}

/* @text: valid UTF-8 */
static char *
trim (const char *text)
{
  const char *end = text + strlen (text);

  while (*text != '\0' && is_blank (g_utf8_get_char (text)))
    text = g_utf8_find_next_char (text, NULL);
  while (end > text)
    {
      const char *last = g_utf8_prev_char (end);

      if (!is_blank (g_utf8_get_char (last)))
        break;
      end = last;
    }
  return g_strndup (text, (gsize) (end - text));
}

/* A matching ID is kept as it is, so that only what cannot have been meant is refused. */
static gboolean
check_characters (const char *code, GError **error)
{
  guint position = 1;

  for (const char *p = code; *p != '\0'; p = g_utf8_find_next_char (p, NULL), position++)
    {
      gunichar character = g_utf8_get_char (p);

      if (is_blank (character))
        return refuse (
            error,
            "character %u of the activation code is a space or a line break; enter it in one piece",
            position);
      if (character < 0x80 && g_ascii_iscntrl ((char) character))
        return refuse (error,
                       "character %u of the activation code is a control character; copy or scan it again",
                       position);
      if (character >= 0x80)
        return refuse (error,
                       "character %u of the activation code is no letter, digit or sign of ASCII; "
                       "a program may have replaced it, such as a hyphen by a dash",
                       position);
    }
  return TRUE;
}

/* @code: behind "LPA:", not beginning with "1$". Says why not. */
static gboolean
refuse_format (const char *code, GError **error)
{
  gsize length = strcspn (code, "$");
  gboolean digits = strspn (code, "0123456789") >= length;

  if (length == 0)
    return refuse (error, "the activation code begins with \"$\"; it has the form " FORM);
  if (strstr (code, "%24") != NULL)
    return refuse (error,
                   "the activation code is written as in a link, with %%24 for \"$\"; it has the form " FORM);
  if (g_ascii_strncasecmp (code, "https:", 6) == 0 || g_ascii_strncasecmp (code, "http:", 5) == 0)
    return refuse (
        error, "this is a link, not an activation code; open it to find the code, which has the form " FORM);
  /* An unquoted 1$smdp.example.com$TOKEN leaves 1.example.com, and 1$rsp-eu.example.com$04
   * 1-eu.example.combash4: the shell puts in variables that do not exist. */
  if (code[0] == '1' && (!digits || code[length] == '\0'))
    return refuse (
        error,
        "the \"$\" signs of the activation code are missing: a shell takes what follows them for a "
        "variable; put the code in single quotes, as in 'LPA:1$...'");
  if (digits && code[length] == '$')
    return refuse (error,
                   "activation codes of format %.*s are not supported, only those that begin with \"1$\"",
                   (int) MIN (length, 8),
                   code);
  if (code[length] == '\0' && strchr (code, '.') != NULL)
    return refuse (error, "this looks like a server address, not like an activation code of the form " FORM);
  return refuse (error, "this is no activation code; it has the form " FORM);
}

/* Dotted decimal numbers, at least two; X.660 7.6: the first is 0 to 2, below 2 the second is at most 39. */
static gboolean
is_oid (const char *text)
{
  g_auto (GStrv) arcs = g_strsplit (text, ".", -1);
  guint n = g_strv_length (arcs);

  if (n < 2)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      gsize length = strlen (arcs[i]);

      if (length == 0 || strspn (arcs[i], "0123456789") != length || (arcs[i][0] == '0' && length > 1))
        return FALSE;
    }
  if (strlen (arcs[0]) != 1 || arcs[0][0] > '2')
    return FALSE;
  return arcs[0][0] == '2' || strlen (arcs[1]) == 1 || (strlen (arcs[1]) == 2 && arcs[1][0] < '4');
}

static gboolean
parse_address (const char *text, char **address, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (*text == '\0')
    return refuse (error, "the activation code names no server: nothing stands between its first two \"$\"");

  *address = lpad_address_normalise (text, strlen (text), &local_error);
  if (*address == NULL)
    return refuse (error, "the server address in the activation code is wrong: %s", local_error->message);
  return TRUE;
}

static gboolean
parse_fields (char **fields, LpadActivationCode *code, GError **error)
{
  guint n = g_strv_length (fields);

  if (!parse_address (fields[FIELD_ADDRESS], &code->smdp_address, error))
    return FALSE;
  if (n <= FIELD_MATCHING_ID)
    return refuse (
        error,
        "the activation code ends after the server address; a \"$\" and the matching ID must follow, "
        "or a \"$\" alone if there is none");
  code->matching_id = g_strdup (fields[FIELD_MATCHING_ID]);

  if (n > FIELD_OID && *fields[FIELD_OID] != '\0')
    {
      if (!is_oid (fields[FIELD_OID]))
        return refuse (
            error,
            "the fourth part of the activation code is no object identifier such as 1.3.6.1.4.1.31746");
      code->smdp_oid = g_strdup (fields[FIELD_OID]);
    }

  if (n > FIELD_CONFIRMATION && *fields[FIELD_CONFIRMATION] != '\0')
    {
      const char *flag = fields[FIELD_CONFIRMATION];

      if (strcmp (flag, "0") != 0 && strcmp (flag, "1") != 0)
        return refuse (
            error,
            "the fifth part of the activation code, whether a confirmation code is needed, is neither 0 "
            "nor 1; a confirmation code itself is not part of it");
      code->confirmation_code_required = *flag == '1';
    }
  return TRUE;
}

LpadActivationCode *
lpad_activation_code_parse (const char *text, GError **error)
{
  g_autoptr (LpadActivationCode) code = NULL;
  g_autofree char *trimmed = NULL;
  g_auto (GStrv) fields = NULL;
  const char *rest;

  g_return_val_if_fail (text != NULL, NULL);

  if (!g_utf8_validate (text, -1, NULL))
    {
      refuse (error, "the activation code is no text in UTF-8; copy or scan it again");
      return NULL;
    }
  trimmed = trim (text);
  if (*trimmed == '\0')
    {
      refuse (error, "the activation code is empty; it has the form " FORM);
      return NULL;
    }
  if (strlen (trimmed) > LPAD_ACTIVATION_CODE_MAX)
    {
      refuse (error, "the activation code has more than %d characters", LPAD_ACTIVATION_CODE_MAX);
      return NULL;
    }
  if (!check_characters (trimmed, error))
    return NULL;

  rest = trimmed;
  if (g_ascii_strncasecmp (rest, "LPA:", 4) == 0)
    rest += 4;
  if (*rest == '\0')
    {
      refuse (error, "nothing follows \"LPA:\"; an activation code has the form " FORM);
      return NULL;
    }
  if (!g_str_has_prefix (rest, "1$"))
    {
      refuse_format (rest, error);
      return NULL;
    }

  fields = g_strsplit (rest, "$", -1);
  code = g_new0 (LpadActivationCode, 1);
  if (!parse_fields (fields, code, error))
    return NULL;
  return g_steal_pointer (&code);
}

LpadActivationCode *
lpad_activation_code_copy (const LpadActivationCode *code)
{
  LpadActivationCode *copy = g_new0 (LpadActivationCode, 1);

  copy->smdp_address = g_strdup (code->smdp_address);
  copy->matching_id = g_strdup (code->matching_id);
  copy->smdp_oid = g_strdup (code->smdp_oid);
  copy->confirmation_code_required = code->confirmation_code_required;
  return copy;
}

void
lpad_activation_code_free (LpadActivationCode *code)
{
  if (code == NULL)
    return;

  g_free (code->smdp_address);
  g_free (code->matching_id);
  g_free (code->smdp_oid);
  g_free (code);
}
