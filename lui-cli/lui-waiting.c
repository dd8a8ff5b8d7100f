/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-waiting.h"

#include <string.h>

#include "lui-output.h"

#define NUMBER_DIGITS_MAX 3 /* an ID has more */

static const char *
lookup (GVariant *offer, const char *name)
{
  const char *text = "";

  g_variant_lookup (offer, name, "&s", &text);
  return text;
}

guint
lui_waiting_count (LpadBusEuicc *euicc)
{
  GVariant *offers = lpad_bus_euicc_get_offers (euicc);

  return offers != NULL ? (guint) g_variant_n_children (offers) : 0;
}

/* Which chip is meant has to be said when there are several. */
static char *
euicc_option (LuiSession *session, LpadBusEuicc *euicc)
{
  GList *objects = g_dbus_object_manager_get_objects (session->manager);
  guint chips = 0;

  for (GList *l = objects; l != NULL; l = l->next)
    {
      g_autoptr (GDBusInterface) chip = g_dbus_object_get_interface (l->data, "org.lpad.Lpad1.Euicc");

      chips += chip != NULL;
    }
  g_list_free_full (objects, g_object_unref);
  return chips > 1 ? g_strdup_printf (" --euicc %u", lui_euicc_number (euicc)) : g_strdup ("");
}

char *
lui_waiting_sentence (LuiSession *session, LpadBusEuicc *euicc)
{
  guint count = lui_waiting_count (euicc);
  g_autofree char *option = euicc_option (session, euicc);

  if (count == 0)
    return NULL;
  if (count == 1)
    return g_strdup_printf ("A profile waits for this device: lui-cli download --event 1%s", option);
  return g_strdup_printf (
      "%u profiles wait for this device: lui-cli download --event NUMBER%s (1 to %u)", count, option, count);
}

void
lui_waiting_print (LpadBusEuicc *euicc)
{
  GVariant *offers = lpad_bus_euicc_get_offers (euicc);
  g_autoptr (LuiTable) table = lui_table_new (4);

  lui_table_add (table, "NUMBER", "SERVER", "TOLD BY", "ID");
  for (guint i = 0; i < lui_waiting_count (euicc); i++)
    {
      g_autoptr (GVariant) offer = g_variant_get_child_value (offers, i);
      g_autofree char *number = g_strdup_printf ("%u", i + 1);

      lui_table_add (table,
                     number,
                     lookup (offer, "smdp-address"),
                     lookup (offer, "smds-address"),
                     lookup (offer, "id"));
    }
  lui_table_print (table, 2);
}

char *
lui_waiting_find (LpadBusEuicc *euicc, const char *text, GError **error)
{
  GVariant *offers = lpad_bus_euicc_get_offers (euicc);
  guint64 number = 0;

  if (strlen (text) > NUMBER_DIGITS_MAX
      || !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT, &number, NULL))
    number = 0;
  for (guint i = 0; i < lui_waiting_count (euicc); i++)
    {
      g_autoptr (GVariant) offer = g_variant_get_child_value (offers, i);
      const char *id = lookup (offer, "id");

      if (i + 1 == number || (*id != '\0' && g_ascii_strcasecmp (id, text) == 0))
        return g_strdup (id);
    }
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_NOT_FOUND,
               "No profile %s is known to wait for this device: lui-cli discover asks the servers.",
               text);
  return NULL;
}
