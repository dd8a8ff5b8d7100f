/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aids.h"

#include <string.h>

#include "conf-folder.h"
#include "firewall.h"
#include "isdr-aids.h"

#define AID_MIN  5            /* octets (ISO/IEC 7816-4, 8.2.1.2) */
#define FILE_MAX (256 * 1024) /* octets, as for lpad */
#define GROUP    "Card"
#define KEY      "IsdrAids"

static const char *const known[] = LPAD_ISDR_AIDS;

static GPtrArray *
aids_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

static GBytes *
parse_aid (const char *text)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  gsize length = strlen (text);

  if (length % 2 != 0 || length < 2 * AID_MIN || length > 2 * LPAD_MODEM_AID_MAX)
    return NULL;
  for (gsize i = 0; i < length; i += 2)
    {
      int high = g_ascii_xdigit_value (text[i]), low = g_ascii_xdigit_value (text[i + 1]);
      guint8 octet;

      if (high < 0 || low < 0)
        return NULL;
      octet = (guint8) (high << 4 | low);
      g_byte_array_append (octets, &octet, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

GPtrArray *
lpad_modem_aids_parse (const char *text, gsize size)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GPtrArray) aids = aids_new ();
  g_auto (GStrv) list = NULL;

  if (size <= FILE_MAX && g_key_file_load_from_data (file, text, size, G_KEY_FILE_NONE, NULL))
    list = g_key_file_get_string_list (file, GROUP, KEY, NULL, NULL);
  for (char **word = list; word != NULL && *word != NULL; word++)
    {
      GBytes *aid = parse_aid (g_strstrip (*word));

      if (aid != NULL)
        g_ptr_array_add (aids, aid);
    }
  return aids->len > 0 ? g_steal_pointer (&aids) : NULL;
}

static void
load_file (const char *path, GPtrArray **aids)
{
  g_autofree char *text = NULL;
  GPtrArray *said = NULL;
  gsize size;

  if (g_file_get_contents (path, &text, &size, NULL))
    said = lpad_modem_aids_parse (text, size);
  if (said == NULL)
    return;
  g_ptr_array_unref (*aids);
  *aids = said;
}

GPtrArray *
lpad_modem_aids_load (const char *path)
{
  GPtrArray *aids = aids_new ();
  g_autofree char *folder = g_strconcat (path, ".d", NULL);
  g_autoptr (GPtrArray) drop_ins = lpad_modem_conf_folder_list (folder);

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    g_ptr_array_add (aids, parse_aid (known[i]));
  load_file (path, &aids);
  for (guint i = 0; i < drop_ins->len; i++)
    load_file (g_ptr_array_index (drop_ins, i), &aids);
  return aids;
}
