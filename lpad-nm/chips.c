/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chips.h"

#include "bus-call.h"
#include "names.h"

#define EUICC    LPAD_BUS_NAME ".Euicc"
#define PROFILE  LPAD_BUS_NAME ".Profile"
#define UNTITLED "eSIM"

static void
profile_free (gpointer data)
{
  LpadNmProfile *profile = data;

  g_free (profile->iccid);
  g_free (profile->title);
  g_free (profile->owner);
  g_free (profile);
}

static void
chip_free (gpointer data)
{
  LpadNmChip *chip = data;

  g_free (chip->path);
  g_free (chip->mark);
  g_free (chip->modem);
  g_free (chip->enabled);
  g_ptr_array_unref (chip->profiles);
  g_free (chip);
}

static LpadNmChip *
parse_chip (const char *path, GVariant *shown)
{
  LpadNmChip *chip = g_new0 (LpadNmChip, 1);
  g_autofree char *eid = lpad_nm_dup_string (shown, "Eid");
  g_autofree char *state = lpad_nm_dup_string (shown, "State");

  chip->path = g_strdup (path);
  chip->mark = *eid != '\0' ? lpad_nm_connection_hash_eid (eid) : g_strdup ("");
  chip->modem = lpad_nm_dup_string (shown, "PhysicalDevice");
  chip->ready = g_str_equal (state, "ready") && *eid != '\0';
  chip->profiles = g_ptr_array_new_with_free_func (profile_free);
  return chip;
}

static LpadNmChip *
find (GPtrArray *chips, const char *path)
{
  for (guint i = 0; i < chips->len; i++)
    {
      LpadNmChip *chip = g_ptr_array_index (chips, i);

      if (g_str_equal (chip->path, path))
        return chip;
    }
  return NULL;
}

static char *
dup_title (GVariant *shown)
{
  const char *const keys[] = { "Nickname", "Name", "ServiceProvider" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *title = lpad_nm_dup_string (shown, keys[i]);

      if (*title != '\0')
        return g_steal_pointer (&title);
    }
  return g_strdup (UNTITLED);
}

static void
parse_profile (GPtrArray *chips, GVariant *shown)
{
  g_autoptr (GVariant) owner = g_variant_lookup_value (shown, "Owner", G_VARIANT_TYPE_VARDICT);
  g_autofree char *state = lpad_nm_dup_string (shown, "State");
  const char *path = "";
  LpadNmProfile *profile;
  LpadNmChip *chip;

  g_variant_lookup (shown, "Euicc", "&o", &path);
  chip = find (chips, path);
  if (chip == NULL)
    return;
  profile = g_new0 (LpadNmProfile, 1);
  profile->iccid = lpad_nm_dup_string (shown, "Iccid");
  profile->title = dup_title (shown);
  profile->owner = lpad_nm_dup_string (owner, "mcc-mnc");
  g_ptr_array_add (chip->profiles, profile);
  if (g_str_equal (state, "enabled"))
    {
      g_free (chip->enabled);
      chip->enabled = g_strdup (profile->iccid);
    }
}

GPtrArray *
lpad_nm_chips_parse (GVariant *objects)
{
  GPtrArray *chips = g_ptr_array_new_with_free_func (chip_free);
  const char *const interfaces[] = { EUICC, PROFILE };

  /* Chips first: profiles say to which they belong. */
  for (guint i = 0; i < G_N_ELEMENTS (interfaces); i++)
    {
      GVariantIter iter;
      const char *path;
      GVariant *object;

      g_variant_iter_init (&iter, objects);
      while (g_variant_iter_loop (&iter, "{&o@a{sa{sv}}}", &path, &object))
        {
          g_autoptr (GVariant) shown = g_variant_lookup_value (object, interfaces[i], G_VARIANT_TYPE_VARDICT);

          if (shown != NULL && i == 0)
            g_ptr_array_add (chips, parse_chip (path, shown));
          else if (shown != NULL)
            parse_profile (chips, shown);
        }
    }
  return chips;
}

GPtrArray *
lpad_nm_chips_read (GDBusConnection *bus, GError **error)
{
  g_autoptr (GError) failed = NULL;
  g_autoptr (GVariant) objects = lpad_nm_get_objects (bus, LPAD_BUS_NAME, LPAD_BUS_ROOT, &failed);

  if (objects != NULL)
    return lpad_nm_chips_parse (objects);
  if (lpad_nm_is_absent (failed))
    return g_ptr_array_new_with_free_func (chip_free);
  g_propagate_error (error, g_steal_pointer (&failed));
  return NULL;
}

const LpadNmChip *
lpad_nm_chips_find (GPtrArray *chips, const char *path)
{
  return find (chips, path);
}

const LpadNmProfile *
lpad_nm_chip_find_profile (const LpadNmChip *chip, const char *iccid)
{
  for (guint i = 0; i < chip->profiles->len; i++)
    {
      const LpadNmProfile *profile = g_ptr_array_index (chip->profiles, i);

      if (g_str_equal (profile->iccid, iccid))
        return profile;
    }
  return NULL;
}

gboolean
lpad_nm_chips_lack (GPtrArray *chips, const LpadNmConnection *connection)
{
  if (connection->chip == NULL)
    return FALSE;
  for (guint i = 0; i < chips->len; i++)
    {
      const LpadNmChip *chip = g_ptr_array_index (chips, i);

      if (chip->ready && g_str_equal (chip->mark, connection->chip))
        return lpad_nm_chip_find_profile (chip, connection->sim_id) == NULL;
    }
  return FALSE;
}
