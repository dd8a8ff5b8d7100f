/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem-use.h"

#define IDLE_TIME (10 * G_TIME_SPAN_SECOND) /* how long a modem that is used may not be enabled */

typedef struct
{
  gboolean off;
  gboolean idle; /* nobody uses it */
  gint64 since;  /* off */
  gboolean noted;
} Modem;

struct _LpadModemUse
{
  GHashTable *modems; /* Device -> Modem */
  gboolean looked;    /* once or more */
};

LpadModemUse *
lpad_modem_use_new (void)
{
  LpadModemUse *use = g_new0 (LpadModemUse, 1);

  use->modems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return use;
}

void
lpad_modem_use_free (LpadModemUse *use)
{
  g_hash_table_unref (use->modems);
  g_free (use);
}

void
lpad_modem_use_forget (LpadModemUse *use)
{
  g_hash_table_remove_all (use->modems);
  use->looked = FALSE;
}

void
lpad_modem_use_begin (LpadModemUse *use)
{
  GHashTableIter iter;
  gpointer modem;

  g_hash_table_iter_init (&iter, use->modems);
  while (g_hash_table_iter_next (&iter, NULL, &modem))
    ((Modem *) modem)->noted = FALSE;
}

static Modem *
find_or_add (LpadModemUse *use, const char *device)
{
  Modem *modem = g_hash_table_lookup (use->modems, device);

  if (modem != NULL)
    return modem;
  modem = g_new0 (Modem, 1);
  g_hash_table_insert (use->modems, g_strdup (device), modem);
  return modem;
}

static gboolean
has_been_off_for_long (const Modem *modem, gint64 now)
{
  return modem->off && now - modem->since >= IDLE_TIME;
}

void
lpad_modem_use_note (LpadModemUse *use, const char *device, LpadModemRadio radio, gint64 now)
{
  Modem *modem = find_or_add (use, device);

  modem->noted = TRUE;
  switch (radio)
    {
    case LPAD_MODEM_RADIO_ON:
      modem->off = modem->idle = FALSE;
      break;
    case LPAD_MODEM_RADIO_OFF:
      if (!modem->off)
        modem->since = now;
      modem->off = TRUE;
      modem->idle = modem->idle || !use->looked;
      break;
    case LPAD_MODEM_RADIO_UNKNOWN:
    default:
      break;
    }
}

void
lpad_modem_use_end (LpadModemUse *use, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  use->looked = TRUE;
  g_hash_table_iter_init (&iter, use->modems);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Modem *modem = value;

      if (modem->noted)
        continue;
      modem->idle = modem->idle || has_been_off_for_long (modem, now);
      modem->off = FALSE;
      if (!modem->idle)
        g_hash_table_iter_remove (&iter);
    }
}

gboolean
lpad_modem_use_is_idle (const LpadModemUse *use, const char *device, gint64 now)
{
  const Modem *modem = g_hash_table_lookup (use->modems, device);

  return modem != NULL && (modem->idle || has_been_off_for_long (modem, now));
}
