/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

static void
print_json (LuiSession *session, GPtrArray *euiccs)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "profiles");
  json_builder_begin_array (builder);
  for (guint i = 0; i < euiccs->len; i++)
    {
      g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euiccs->pdata[i]);

      for (guint k = 0; k < profiles->len; k++)
        lui_json_profile (builder, profiles->pdata[k]);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static void
print_euicc (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euicc);
  g_autoptr (LuiTable) table = lui_table_new (6);
  g_autofree char *device = lui_clean (lpad_bus_euicc_get_device (euicc));

  printf ("eUICC %u: %s\n", lui_euicc_number (euicc), device);
  if (profiles->len == 0)
    {
      printf ("  no profiles\n");
      return;
    }
  lui_table_add (table, "ICCID", "STATE", "CLASS", "PROVIDER", "NAME", "NICKNAME");
  for (guint i = 0; i < profiles->len; i++)
    {
      LpadBusProfile *profile = profiles->pdata[i];

      lui_table_add (table,
                     lpad_bus_profile_get_iccid (profile),
                     lpad_bus_profile_get_state (profile),
                     lpad_bus_profile_get_class (profile),
                     lpad_bus_profile_get_service_provider (profile),
                     lpad_bus_profile_get_name (profile),
                     lpad_bus_profile_get_nickname (profile));
    }
  lui_table_print (table, 2);
}

LuiExit
lui_cmd_list (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) euiccs = NULL;

  if (!lui_begin (session, verb, NULL, &argc, &argv, 0, 0, &error))
    return lui_fail (session, g_steal_pointer (&error));
  euiccs = lui_session_euiccs (session, &error);
  if (euiccs == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (session->json)
    print_json (session, euiccs);
  for (guint i = 0; i < euiccs->len && !session->json; i++)
    print_euicc (session, euiccs->pdata[i]);
  if (euiccs->len == 0 && !session->json)
    printf ("There is no eUICC.\n");
  return LUI_EXIT_OK;
}
