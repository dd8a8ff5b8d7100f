/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON objects that lui-cli(1) documents. A member that exists today keeps its name and type. */
#include "lui-output.h"

static void
json_euicc_error (JsonBuilder *builder, LpadBusEuicc *euicc)
{
  GVariant *value = lpad_bus_euicc_get_error (euicc);
  const char *name = "", *message = "";

  if (value != NULL)
    g_variant_get (value, "(&s&s)", &name, &message);
  json_builder_set_member_name (builder, "error");
  if (*name == '\0')
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_object (builder);
  lui_json_string (builder, "name", name);
  lui_json_string (builder, "message", message);
  json_builder_end_object (builder);
}

static void
json_interruptions (JsonBuilder *builder, LpadBusEuicc *euicc)
{
  g_autoptr (GVariant) interruptions = lpad_bus_euicc_dup_interruptions (euicc);

  if (interruptions == NULL)
    interruptions = g_variant_ref_sink (g_variant_new ("aa{sv}", NULL));
  lui_json_variant (builder, "interruptions", interruptions);
}

static void
json_first_boot (JsonBuilder *builder, LpadBusEuicc *euicc)
{
  g_autoptr (GVariant) first_boot = lpad_bus_euicc_dup_first_boot (euicc);

  if (first_boot == NULL)
    first_boot = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  lui_json_variant (builder, "first_boot", first_boot);
}

static void
json_euicc_offers (JsonBuilder *builder, LpadBusEuicc *euicc)
{
  g_autoptr (GVariant) offers = lpad_bus_euicc_dup_offers (euicc);

  if (offers == NULL)
    offers = g_variant_ref_sink (g_variant_new ("aa{sv}", NULL));
  lui_json_variant (builder, "offers", offers);
}

void
lui_json_euicc (JsonBuilder *builder, LpadBusEuicc *euicc)
{
  g_autofree char *isdr_aid = lui_octets_to_string (lpad_bus_euicc_get_isdr_aid (euicc));
  g_autoptr (GVariant) description = lpad_bus_euicc_dup_description (euicc);
  g_autoptr (GVariant) device = lpad_bus_euicc_dup_device_information (euicc);

  if (device == NULL)
    device = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  if (description == NULL)
    description = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  json_builder_begin_object (builder);
  lui_json_integer (builder, "number", lui_euicc_number (euicc));
  lui_json_string (builder, "eid", lpad_bus_euicc_get_eid (euicc));
  lui_json_string (builder, "transport", lpad_bus_euicc_get_transport (euicc));
  lui_json_string (builder, "device", lpad_bus_euicc_get_device (euicc));
  lui_json_string (builder, "physical_device", lpad_bus_euicc_get_physical_device (euicc));
  lui_json_integer (builder, "slot", lpad_bus_euicc_get_slot (euicc));
  lui_json_string (builder, "isdr_aid", isdr_aid);
  lui_json_boolean (builder, "removable", lpad_bus_euicc_get_removable (euicc));
  lui_json_string (builder, "state", lpad_bus_euicc_get_state (euicc));
  json_euicc_error (builder, euicc);
  lui_json_string (builder, "spec_version", lpad_bus_euicc_get_spec_version (euicc));
  lui_json_string (builder, "firmware_version", lpad_bus_euicc_get_firmware_version (euicc));
  lui_json_string (builder, "profile_version", lpad_bus_euicc_get_profile_version (euicc));
  lui_json_variant (builder, "description", description);
  lui_json_variant (builder, "device_information", device);
  lui_json_integer (builder, "free_memory", (gint64) lpad_bus_euicc_get_free_memory (euicc));
  lui_json_strv (builder, "capabilities", lpad_bus_euicc_get_capabilities (euicc));
  lui_json_strv (builder, "trusted_issuers", lpad_bus_euicc_get_trusted_issuers (euicc));
  lui_json_strv (builder, "forbidden_policy_rules", lpad_bus_euicc_get_forbidden_policy_rules (euicc));
  lui_json_string (builder, "default_smdp_address", lpad_bus_euicc_get_default_smdp_address (euicc));
  lui_json_string (builder, "root_smds_address", lpad_bus_euicc_get_root_smds_address (euicc));
  json_euicc_offers (builder, euicc);
  lui_json_integer (builder, "pending_notifications", lpad_bus_euicc_get_pending_notifications (euicc));
  json_interruptions (builder, euicc);
  json_first_boot (builder, euicc);
  json_builder_end_object (builder);
}

