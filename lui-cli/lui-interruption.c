/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-interruption.h"

#include "lui-failure.h"
#include "lui-output.h"

static void
append_line (GString *text, guint indent, const char *line)
{
  g_autofree char *clean = lui_sentence (line);

  g_string_append_printf (text, "%*s%s\n", (int) indent, "", clean);
}

char *
lui_interruption_to_string (GVariant *interruption, guint indent)
{
  GString *text = g_string_new (NULL);
  const char *message = "An operation was interrupted.", *advice = NULL, *order = NULL, *iccid = NULL;
  guint64 time = 0;
  g_autofree char *when = NULL;
  g_autofree char *first = NULL;

  g_variant_lookup (interruption, "message", "&s", &message);
  g_variant_lookup (interruption, "advice", "&s", &advice);
  g_variant_lookup (interruption, "order", "&s", &order);
  g_variant_lookup (interruption, "iccid", "&s", &iccid);
  g_variant_lookup (interruption, "time", "t", &time);
  when = lui_time_to_string (time);
  first = g_strdup_printf ("%s: %s", when, message);
  append_line (text, indent, first);
  if (iccid != NULL)
    {
      g_autofree char *line = g_strdup_printf ("It is the profile %s.", iccid);

      append_line (text, indent + 2, line);
    }
  if (advice != NULL)
    append_line (text, indent + 2, advice);
  else if (lui_order_sentence (order) != NULL && iccid == NULL)
    append_line (text, indent + 2, lui_order_sentence (order));
  return g_string_free (text, FALSE);
}

char *
lui_interruptions_to_string (GVariant *interruptions, guint indent)
{
  GString *text = g_string_new (NULL);
  gsize n = interruptions == NULL ? 0 : g_variant_n_children (interruptions);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) interruption = g_variant_get_child_value (interruptions, i);
      g_autofree char *lines = lui_interruption_to_string (interruption, indent);

      g_string_append (text, lines);
    }
  return g_string_free (text, FALSE);
}
