/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

LuiExit
lui_cmd_rename (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusProfile) profile = NULL;
  g_autofree char *title = NULL;
  g_autofree char *nickname = NULL;
  g_autofree char *sentence = NULL;

  if (!lui_begin (session, verb, NULL, &argc, &argv, 2, 2, &error))
    return lui_fail (session, g_steal_pointer (&error));
  if (!g_utf8_validate (argv[2], -1, NULL))
    {
      return lui_fail (session,
                       g_error_new (LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "The nickname is not UTF-8."));
    }
  profile = lui_session_profile (session, argv[1], &error);
  if (profile == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  title = lui_profile_title (profile);
  if (!lpad_bus_profile_call_set_nickname_sync (profile,
                                                argv[2],
                                                lui_empty_options (),
                                                lui_call_flags (session),
                                                LUI_CALL_TIMEOUT_MSEC,
                                                NULL,
                                                &error))
    return lui_fail (session, g_steal_pointer (&error));
  nickname = lui_clean (argv[2]);
  sentence = *nickname == '\0' ? g_strdup_printf ("“%s” has no nickname any more.", title)
                               : g_strdup_printf ("“%s” is now called “%s”.", title, nickname);
  return lui_done (session, sentence, NULL);
}