/* What lpad does not say keeps its type all the same. */
static void
json_isdp_aid (JsonBuilder *builder, LpadBusProfile *profile)
{
  GVariant *aid = lpad_bus_profile_get_isdp_aid (profile);

  if (aid == NULL)
    lui_json_string (builder, "isdp_aid", "");
  else
    lui_json_variant (builder, "isdp_aid", aid);
}

static void
json_owner (JsonBuilder *builder, LpadBusProfile *profile)
{
  g_autoptr (GVariant) owner = lpad_bus_profile_dup_owner (profile);

  if (owner == NULL)
    owner = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  lui_json_variant (builder, "owner", owner);
}

/* Empty when there is none. */
static void
json_connection (JsonBuilder *builder, LpadBusProfile *profile)
{
  GVariant *connection = lpad_bus_profile_get_connection (profile);

  if (connection != NULL)
    lui_json_variant (builder, "connection", connection);
}

void
lui_json_profile (JsonBuilder *builder, LpadBusProfile *profile)
{
  json_builder_begin_object (builder);
  lui_json_integer (builder, "euicc", lui_profile_euicc_number (profile));
  lui_json_string (builder, "iccid", lpad_bus_profile_get_iccid (profile));
  json_isdp_aid (builder, profile);
  lui_json_string (builder, "state", lpad_bus_profile_get_state (profile));
  lui_json_string (builder, "class", lpad_bus_profile_get_class (profile));
  lui_json_string (builder, "nickname", lpad_bus_profile_get_nickname (profile));
  lui_json_string (builder, "service_provider", lpad_bus_profile_get_service_provider (profile));
  lui_json_string (builder, "name", lpad_bus_profile_get_name (profile));
  json_owner (builder, profile);
  lui_json_string (builder, "icon_type", lpad_bus_profile_get_icon_type (profile));
  lui_json_strv (builder, "policy_rules", lpad_bus_profile_get_policy_rules (profile));
  lui_json_boolean (builder, "can_disable", lpad_bus_profile_get_can_disable (profile));
  lui_json_boolean (builder, "can_delete", lpad_bus_profile_get_can_delete (profile));
  json_connection (builder, profile);
  json_builder_end_object (builder);
}

void
lui_json_notification (JsonBuilder *builder, LpadBusNotification *notification)
{
  const char *path = g_dbus_proxy_get_object_path (G_DBUS_PROXY (notification));
  g_autofree char *list = g_path_get_dirname (path);
  g_autofree char *euicc = g_path_get_dirname (list);

  json_builder_begin_object (builder);
  lui_json_integer (builder, "euicc", (gint64) lui_path_number (euicc));
  lui_json_integer (
      builder, "sequence_number", (gint64) lpad_bus_notification_get_sequence_number (notification));
  lui_json_string (builder, "event", lpad_bus_notification_get_event (notification));
  lui_json_string (builder, "address", lpad_bus_notification_get_address (notification));
  lui_json_string (builder, "iccid", lpad_bus_notification_get_iccid (notification));
  lui_json_integer (builder, "attempts", lpad_bus_notification_get_attempts (notification));
  lui_json_integer (builder, "next_attempt", (gint64) lpad_bus_notification_get_next_attempt (notification));
  lui_json_string (builder, "last_error", lpad_bus_notification_get_last_error (notification));
  json_builder_end_object (builder);
}
