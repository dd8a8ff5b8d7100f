/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

LuiExit
lui_cmd_enable (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusProfile) profile = NULL;
  g_auto (GVariantBuilder) options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  int rollback = LUI_ROLLBACK_NONE;
  const GOptionEntry entries[] = { LUI_ROLLBACK_OPTION (&rollback), G_OPTION_ENTRY_NULL };

  if (!lui_parse (session, verb, entries, &argc, &argv, 1, 1, &error)
      || !lui_add_rollback (&options, rollback, &error) || !lui_session_connect (session, &error))
    return lui_fail (session, g_steal_pointer (&error));
  profile = lui_session_profile (session, argv[1], &error);
  if (profile == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  return lui_change_profile (
      session, profile, lpad_bus_profile_call_enable_sync, g_variant_builder_end (&options), "is in use.");
}
