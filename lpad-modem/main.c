/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "idle.h"
#include "modem.h"
#include "names.h"
#include "ports.h"

#define IDLE_TIMEOUT 60 /* seconds */
#define STOP_TIME    10 /* seconds that modems have to close their channels */
#define CONFIG       LPAD_SYSCONFDIR "/lpad/lpad.conf"
#define QUIRKS       LPAD_DATADIR "/lpad/modem-quirks.conf"
#define OWN_QUIRKS   LPAD_SYSCONFDIR "/lpad/modem-quirks.d"

typedef struct
{
  char **devices;
  char *config;
  char **quirks;
  int idle_timeout; /* seconds */
  gboolean version;
} Options;

typedef struct
{
  LpadModemService service;
  GMainLoop *loop;
  GPtrArray *modems; /* of LpadModem */
  guint name;
  guint waiting;
  gboolean stopping;
  int status;
} Program;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "device",
      'd',
      0,
      G_OPTION_ARG_FILENAME_ARRAY,
      &options->devices,
      "Use the port DEVICE (/dev/cdc-wdm0)",
      "DEVICE" },
    { "config",
      'c',
      0,
      G_OPTION_ARG_FILENAME,
      &options->config,
      "Let the ISD-Rs of FILE and FILE.d/*.conf be selected (" CONFIG ")",
      "FILE" },
    { "quirks",
      'q',
      0,
      G_OPTION_ARG_FILENAME_ARRAY,
      &options->quirks,
      "Read FILE after the installed files about modems",
      "FILE" },
    { "idle-timeout",
      0,
      0,
      G_OPTION_ARG_INT,
      &options->idle_timeout,
      "End when lpad has not run for so long; 0: never (" G_STRINGIFY (IDLE_TIMEOUT) ")",
      "SECONDS" },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "Print the version and exit", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- card access of eSIM modems");

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

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
}

static void stop (Program *program);

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Program *program = user_data;

  if (!program->stopping)
    {
      g_printerr ("lpad-modem: the name " LPAD_MODEM_BUS_NAME
                  " cannot be had: another one has it, or the bus is gone\n");
      program->status = EXIT_FAILURE;
    }
  stop (program);
}

/* The name comes after the objects: who is woken by it finds them. */
static void
on_settled (gpointer user_data)
{
  Program *program = user_data;

  for (guint i = 0; i < program->modems->len; i++)
    {
      if (!lpad_modem_is_settled (g_ptr_array_index (program->modems, i)))
        return;
    }
  if (program->name == 0 && !program->stopping)
    program->name = g_bus_own_name_on_connection (program->service.connection,
                                                  LPAD_MODEM_BUS_NAME,
                                                  G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                                  on_name_acquired,
                                                  on_name_lost,
                                                  program,
                                                  NULL);
}

static void
on_modem_stopped (gpointer user_data)
{
  Program *program = user_data;

  if (--program->waiting == 0)
    g_main_loop_quit (program->loop);
}

static gboolean
on_stop_time (gpointer user_data)
{
  g_main_loop_quit (((Program *) user_data)->loop);
  return G_SOURCE_REMOVE;
}

static void
stop (Program *program)
{
  if (program->stopping)
    return;
  program->stopping = TRUE;
  g_timeout_add_seconds (STOP_TIME, on_stop_time, program);
  program->waiting = 1 + program->modems->len;
  for (guint i = 0; i < program->modems->len; i++)
    lpad_modem_stop (g_ptr_array_index (program->modems, i), on_modem_stopped, program);
  on_modem_stopped (program);
}

static gboolean
on_signal (gpointer user_data)
{
  stop (user_data);
  return G_SOURCE_CONTINUE;
}

/* Where a modem has a port of each kind, the one that its quirks name is used alone. */
static gboolean
is_second_best (Program *program, const LpadModemPortInfo *info)
{
  LpadModemQuirks quirks = lpad_modem_quirk_table_find (program->service.quirks, info->driver, info->usb, "");

  return quirks.transport != NULL && !g_str_equal (quirks.transport, info->transport)
         && lpad_modem_port_info_has_sibling (info, quirks.transport);
}

static void
on_port (LpadModemPortInfo *info, gpointer user_data)
{
  Program *program = user_data;

  if (program->stopping || is_second_best (program, info))
    lpad_modem_port_info_free (info);
  else
    g_ptr_array_add (program->modems, lpad_modem_new (&program->service, info));
}

