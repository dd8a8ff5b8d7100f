/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What verbs have in common. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

void
lui_add_global_options (LuiSession *session, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &session->json, "Write JSON for programs; never ask", NULL },
    { "euicc",
      'e',
      0,
      G_OPTION_ARG_STRING,
      &session->euicc,
      "Which chip: number, end of the EID, or part of the reader's or modem's name",
      "EUICC" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &session->verbose, "Show the codes behind an error", NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, NULL);
}

/* GOption takes back what it has read when it meets a mistake; who asked for JSON gets the mistake in JSON.
 */
void
lui_look_for_json (LuiSession *session, int argc, char **argv)
{
  for (int i = 1; i < argc && argv[i] != NULL && !g_str_equal (argv[i], "--"); i++)
    {
      if (g_str_equal (argv[i], "--json") || g_str_equal (argv[i], "-j"))
        session->json = TRUE;
    }
}

/* What is left after the options; a "--" before it is cut. */
static void
cut_separator (int *argc, char **argv)
{
  for (int i = 1; i < *argc; i++)
    {
      if (!g_str_equal (argv[i], "--"))
        continue;
      memmove (argv + i, argv + i + 1, (gsize) (*argc - i) * sizeof *argv);
      (*argc)--;
      return;
    }
}

gboolean
lui_parse (LuiSession *session,
           const LuiVerb *verb,
           const GOptionEntry *options,
           int *argc,
           char ***argv,
           int minimum,
           int maximum,
           GError **error)
{
  g_autofree char *usage = g_strdup_printf ("%s — %s", verb->arguments, verb->summary);
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  g_autofree char *program = g_strconcat ("lui-cli ", verb->name, NULL);
  int given;

  g_set_prgname (program);
  if (options != NULL)
    g_option_context_add_main_entries (context, options, NULL);
  lui_add_global_options (session, context);
  if (!g_option_context_parse (context, argc, argv, error))
    {
      lui_look_for_json (session, *argc, *argv);
      return FALSE;
    }
  cut_separator (argc, *argv);
  given = *argc - 1;
  if (given >= minimum && given <= maximum)
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_INVALID_ARGUMENTS,
               "%s: lui-cli %s%s%s",
               given < minimum ? "Something is missing" : "Too many arguments",
               verb->name,
               *verb->arguments != '\0' ? " " : "",
               verb->arguments);
  return FALSE;
}

gboolean
lui_begin (LuiSession *session,
           const LuiVerb *verb,
           const GOptionEntry *options,
           int *argc,
           char ***argv,
           int minimum,
           int maximum,
           GError **error)
{
  return lui_parse (session, verb, options, argc, argv, minimum, maximum, error)
         && lui_session_connect (session, error);
}

GVariant *
lui_empty_options (void)
{
  return g_variant_new ("a{sv}", NULL);
}

LuiExit
lui_done (LuiSession *session, const char *sentence, GVariant *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const char *iccid = NULL, *provisioning = NULL, *warning = NULL;
  guint pending = 0;

  if (result != NULL)
    g_variant_lookup (result, "warning", "&s", &warning);
  if (!session->json)
    {
      g_autofree char *clean = warning != NULL ? lui_clean (warning) : NULL;

      printf ("%s\n", sentence);
      if (clean != NULL)
        printf ("%s\n", clean);
      return LUI_EXIT_OK;
    }
  json_builder_begin_object (builder);
  lui_json_boolean (builder, "ok", TRUE);
  if (result != NULL && g_variant_lookup (result, "iccid", "&s", &iccid))
    lui_json_string (builder, "iccid", iccid);
  if (result != NULL && g_variant_lookup (result, "notifications-pending", "u", &pending))
    lui_json_integer (builder, "notifications_pending", pending);
  if (result != NULL && g_variant_lookup (result, "provisioning", "&s", &provisioning))
    lui_json_string (builder, "provisioning", provisioning);
  if (warning != NULL)
    lui_json_string (builder, "warning", warning);
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
  return LUI_EXIT_OK;
}

LuiExit
lui_follow (LuiSession *session, const char *path, const char *sentence)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LuiTerminal) terminal = lui_terminal_new (FALSE);
  g_autoptr (GVariant) result = lui_operation_run (session, terminal, path, NULL, NULL, &error);
  guint pending = 0;

  if (result == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (lui_result_failed (result))
    return lui_fail_result (session, result);
  lui_done (session, sentence, result);
  if (!session->json && g_variant_lookup (result, "notifications-pending", "u", &pending) && pending > 0)
    printf ("The operator has not been told yet (%u pending); lpad tries again by itself.\n", pending);
  return LUI_EXIT_OK;
}

char *
lui_profile_title (LpadBusProfile *profile)
{
  const char *iccid = lpad_bus_profile_get_iccid (profile);
  const char *title = lui_or (lpad_bus_profile_get_name (profile), iccid);

  title = lui_or (lpad_bus_profile_get_nickname (profile), title);
  return lui_clean (title);
}

gboolean
lui_add_rollback (GVariantBuilder *options, int seconds, GError **error)
{
  if (seconds == LUI_ROLLBACK_NONE)
    return TRUE;
  if (seconds < 0)
    {
      g_set_error_literal (
          error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "--rollback-timeout is a number of seconds.");
      return FALSE;
    }
  g_variant_builder_add (options, "{sv}", "rollback-timeout", g_variant_new_uint32 ((guint32) seconds));
  return TRUE;
}

LuiExit
lui_change_profile (LuiSession *session,
                    LpadBusProfile *profile,
                    LuiProfileCall call,
                    GVariant *options,
                    const char *done)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *title = lui_profile_title (profile);
  g_autofree char *sentence = g_strdup_printf ("“%s” %s", title, done);
  g_autofree char *path = NULL;

  if (!call (profile, options, lui_call_flags (session), LUI_CALL_TIMEOUT_MSEC, &path, NULL, &error))
    return lui_fail (session, g_steal_pointer (&error));
  return lui_follow (session, path, sentence);
}
