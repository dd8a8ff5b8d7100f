/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <string.h>

/* Characters that act on a terminal, reorder or hide text. Combining marks, variation selectors (emoji) and
 * right-to-left letters are ordinary text and stay. */
static const struct
{
  gunichar first;
  gunichar last;
} unfit[] = {
  { 0x0000, 0x001f },   /* C0 */
  { 0x007f, 0x009f },   /* DEL, C1 */
  { 0x00ad, 0x00ad },   /* soft hyphen */
  { 0x061c, 0x061c },   /* Arabic letter mark */
  { 0x180e, 0x180e },   /* Mongolian vowel separator */
  { 0x200b, 0x200f },   /* zero-width, direction marks */
  { 0x2028, 0x202e },   /* line and paragraph separator, embeddings and overrides */
  { 0x2060, 0x206f },   /* word joiner, invisible operators, isolates, deprecated format characters */
  { 0xfeff, 0xfeff },   /* byte-order mark */
  { 0xfff9, 0xfffd },   /* interlinear annotation, object replacement, what this function itself writes */
  { 0x1d173, 0x1d17a }, /* musical format characters */
  { 0xe0000, 0xe007f }, /* tags */
};

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static gboolean
is_fit (gunichar character)
{
  for (gsize i = 0; i < G_N_ELEMENTS (unfit); i++)
    {
      if (character >= unfit[i].first && character <= unfit[i].last)
        return FALSE;
    }
  return TRUE;
}

/* Looks at the first character of @data. @length receives the octets that it takes, 1 when they are no UTF-8.
 */
static gboolean
next_is_fit (const guint8 *data, gsize size, gsize *length)
{
  /* The longest character has four octets: the limit keeps the signed length of GLib in range. */
  gunichar character = g_utf8_get_char_validated ((const char *) data, (gssize) MIN (size, 4));

  if (character == (gunichar) -1 || character == (gunichar) -2)
    {
      *length = 1;
      return FALSE;
    }
  *length = (gsize) g_unichar_to_utf8 (character, NULL);
  return is_fit (character);
}

char *
lpad_text_clean (const guint8 *data, gsize size, gsize maximum)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean replaced = FALSE;
  gsize offset = 0;

  g_return_val_if_fail (data != NULL || size == 0, g_strdup (""));

  while (offset < size)
    {
      gsize length;
      gboolean fit = next_is_fit (data + offset, size - offset, &length);
      const char *out = fit ? (const char *) data + offset : replacement;
      gsize out_length = fit ? length : strlen (replacement);

      offset += length;
      if (!fit && replaced)
        continue;
      if (out_length > maximum - text->len)
        break;
      g_string_append_len (text, out, (gssize) out_length);
      replaced = !fit;
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
lpad_text_is_clean (const char *text, gsize maximum)
{
  g_autofree char *clean = NULL;
  gsize size;

  g_return_val_if_fail (text != NULL, FALSE);

  size = strlen (text);
  if (size > maximum)
    return FALSE;
  clean = lpad_text_clean ((const guint8 *) text, size, maximum);
  return strcmp (clean, text) == 0;
}
