/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

LuiExit
lui_cmd_enable (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusProfile) profile = NULL;
  g_autofree char *path = NULL;
  g_autofree char *title = NULL;
  g_autofree char *sentence = NULL;

  if (!lui_begin (session, verb, NULL, &argc, &argv, 1, 1, &error))
    return lui_fail (session, g_steal_pointer (&error));
  profile = lui_session_profile (session, argv[1], &error);
  if (profile == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  title = lui_profile_title (profile);
  if (!lpad_bus_profile_call_enable_sync (profile,
                                          lui_empty_options (),
                                          lui_call_flags (session),
                                          LUI_CALL_TIMEOUT_MSEC,
                                          &path,
                                          NULL,
                                          &error))
    return lui_fail (session, g_steal_pointer (&error));
  sentence = g_strdup_printf ("“%s” is in use.", title);
  return lui_follow (session, path, sentence);
}
