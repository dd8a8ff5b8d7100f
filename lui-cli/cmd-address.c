/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

static void
print_json (LpadBusEuicc *euicc)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  lui_json_string (builder, "default_smdp_address", lpad_bus_euicc_get_default_smdp_address (euicc));
  lui_json_string (builder, "root_smds_address", lpad_bus_euicc_get_root_smds_address (euicc));
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static LuiExit
show (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autoptr (LuiTable) table = lui_table_new (2);

  if (session->json)
    {
      print_json (euicc);
      return LUI_EXIT_OK;
    }
  lui_table_add (
      table, "Default server (SM-DP+)", lui_or (lpad_bus_euicc_get_default_smdp_address (euicc), "none"));
  lui_table_add (
      table, "Discovery server (SM-DS)", lui_or (lpad_bus_euicc_get_root_smds_address (euicc), "none"));
  lui_table_print (table, 0);
  return LUI_EXIT_OK;
}

/* @address: empty to remove it */
static LuiExit
set (LuiSession *session, LpadBusEuicc *euicc, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *clean = lui_clean (address);
  g_autofree char *sentence
      = *address == '\0'
            ? g_strdup ("The chip has no default server any more.")
            : g_strdup_printf (
                "The default server is %s. A profile that waits there: lui-cli download --default", clean);

  if (!lpad_bus_euicc_call_set_default_smdp_address_sync (euicc,
                                                          address,
                                                          lui_empty_options (),
                                                          lui_call_flags (session),
                                                          LUI_CALL_TIMEOUT_MSEC,
                                                          NULL,
                                                          &error))
    return lui_fail (session, g_steal_pointer (&error));
  return lui_done (session, sentence, NULL);
}

LuiExit
lui_cmd_address (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusEuicc) euicc = NULL;
  gboolean clear = FALSE;
  const GOptionEntry options[] = {
    { "clear", 0, 0, G_OPTION_ARG_NONE, &clear, "Remove the default server from the chip", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_begin (session, verb, options, &argc, &argv, 0, 1, &error))
    return lui_fail (session, g_steal_pointer (&error));
  if (clear && argc > 1)
    return lui_fail (
        session,
        g_error_new (LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "A server and --clear exclude each other."));
  euicc = lui_session_euicc (session, &error);
  if (euicc == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (argc > 1)
    return set (session, euicc, argv[1]);
  return clear ? set (session, euicc, "") : show (session, euicc);
}
