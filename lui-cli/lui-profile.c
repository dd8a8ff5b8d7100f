/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-profile.h"

const char *
lui_rule_words (const char *rule)
{
  if (g_str_equal (rule, "ppr1"))
    return "Once it is in use it cannot be disabled: no other profile can be used on this chip.";
  if (g_str_equal (rule, "ppr2"))
    return "It cannot be deleted, except by a reset of the chip's memory.";
  if (g_str_equal (rule, "ppr-update-control"))
    return "The operator can lift its rules later.";
  return "A rule that lpad does not know.";
}

const char *
lui_class_words (const char *profile_class)
{
  if (g_strcmp0 (profile_class, "provisioning") == 0)
    return "provisioning: serves only to download other profiles";
  if (g_strcmp0 (profile_class, "test") == 0)
    return "test: serves only in test networks";
  return profile_class;
}

static void
append_gid (GString *text, GVariant *owner, const char *key, const char *title)
{
  g_autoptr (GVariant) octets = g_variant_lookup_value (owner, key, G_VARIANT_TYPE_BYTESTRING);
  gsize size = 0;
  const guint8 *data = octets == NULL ? NULL : g_variant_get_fixed_array (octets, &size, 1);

  if (octets == NULL)
    return;
  g_string_append_printf (text, "%s%s ", text->len == 0 ? "" : ", ", title);
  for (gsize i = 0; i < size; i++)
    g_string_append_printf (text, "%02x", data[i]);
  if (size == 0)
    g_string_append (text, "empty");
}

char *
lui_owner_to_string (GVariant *owner)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *network = NULL;

  if (owner == NULL)
    return NULL;
  if (g_variant_lookup (owner, "mcc-mnc", "&s", &network))
    g_string_append (text, network);
  append_gid (text, owner, "gid1", "GID1");
  append_gid (text, owner, "gid2", "GID2");
  return text->len == 0 ? NULL : g_string_free (g_steal_pointer (&text), FALSE);
}

void
lui_table_add_rules (LuiTable *table, const char *const *rules)
{
  for (gsize i = 0; rules != NULL && rules[i] != NULL; i++)
    lui_table_add (table, i == 0 ? "Rules" : "", lui_rule_words (rules[i]));
}
