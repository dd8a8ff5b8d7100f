/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

/* Deleting cannot be undone, so somebody must say yes: on the terminal or with --yes. */
static gboolean
consent (LuiSession *session, const char *title, gboolean yes, GError **error)
{
  g_autoptr (LuiTerminal) terminal = lui_terminal_new (FALSE);
  g_autofree char *question = NULL;
  g_autofree char *answer = NULL;

  if (yes)
    return TRUE;
  if (session->json || !lui_terminal_can_ask (terminal))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_CONSENT_REQUIRED,
                   "“%s” is not deleted: nobody was there to confirm it.",
                   title);
      return FALSE;
    }
  question = g_strdup_printf ("Delete “%s” for good? Most activation codes work only once. [y/N]", title);
  answer = lui_terminal_ask (terminal, question, FALSE, NULL, NULL);
  if (answer != NULL && (g_ascii_strcasecmp (answer, "y") == 0 || g_ascii_strcasecmp (answer, "yes") == 0))
    return TRUE;
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED, "“%s” is not deleted.", title);
  return FALSE;
}

LuiExit
lui_cmd_delete (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusProfile) profile = NULL;
  g_autofree char *title = NULL;
  gboolean yes = FALSE;
  const GOptionEntry options[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_begin (session, verb, options, &argc, &argv, 1, 1, &error))
    return lui_fail (session, g_steal_pointer (&error));
  profile = lui_session_profile (session, argv[1], &error);
  if (profile == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  title = lui_profile_title (profile);
  if (!consent (session, title, yes, &error))
    return lui_fail (session, g_steal_pointer (&error));
  return lui_change_profile (
      session, profile, lpad_bus_profile_call_delete_sync, lui_empty_options (), "is deleted.");
}
