/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include <string.h>

#include "bus-call.h"

#define TYPE           "gsm"
#define ADMINISTRATORS "/etc/"
/* Key of the setting “user”: whose profile the connection is for, which only those that lpad-nm made say */
#define MARK "org.lpad.nm.chip"

static GVariant *
get_setting (GVariant *settings, const char *name)
{
  return g_variant_lookup_value (settings, name, G_VARIANT_TYPE_VARDICT);
}

static char *
read_mark (GVariant *settings)
{
  g_autoptr (GVariant) user = get_setting (settings, "user");
  g_autoptr (GVariant) data = NULL;
  char *mark = NULL;

  if (user != NULL)
    data = g_variant_lookup_value (user, "data", G_VARIANT_TYPE ("a{ss}"));
  if (data != NULL)
    g_variant_lookup (data, MARK, "s", &mark);
  return mark;
}

static gboolean
is_of_administrator (GVariant *properties)
{
  g_autofree char *file = lpad_nm_dup_string (properties, "Filename");

  return g_str_has_prefix (file, ADMINISTRATORS);
}

LpadNmConnection *
lpad_nm_connection_new (const char *path, GVariant *properties, GVariant *settings)
{
  g_autoptr (GVariant) general = get_setting (settings, "connection");
  g_autoptr (GVariant) gsm = get_setting (settings, TYPE);
  g_autofree char *type = lpad_nm_dup_string (general, "type");
  g_autofree char *uuid = lpad_nm_dup_string (general, "uuid");
  LpadNmConnection *connection;

  if (!g_str_equal (type, TYPE) || *uuid == '\0')
    return NULL;
  connection = g_new0 (LpadNmConnection, 1);
  connection->path = g_strdup (path);
  connection->uuid = g_steal_pointer (&uuid);
  connection->id = lpad_nm_dup_string (general, "id");
  connection->sim_id = lpad_nm_dup_string (gsm, "sim-id");
  connection->autoconnect = TRUE; /* what is at its default is left out */
  g_variant_lookup (general, "autoconnect", "b", &connection->autoconnect);
  g_variant_lookup (general, "autoconnect-priority", "i", &connection->priority);
  g_variant_lookup (general, "timestamp", "t", &connection->timestamp);
  g_variant_lookup (properties, "Unsaved", "b", &connection->unsaved);
  connection->saved = !connection->unsaved && is_of_administrator (properties);
  connection->chip = read_mark (settings);
  connection->settings = g_variant_ref (settings);
  return connection;
}

void
lpad_nm_connection_free (LpadNmConnection *connection)
{
  g_free (connection->path);
  g_free (connection->uuid);
  g_free (connection->id);
  g_free (connection->sim_id);
  g_free (connection->chip);
  g_variant_unref (connection->settings);
  g_free (connection);
}

GVariant *
lpad_nm_connection_change (const LpadNmConnection *connection, int priority, gboolean autoconnect)
{
  GVariantBuilder settings;
  GVariantIter iter;
  const char *name;
  GVariant *values;

  g_variant_builder_init (&settings, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_iter_init (&iter, connection->settings);
  while (g_variant_iter_loop (&iter, "{&s@a{sv}}", &name, &values))
    {
      GVariantDict changed;

      if (!g_str_equal (name, "connection"))
        {
          g_variant_builder_add (&settings, "{s@a{sv}}", name, values);
          continue;
        }
      g_variant_dict_init (&changed, values);
      g_variant_dict_insert (&changed, "autoconnect-priority", "i", priority);
      g_variant_dict_insert (&changed, "autoconnect", "b", autoconnect);
      g_variant_builder_add (&settings, "{s@a{sv}}", name, g_variant_dict_end (&changed));
    }
  return g_variant_builder_end (&settings);
}

static void
add_setting (GVariantBuilder *settings, const char *name, GVariantDict *values)
{
  g_variant_builder_add (settings, "{s@a{sv}}", name, g_variant_dict_end (values));
}

static void
add_addresses (GVariantBuilder *settings, const char *name)
{
  GVariantDict values;

  g_variant_dict_init (&values, NULL);
  g_variant_dict_insert (&values, "method", "s", "auto");
  add_setting (settings, name, &values);
}

GVariant *
lpad_nm_connection_make (const char *id,
                         const char *uuid,
                         const char *iccid,
                         const char *apn,
                         const char *chip,
                         int priority)
{
  GVariantBuilder settings, data;
  GVariantDict values;

  g_variant_builder_init (&settings, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_dict_init (&values, NULL);
  g_variant_dict_insert (&values, "id", "s", id);
  g_variant_dict_insert (&values, "uuid", "s", uuid);
  g_variant_dict_insert (&values, "type", "s", TYPE);
  if (priority != 0)
    g_variant_dict_insert (&values, "autoconnect-priority", "i", priority);
  add_setting (&settings, "connection", &values);

  g_variant_dict_init (&values, NULL);
  g_variant_dict_insert (&values, "sim-id", "s", iccid);
  if (apn != NULL)
    g_variant_dict_insert (&values, "apn", "s", apn);
  add_setting (&settings, TYPE, &values);
  add_addresses (&settings, "ipv4");
  add_addresses (&settings, "ipv6");

  g_variant_builder_init (&data, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&data, "{ss}", MARK, chip);
  g_variant_dict_init (&values, NULL);
  g_variant_dict_insert_value (&values, "data", g_variant_builder_end (&data));
  add_setting (&settings, "user", &values);
  return g_variant_builder_end (&settings);
}

char *
lpad_nm_connection_hash_eid (const char *eid)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, eid, -1);
}