static void
on_port_gone (const char *path, gpointer user_data)
{
  Program *program = user_data;

  for (guint i = 0; i < program->modems->len && !program->stopping; i++)
    {
      LpadModem *modem = g_ptr_array_index (program->modems, i);

      if (!g_str_equal (lpad_modem_path (modem), path))
        continue;
      lpad_modem_journal_unplugged (program->service.journal, path);
      g_ptr_array_remove_index (program->modems, i);
      return;
    }
}

static gboolean
is_busy (gpointer user_data)
{
  Program *program = user_data;

  for (guint i = 0; i < program->modems->len; i++)
    {
      if (lpad_modem_is_busy (g_ptr_array_index (program->modems, i)))
        return TRUE;
    }
  return FALSE;
}

static void
on_idle (gpointer user_data)
{
  stop (user_data);
}

static void
serve (Program *program, char **devices, int idle_timeout)
{
  g_autoptr (LpadModemPorts) ports = NULL;
  g_autoptr (LpadModemIdle) idle = NULL;

  g_unix_signal_add (SIGTERM, on_signal, program);
  g_unix_signal_add (SIGINT, on_signal, program);
  for (char **device = devices; device != NULL && *device != NULL; device++)
    on_port (lpad_modem_port_info_new (*device), program);
  if (devices == NULL)
    ports = lpad_modem_ports_new (on_port, on_port_gone, program);
  if (idle_timeout > 0)
    idle = lpad_modem_idle_new (program->service.connection, (guint) idle_timeout, is_busy, on_idle, program);
  on_settled (program);
  g_main_loop_run (program->loop);
  if (program->name != 0)
    g_bus_unown_name (program->name);
}

static void
on_quirk_warning (const char *message, gpointer user_data)
{
  g_message ("%s", message);
}

static LpadModemQuirkTable *
read_quirks (char **files)
{
  LpadModemQuirkTable *table = lpad_modem_quirk_table_new ();

  lpad_modem_quirk_table_load (table, QUIRKS, on_quirk_warning, NULL);
  lpad_modem_quirk_table_load_folder (table, OWN_QUIRKS, on_quirk_warning, NULL);
  for (char **file = files; file != NULL && *file != NULL; file++)
    lpad_modem_quirk_table_load (table, *file, on_quirk_warning, NULL);
  return table;
}

static int
run (const Options *options, GError **error)
{
  Program program = { .status = EXIT_SUCCESS };
  /* systemd names the folder that it has made and that it keeps when we crash. */
  const char *folder = g_getenv ("RUNTIME_DIRECTORY");
  g_autofree char *journal = folder != NULL ? g_build_filename (folder, "channels", NULL) : NULL;

  program.service.connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  if (program.service.connection == NULL)
    return EXIT_FAILURE;
  g_dbus_connection_set_exit_on_close (program.service.connection, FALSE);
  program.service.objects = g_dbus_object_manager_server_new (LPAD_MODEM_BUS_ROOT);
  program.service.config = options->config != NULL ? options->config : CONFIG;
  program.service.quirks = read_quirks (options->quirks);
  program.service.journal = lpad_modem_journal_new (journal);
  program.service.settled = on_settled;
  program.service.user_data = &program;
  g_dbus_object_manager_server_set_connection (program.service.objects, program.service.connection);
  program.modems = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_modem_free);
  program.loop = g_main_loop_new (NULL, FALSE);
  serve (&program, options->devices, options->idle_timeout);

  g_ptr_array_unref (program.modems);
  g_main_loop_unref (program.loop);
  g_object_unref (program.service.objects);
  g_dbus_connection_flush_sync (program.service.connection, NULL, NULL);
  g_object_unref (program.service.connection);
  lpad_modem_quirk_table_free (program.service.quirks);
  lpad_modem_journal_free (program.service.journal);
  return program.status;
}

int
main (int argc, char **argv)
{
  Options options = { .idle_timeout = IDLE_TIMEOUT };
  g_autoptr (GError) error = NULL;
  int status = EXIT_SUCCESS;

  setlocale (LC_ALL, "");
  umask (S_IRWXG | S_IRWXO);
  signal (SIGPIPE, SIG_IGN);

  if (!parse_options (&argc, &argv, &options, &error))
    status = 2;
  else if (options.version)
    g_print ("lpad-modem %s\n", LPAD_VERSION);
  else
    status = run (&options, &error);
  if (error != NULL)
    g_printerr ("lpad-modem: %s\n", error->message);

  g_strfreev (options.devices);
  g_free (options.config);
  g_strfreev (options.quirks);
  return status;
}
