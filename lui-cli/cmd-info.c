/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

#include "lui-icon.h"
#include "lui-profile.h"

static void
add_list (LuiTable *table, const char *title, const char *const *values)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  for (gsize i = 0; values != NULL && values[i] != NULL; i++)
    g_string_append_printf (joined, "%s%s", i == 0 ? "" : ", ", values[i]);
  if (joined->len > 0)
    lui_table_add (table, title, joined->str);
}

static void
add_text (LuiTable *table, const char *title, const char *value)
{
  if (lui_or (value, NULL) != NULL)
    lui_table_add (table, title, value);
}

/* What a chip may say of itself beside what every chip says, in the words of people */
static void
add_description (LuiTable *table, LpadBusEuicc *euicc)
{
  static const struct
  {
    const char *key;
    const char *title;
  } rows[] = {
    { "category", "Category" },
    { "accreditation", "Accreditation" },
    { "platform-label", "Certified as" },
    { "discovery-url", "Certified at" },
    { "protection-profile-version", "Protection profile" },
    { "javacard-version", "Java Card API" },
    { "globalplatform-version", "GlobalPlatform" },
    { "tre-product", "Hardware" },
  };
  GVariant *description = lpad_bus_euicc_get_description (euicc);
  g_autofree const char **hardware = NULL;
  g_autofree const char **versions = NULL;
  const char *text;

  if (description == NULL)
    return;
  if (g_variant_lookup (description, "profile-versions", "^a&s", &versions))
    add_list (table, "Also profile versions", versions);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      if (g_variant_lookup (description, rows[i].key, "&s", &text))
        add_text (table, rows[i].title, text);
    }
  if (g_variant_lookup (description, "tre-properties", "^a&s", &hardware))
    add_list (table, "Kind of hardware", hardware);
}

/* What servers are told of the device: nobody shall have to guess it. */
static void
add_device_information (LuiTable *table, LpadBusEuicc *euicc)
{
  GVariant *information = lpad_bus_euicc_get_device_information (euicc);
  const char *number = NULL, *source = "";
  g_autofree char *text = NULL;

  if (information == NULL || !g_variant_lookup (information, "source", "&s", &source))
    return;
  if (g_variant_lookup (information, "imei", "&s", &number))
    text = g_strdup_printf ("IMEI %s (%s)", number, source);
  else if (g_variant_lookup (information, "tac", "&s", &number))
    text = g_strdup_printf ("type %s (%s)", number, source);
  add_text (table, "Tells servers", text);
}

static void
print_euicc (LpadBusEuicc *euicc)
{
  g_autoptr (LuiTable) table = lui_table_new (2);
  g_autofree char *number = g_strdup_printf ("%u", lui_euicc_number (euicc));
  g_autofree char *memory = lui_size_to_string (lpad_bus_euicc_get_free_memory (euicc));
  g_autofree char *place = lui_euicc_place (euicc);
  g_autofree char *isdr = lui_octets_to_string (lpad_bus_euicc_get_isdr_aid (euicc));
  g_autofree char *pending = g_strdup_printf ("%u", lpad_bus_euicc_get_pending_notifications (euicc));

  add_text (table, "eUICC", number);
  add_text (table, "EID", lpad_bus_euicc_get_eid (euicc));
  add_text (table, "Device", place);
  add_text (table, "ISD-R", isdr);
  add_text (table, "Reached over", lpad_bus_euicc_get_transport (euicc));
  add_text (table, "State", lpad_bus_euicc_get_state (euicc));
  add_text (table, "SGP.22 version", lpad_bus_euicc_get_spec_version (euicc));
  add_text (table, "Profile version", lpad_bus_euicc_get_profile_version (euicc));
  add_text (table, "Firmware version", lpad_bus_euicc_get_firmware_version (euicc));
  add_description (table, euicc);
  add_text (table, "Free memory", memory);
  add_list (table, "Capabilities", lpad_bus_euicc_get_capabilities (euicc));
  add_list (table, "Trusts issuers", lpad_bus_euicc_get_trusted_issuers (euicc));
  add_list (table, "Forbids rules", lpad_bus_euicc_get_forbidden_policy_rules (euicc));
  add_text (table, "Default server", lpad_bus_euicc_get_default_smdp_address (euicc));
  add_text (table, "Discovery server", lpad_bus_euicc_get_root_smds_address (euicc));
  add_device_information (table, euicc);
  add_text (table, "Pending notifications", pending);
  lui_table_print (table, 0);
}

/* @icon: what has been written of it, or NULL */
static void
print_profile (LpadBusProfile *profile, const char *icon)
{
  g_autoptr (LuiTable) table = lui_table_new (2);
  g_autofree char *euicc = g_strdup_printf ("%u", lui_profile_euicc_number (profile));
  g_autofree char *network = lui_owner_to_string (lpad_bus_profile_get_owner (profile));

  add_text (table, "ICCID", lpad_bus_profile_get_iccid (profile));
  add_text (table, "eUICC", euicc);
  add_text (table, "State", lpad_bus_profile_get_state (profile));
  add_text (table, "Class", lui_class_words (lpad_bus_profile_get_class (profile)));
  add_text (table, "Provider", lpad_bus_profile_get_service_provider (profile));
  add_text (table, "Name", lpad_bus_profile_get_name (profile));
  add_text (table, "Nickname", lpad_bus_profile_get_nickname (profile));
  add_text (table, "Network", network);
  add_text (table, "Icon", lui_or (icon, lpad_bus_profile_get_icon_type (profile)));
  lui_table_add_rules (table, lpad_bus_profile_get_policy_rules (profile));
  add_text (table, "Can be disabled", lpad_bus_profile_get_can_disable (profile) ? "yes" : "no");
  add_text (table, "Can be deleted", lpad_bus_profile_get_can_delete (profile) ? "yes" : "no");
  lui_table_print (table, 0);
}

static LuiExit
show_profile (LuiSession *session, const char *text, const char *icon)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusProfile) profile = lui_session_profile (session, text, &error);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *saved = NULL;

  if (profile != NULL && icon != NULL)
    saved = lui_icon_save (session, profile, icon, &error);
  if (error != NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (g_strcmp0 (icon, "-") == 0)
    return LUI_EXIT_OK; /* nothing else belongs there */
  if (session->json)
    {
      lui_json_profile (builder, profile);
      lui_json_print (builder, FALSE);
    }
  else
    print_profile (profile, saved);
  return LUI_EXIT_OK;
}

static LuiExit
show_euicc (LuiSession *session)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusEuicc) euicc = lui_session_euicc (session, &error);
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  if (euicc == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (session->json)
    {
      lui_json_euicc (builder, euicc);
      lui_json_print (builder, FALSE);
    }
  else
    print_euicc (euicc);
  return LUI_EXIT_OK;
}

LuiExit
lui_cmd_info (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *icon = NULL;
  const GOptionEntry options[] = {
    { "icon",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &icon,
      "Write the icon of the profile to FILE; - is standard output",
      "FILE" },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_begin (session, verb, options, &argc, &argv, 0, 1, &error))
    return lui_fail (session, g_steal_pointer (&error));
  if (session->json && g_strcmp0 (icon, "-") == 0)
    return lui_fail (session,
                     g_error_new (LPAD_ERROR,
                                  LPAD_ERROR_INVALID_ARGUMENTS,
                                  "The icon and JSON cannot both go to standard output."));
  if (argc > 1)
    return show_profile (session, argv[1], icon);
  if (icon == NULL)
    return show_euicc (session);
  return lui_fail (session,
                   g_error_new (LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "Say which profile has the icon."));
}
