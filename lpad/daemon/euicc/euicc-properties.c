/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc-properties.h"

#include "hex.h"
#include "identifiers.h"

static const LpadProfile *
enabled_profile (const LpadInventory *inventory)
{
  for (guint i = 0; inventory != NULL && i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (inventory->profiles, i);

      if (profile->state == LPAD_PROFILE_ENABLED)
        return profile;
    }
  return NULL;
}

static char *
iccid_of (const LpadProfile *profile)
{
  gsize size;
  const guint8 *data;

  if (profile == NULL)
    return g_strdup ("");
  data = g_bytes_get_data (profile->iccid, &size);
  return lpad_iccid_to_string (data, size);
}

static void
describe_text (GVariantDict *dict, const char *key, const char *text)
{
  if (text != NULL && *text != '\0')
    g_variant_dict_insert (dict, key, "s", text);
}

static void
describe_number (GVariantDict *dict, const char *key, guint64 number)
{
  if (number != 0)
    g_variant_dict_insert (dict, key, "t", number);
}

static void
describe_list (GVariantDict *dict, const char *key, const char *const *values, gssize n)
{
  if (n != 0 && values[0] != NULL)
    g_variant_dict_insert_value (dict, key, g_variant_new_strv (values, n));
}

/* What lpad itself does not need: for a person who has to say which chip this is. */
static GVariant *
describe (const LpadEuiccInfo *info)
{
  g_auto (GStrv) tre = lpad_euicc_info_tre_properties (info);
  const GPtrArray *versions = info->profile_versions;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  describe_text (&dict, "category", lpad_euicc_info_category (info));
  describe_text (&dict, "accreditation", info->accreditation);
  describe_text (&dict, "protection-profile-version", info->protection_profile_version);
  describe_text (&dict, "javacard-version", info->javacard_version);
  describe_text (&dict, "globalplatform-version", info->globalplatform_version);
  describe_list (&dict, "profile-versions", (const char *const *) versions->pdata, versions->len);
  describe_text (&dict, "platform-label", info->platform_label);
  describe_text (&dict, "discovery-url", info->discovery_url);
  describe_list (&dict, "tre-properties", (const char *const *) tre, -1);
  describe_text (&dict, "tre-product", info->tre_product);
  describe_number (&dict, "applications", info->applications);
  describe_number (&dict, "free-ram", info->free_ram);
  return g_variant_dict_end (&dict);
}

static void
set_chip (LpadBusEuicc *bus, const LpadInventory *inventory)
{
  const LpadEuiccInfo *info = inventory->info;
  g_auto (GStrv) capabilities = lpad_euicc_info_capabilities (info);
  g_auto (GStrv) forbidden = lpad_policy_rules_to_strv (info->forbidden_policy_rules);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) issuers = NULL;

  for (guint i = 0; info->verification != NULL && i < info->verification->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (g_ptr_array_index (info->verification, i), &size);
      g_autofree char *text = lpad_hex_encode (data, size);

      g_strv_builder_add (builder, text);
    }
  issuers = g_strv_builder_end (builder);

  lpad_bus_euicc_set_eid (bus, inventory->eid);
  lpad_bus_euicc_set_spec_version (bus, info->spec_version != NULL ? info->spec_version : "");
  lpad_bus_euicc_set_firmware_version (bus, info->firmware_version != NULL ? info->firmware_version : "");
  lpad_bus_euicc_set_profile_version (bus, info->profile_version != NULL ? info->profile_version : "");
  lpad_bus_euicc_set_description (bus, describe (info));
  lpad_bus_euicc_set_free_memory (bus, info->free_memory);
  lpad_bus_euicc_set_capabilities (bus, (const char *const *) capabilities);
  lpad_bus_euicc_set_trusted_issuers (bus, (const char *const *) issuers);
  lpad_bus_euicc_set_forbidden_policy_rules (bus, (const char *const *) forbidden);
  lpad_bus_euicc_set_default_smdp_address (
      bus, inventory->default_smdp_address != NULL ? inventory->default_smdp_address : "");
  lpad_bus_euicc_set_root_smds_address (
      bus, inventory->root_smds_address != NULL ? inventory->root_smds_address : "");
  lpad_bus_euicc_set_pending_notifications (bus, inventory->notifications->len);
}

static void
set_enabled_profiles (LpadEuicc *euicc, const LpadInventory *inventory)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;

  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (inventory->profiles, i);

      if (profile->state == LPAD_PROFILE_ENABLED)
        g_strv_builder_add (builder, lpad_euicc_profile_path (euicc, profile->iccid));
    }
  paths = g_strv_builder_end (builder);
  lpad_bus_euicc_set_enabled_profiles (LPAD_BUS_EUICC (euicc), (const char *const *) paths);
}

void
lpad_euicc_properties_set_place (LpadEuicc *euicc)
{
  LpadBusEuicc *bus = LPAD_BUS_EUICC (euicc);
  const LpadPlace *place = lpad_euicc_place (euicc);

  lpad_bus_euicc_set_transport (bus, place->transport);
  lpad_bus_euicc_set_device (bus, place->device);
  lpad_bus_euicc_set_physical_device (bus, place->physical_device);
  lpad_bus_euicc_set_slot (bus, place->slot);
  lpad_bus_euicc_set_isdr_aid (
      bus, g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, lpad_euicc_aid (euicc), TRUE));
  lpad_bus_euicc_set_removable (bus, place->removable);
}

void
lpad_euicc_properties_set (LpadEuicc *euicc, const LpadInventory *inventory)
{
  set_chip (LPAD_BUS_EUICC (euicc), inventory);
  set_enabled_profiles (euicc, inventory);
}

void
lpad_euicc_properties_emit_if_switched (LpadEuicc *euicc, const LpadInventory *before)
{
  g_autofree char *was = iccid_of (enabled_profile (before));
  g_autofree char *is = iccid_of (enabled_profile (lpad_euicc_inventory (euicc)));
  const LpadPlace *place = lpad_euicc_place (euicc);
  GVariantDict details;

  if (g_str_equal (was, is))
    return;
  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "device", "s", place->device);
  g_variant_dict_insert (&details, "physical-device", "s", place->physical_device);
  g_variant_dict_insert (&details, "slot", "u", place->slot);
  lpad_bus_euicc_emit_profile_switched (LPAD_BUS_EUICC (euicc), was, is, g_variant_dict_end (&details));
}
