/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

LuiExit
lui_cmd_enable (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusProfile) profile = NULL;

  if (!lui_begin (session, verb, NULL, &argc, &argv, 1, 1, &error))
    return lui_fail (session, g_steal_pointer (&error));
  profile = lui_session_profile (session, argv[1], &error);
  if (profile == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  return lui_change_profile (session, profile, lpad_bus_profile_call_enable_sync, "is in use.");
}
