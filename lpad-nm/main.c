/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "names.h"
#include "service.h"

#define APNS LPAD_CONFIG_FOLDER "/apn.conf"

typedef struct
{
  GMainLoop *loop;
  int status;
} Program;

static gboolean
parse_options (int *argc, char ***argv, gboolean *version, char **apns, GError **error)
{
  const GOptionEntry entries[] = {
    { "apns", 'a', 0, G_OPTION_ARG_FILENAME, apns, "Take APNs from FILE (" APNS ")", "FILE" },
    { "version", 'V', 0, G_OPTION_ARG_NONE, version, "Print the version and exit", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context
      = g_option_context_new ("- let NetworkManager follow switches of eSIM profiles");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "“%s” is no option", (*argv)[1]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (((Program *) user_data)->loop);
  return G_SOURCE_CONTINUE;
}

static void
on_name_lost (GDBusConnection *bus, const char *name, gpointer user_data)
{
  Program *program = user_data;

  g_printerr ("lpad-nm: the name " LPAD_NM_BUS_NAME
              " cannot be had: another one has it, or the bus is gone\n");
  program->status = EXIT_FAILURE;
  g_main_loop_quit (program->loop);
}

static gboolean
serve (const LpadNmContext *context, Program *program, GError **error)
{
  g_autoptr (LpadNmService) service = lpad_nm_service_new (context, error);
  guint name;

  if (service == NULL)
    return FALSE;
  g_unix_signal_add (SIGTERM, on_signal, program);
  g_unix_signal_add (SIGINT, on_signal, program);
  name = g_bus_own_name_on_connection (
      context->bus, LPAD_NM_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, NULL, on_name_lost, program, NULL);
  g_main_loop_run (program->loop);
  g_bus_unown_name (name);
  return TRUE;
}

static int
run (const char *apns, GError **error)
{
  Program program = { .status = EXIT_SUCCESS };
  /* systemd names the folder that it has made and that it keeps when we crash. */
  const char *folder = g_getenv ("RUNTIME_DIRECTORY");
  g_autofree char *journal = folder != NULL ? g_build_filename (folder, "switch", NULL) : NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  LpadNmContext context = { .bus = bus, .apns = apns };

  if (bus == NULL)
    return EXIT_FAILURE;
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  context.journal = lpad_nm_journal_new (journal);
  program.loop = g_main_loop_new (NULL, FALSE);
  if (!serve (&context, &program, error))
    program.status = EXIT_FAILURE;
  g_main_loop_unref (program.loop);
  lpad_nm_journal_free (context.journal);
  return program.status;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *apns = NULL;
  gboolean version = FALSE;
  int status = EXIT_SUCCESS;

  setlocale (LC_ALL, "");
  umask (S_IRWXG | S_IRWXO);
  signal (SIGPIPE, SIG_IGN);

  if (!parse_options (&argc, &argv, &version, &apns, &error))
    status = 2;
  else if (version)
    g_print ("lpad-nm %s\n", LPAD_VERSION);
  else
    status = run (apns != NULL ? apns : APNS, &error);
  if (error != NULL)
    g_printerr ("lpad-nm: %s\n", error->message);
  return status;
}
