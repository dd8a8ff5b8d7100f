/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const LuiVerb verbs[] = {
  { "status", "", "lpad, its readers and chips", lui_cmd_status },
  { "list", "", "the profiles on the chips", lui_cmd_list },
  { "info", "[PROFILE]", "all about a chip or a profile", lui_cmd_info },
  { "download", "[CODE|FILE|-]", "get a profile from an operator", lui_cmd_download },
  { "discover", "", "ask which profiles wait for this device", lui_cmd_discover },
  { "address", "[HOST]", "the servers that the chip names", lui_cmd_address },
  { "enable", "PROFILE", "put a profile into use", lui_cmd_enable },
  { "disable", "PROFILE", "take a profile out of use", lui_cmd_disable },
  { "delete", "PROFILE", "delete a profile for good", lui_cmd_delete },
  { "rename", "PROFILE NICKNAME", "give a profile a name of your own", lui_cmd_rename },
  { "reset", "--operational|--test|--default-smdp", "delete all of a kind from a chip", lui_cmd_reset },
  { "notifications",
    "[list|send [NUMBER]|remove NUMBER]",
    "what operators have not been told yet",
    lui_cmd_notifications },
  { "issuer", "[list|add FILE|remove ISSUER]", "whose servers are trusted", lui_cmd_issuer },
  { "provision", "PLAN", "fill many chips from a list", lui_cmd_provision },
  { "monitor", "", "show what changes, until Ctrl-C", lui_cmd_monitor },
};

static char *
verbs_help (void)
{
  GString *text = g_string_new ("Verbs:\n");

  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      g_autofree char *usage = g_strdup_printf ("%s %s", verbs[i].name, verbs[i].arguments);

      g_string_append_printf (text, "  %-36s %s\n", usage, verbs[i].summary);
    }
  g_string_append (text,
                   "\nPROFILE is an ICCID, its last digits (at least four), a nickname or a name.\n"
                   "lui-cli VERB --help tells about a verb, the manual page lui-cli(1) about all.");
  return g_string_free (text, FALSE);
}

static const LuiVerb *
find_verb (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      if (g_str_equal (verbs[i].name, name))
        return &verbs[i];
    }
  return NULL;
}

static LuiExit
run_verb (LuiSession *session, int argc, char **argv)
{
  const LuiVerb *verb = find_verb (argv[1]);

  if (verb == NULL)
    {
      lui_look_for_json (session, argc, argv);
      return lui_fail (session,
                       g_error_new (LPAD_ERROR,
                                    LPAD_ERROR_INVALID_ARGUMENTS,
                                    "There is no verb “%s”: lui-cli --help lists them.",
                                    argv[1]));
    }
  return verb->run (session, verb, argc - 1, argv + 1);
}

/* Options before the verb are read here, those after it by the verb, so that both orders work. */
static LuiExit
run (LuiSession *session, int argc, char **argv)
{
  g_autoptr (GOptionContext) context
      = g_option_context_new ("VERB … — manage the eSIM profiles of this device");
  g_autoptr (GError) error = NULL;
  g_autofree char *help = verbs_help ();
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "version", 'V', 0, G_OPTION_ARG_NONE, &version, "Show the version and end", NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_set_description (context, help);
  g_option_context_set_strict_posix (context, TRUE);
  lui_add_global_options (session, context);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      lui_look_for_json (session, argc, argv);
      return lui_fail (session, g_steal_pointer (&error));
    }
  if (version)
    {
      printf ("lui-cli %s\n", LPAD_VERSION);
      return LUI_EXIT_OK;
    }
  if (argc < 2)
    {
      g_autofree char *text = g_option_context_get_help (context, TRUE, NULL);

      g_printerr ("%s", text);
      return LUI_EXIT_USAGE;
    }
  return run_verb (session, argc, argv);
}

int
main (int argc, char **argv)
{
  LuiSession session = { 0 };
  LuiExit status;

  setlocale (LC_ALL, "");
  g_set_prgname ("lui-cli");
  status = run (&session, argc, argv);
  lui_session_clear (&session);
  if (fflush (stdout) != 0 && status == LUI_EXIT_OK)
    status = LUI_EXIT_FAILED;
  return (int) status;
}
