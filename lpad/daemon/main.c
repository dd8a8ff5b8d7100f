/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config-load.h"
#include "daemon.h"
#include "first-boot.h"
#include "journal.h"
#include "store.h"

#define DEFAULT_CONFIG LPAD_SYSCONFDIR "/lpad/lpad.conf"
#define DEFAULT_STATE  LPAD_LOCALSTATEDIR "/lib/lpad"

typedef struct
{
  char *config;
  char *state_folder;
  gboolean due;
  gboolean version;
} Options;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config, "Read FILE and FILE.d/*.conf", "FILE" },
    { "state-dir", 's', 0, G_OPTION_ARG_FILENAME, &options->state_folder, "Keep state in DIR", "DIR" },
    { "due",
      0,
      0,
      G_OPTION_ARG_NONE,
      &options->due,
      "Succeed when something that was written down is due",
      NULL },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "Print the version and exit", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- eSIM daemon");

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

/* systemd names the folder that it has made. */
static const char *
state_folder (const Options *options)
{
  const char *from_systemd = g_getenv ("STATE_DIRECTORY");

  if (options->state_folder != NULL)
    return options->state_folder;
  return from_systemd != NULL ? from_systemd : DEFAULT_STATE;
}

static LpadConfig *
load_config (const Options *options)
{
  g_autoptr (GError) error = NULL;
  LpadConfig *config = lpad_config_load (options->config != NULL ? options->config : DEFAULT_CONFIG, &error);

  if (config == NULL)
    g_printerr ("lpad: %s\n", error->message);
  return config;
}

/* Looks at the stored state and the configuration alone: neither at chips nor at the bus. */
static int
tell_due (const Options *options)
{
  const char *folder = state_folder (options);
  g_autofree char *interrupted = g_build_filename (folder, LPAD_JOURNAL_FOLDER, NULL);
  g_autoptr (LpadStore) store = lpad_store_open (folder);
  g_autoptr (LpadConfig) config = load_config (options);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (lpad_store_is_due (store, now) || lpad_journal_has_open (interrupted))
    return EXIT_SUCCESS;
  return config != NULL && lpad_first_boot_is_due (config, store, now) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run (const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadConfig) config = load_config (options);

  if (config == NULL)
    return EXIT_FAILURE;
  for (guint i = 0; i < config->warnings->len; i++)
    g_message ("%s", (const char *) g_ptr_array_index (config->warnings, i));
  if (config->test_mode)
    g_message ("Test mode: issuers of test certificates are trusted.");

  if (lpad_daemon_run (config, state_folder (options), &error))
    return EXIT_SUCCESS;
  g_printerr ("lpad: %s\n", error->message);
  return EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  Options options = { NULL, NULL, FALSE, FALSE };
  g_autoptr (GError) error = NULL;
  int status = EXIT_SUCCESS;

  setlocale (LC_ALL, "");
  umask (S_IRWXG | S_IRWXO);
  /* A server that closes its connection is an error of that connection only. */
  signal (SIGPIPE, SIG_IGN);

  if (!parse_options (&argc, &argv, &options, &error))
    {
      g_printerr ("lpad: %s\n", error->message);
      status = 2;
    }
  else if (options.version)
    g_print ("lpad %s\n", LPAD_VERSION);
  else
    status = options.due ? tell_due (&options) : run (&options);

  g_free (options.config);
  g_free (options.state_folder);
  return status;
}
