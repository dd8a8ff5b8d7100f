/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

/* With a test profile gone, the one that it had displaced comes back (SGP.22 2.4.5). */
static void
print_successor (LuiSession *session, LpadBusProfile *disabled)
{
  g_autoptr (GPtrArray) euiccs = lui_session_known_euiccs (session, NULL);

  for (guint i = 0; euiccs != NULL && i < euiccs->len; i++)
    {
      g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euiccs->pdata[i]);

      for (guint k = 0; k < profiles->len; k++)
        {
          LpadBusProfile *profile = profiles->pdata[k];
          g_autofree char *title = lui_profile_title (profile);

          if (g_strcmp0 (lpad_bus_profile_get_euicc (profile), lpad_bus_profile_get_euicc (disabled)) == 0
              && g_strcmp0 (lpad_bus_profile_get_state (profile), "enabled") == 0)
            printf ("“%s” is in use again.\n", title);
        }
    }
}

LuiExit
lui_cmd_disable (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusProfile) profile = NULL;
  gboolean was_enabled;
  LuiExit status;

  if (!lui_begin (session, verb, NULL, &argc, &argv, 1, 1, &error))
    return lui_fail (session, g_steal_pointer (&error));
  profile = lui_session_profile (session, argv[1], &error);
  if (profile == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  was_enabled = g_strcmp0 (lpad_bus_profile_get_state (profile), "enabled") == 0;
  status = lui_change_profile (
      session, profile, lpad_bus_profile_call_disable_sync, lui_empty_options (), "is no longer in use.");
  if (status == LUI_EXIT_OK && was_enabled && !session->json)
    print_successor (session, profile);
  return status;
}
