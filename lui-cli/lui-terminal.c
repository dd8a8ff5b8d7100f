/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lui-output.h"
#include "secret.h"

#define LINE_MAX_OCTETS 1024
#define BAR_COLUMNS     24

struct _LuiTerminal
{
  int in; /* -1: nobody is there */
  gboolean own_in;
  gboolean bar; /* standard output is a terminal */
  gboolean bar_shown;
  gboolean asking; /* the cursor stands behind a question */
  gboolean hidden;
  struct termios saved;
  char *stage;
  guint64 total; /* octets of the stage */
};

typedef struct
{
  char text[LINE_MAX_OCTETS];
  gsize length;
  gboolean complete;
  gboolean ended;
} Line;

LuiTerminal *
lui_terminal_new (gboolean stdin_taken)
{
  LuiTerminal *terminal = g_new0 (LuiTerminal, 1);

  terminal->in = -1;
  terminal->bar = isatty (STDOUT_FILENO) == 1;
  if (!stdin_taken && isatty (STDIN_FILENO) == 1)
    terminal->in = STDIN_FILENO;
  else if (stdin_taken && terminal->bar)
    {
      terminal->in = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
      terminal->own_in = terminal->in >= 0;
    }
  return terminal;
}

void
lui_terminal_free (LuiTerminal *terminal)
{
  lui_terminal_progress_end (terminal);
  lui_terminal_restore (terminal);
  if (terminal->own_in)
    close (terminal->in);
  g_free (terminal->stage);
  g_free (terminal);
}

gboolean
lui_terminal_can_ask (LuiTerminal *terminal)
{
  return terminal->in >= 0;
}

static void
hide (LuiTerminal *terminal)
{
  struct termios silent;

  if (tcgetattr (terminal->in, &terminal->saved) != 0)
    return;
  silent = terminal->saved;
  silent.c_lflag &= ~(tcflag_t) ECHO;
  terminal->hidden = tcsetattr (terminal->in, TCSAFLUSH, &silent) == 0;
}

void
lui_terminal_restore (LuiTerminal *terminal)
{
  if (!terminal->hidden)
    return;
  tcsetattr (terminal->in, TCSADRAIN, &terminal->saved);
  terminal->hidden = FALSE;
}

/* The terminal gives whole lines; what is longer than a line may be is an end. */
static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  Line *line = user_data;
  gsize room = sizeof line->text - 1 - line->length;
  gssize got = read (fd, line->text + line->length, room);

  if (got < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (got <= 0)
    line->ended = TRUE;
  else
    {
      line->length += (gsize) got;
      line->text[line->length] = '\0';
      line->complete = strchr (line->text, '\n') != NULL;
      line->ended = !line->complete && line->length == sizeof line->text - 1;
    }
  return line->complete || line->ended ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

char *
lui_terminal_ask (LuiTerminal *terminal,
                  const char *question,
                  gboolean hidden,
                  LuiStopFunc stop,
                  gpointer user_data)
{
  Line line = { 0 };
  guint source;
  char *answer = NULL;

  lui_terminal_progress_end (terminal);
  /* Before the question: whoever answers at once must not be heard, nor lose what was typed. */
  if (hidden)
    hide (terminal);
  fprintf (stdout, "%s ", question);
  fflush (stdout);
  terminal->asking = TRUE;
  source = g_unix_fd_add (terminal->in, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, &line);
  while (!line.complete && !line.ended && (stop == NULL || !stop (user_data)))
    g_main_context_iteration (NULL, TRUE);
  if (line.complete)
    answer = g_strstrip (g_strdup (line.text));
  if (!line.complete && !line.ended)
    g_source_remove (source);
  lpad_wipe (&line, sizeof line);
  if (answer != NULL && !terminal->hidden)
    terminal->asking = FALSE;
  lui_terminal_restore (terminal);
  lui_terminal_progress_end (terminal);
  return answer;
}

static guint
terminal_columns (void)
{
  struct winsize size = { 0 };

  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 80;
  return size.ws_col;
}

/* Words for the stages of org.lpad.Lpad1.Operation; a stage without some is shown as it is called. */
static char *
stage_words (const char *stage)
{
  static const char *const words[][2] = {
    { "", "Working" },
    { "queued", "Waiting for other operations" },
    { "connecting", "Connecting" },
    { "authenticating", "Authenticating" },
    { "preparing", "Preparing" },
    { "downloading", "Downloading" },
    { "installing", "Installing" },
    { "enabling", "Enabling" },
    { "disabling", "Disabling" },
    { "deleting", "Deleting" },
    { "discovering", "Asking which profiles wait" },
    { "refreshing", "Waiting for the modem" },
    { "registering", "Waiting for the network" },
    { "confirming", "Waiting for you" },
    { "notifying", "Telling the operator" },
    { "provisioning", "Enabling the provisioning profile" },
    { "waiting-for-server", "Waiting until the server can be reached" },
    { "returning", "Going back to what was in use before" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      if (g_strcmp0 (stage, words[i][0]) == 0)
        return g_strdup (words[i][1]);
    }
  return lui_clean (stage);
}

static char *
octets_text (guint64 done, guint64 total)
{
  g_autofree char *of = total == 0 ? NULL : lui_size_to_string (total);
  g_autofree char *so_far = lui_size_to_string (done);

  if (total == 0)
    return g_strdup ("");
  return g_strdup_printf ("%s of %s", so_far, of);
}

char *
lui_progress_line (const char *stage, double part, guint64 done, guint64 total, guint columns)
{
  g_autofree char *words = stage_words (stage);
  g_autofree char *octets = octets_text (done, total);
  double inside = CLAMP (part, 0.0, 1.0);
  guint filled = (guint) (inside * BAR_COLUMNS + 0.5);
  g_autofree char *bar = g_strnfill (BAR_COLUMNS, '-');
  g_autofree char *line = NULL;

  memset (bar, '#', filled);
  line = g_strdup_printf ("%-22s [%s] %3.0f %%  %s", words, bar, inside * 100.0, octets);
  g_strchomp (line);
  if (lui_width (line) < columns)
    return g_steal_pointer (&line);
  return g_strdup_printf ("%3.0f %%", inside * 100.0);
}

void
lui_terminal_progress (LuiTerminal *terminal, const char *stage, double part, guint64 done, guint64 total)
{
  gboolean same_stage = g_strcmp0 (terminal->stage, stage) == 0;

  if (!same_stage)
    {
      g_free (terminal->stage);
      terminal->stage = g_strdup (stage);
    }
  terminal->total = total;
  if (terminal->bar)
    {
      g_autofree char *line = lui_progress_line (stage, part, done, total, terminal_columns ());

      fprintf (stdout, "\r%s\033[K", line);
      terminal->bar_shown = TRUE;
    }
  else if (!same_stage)
    {
      g_autofree char *words = stage_words (stage);

      fprintf (stdout, "%s ...\n", words);
    }
  fflush (stdout);
}

void
lui_terminal_status (LuiTerminal *terminal, const char *line, gboolean again)
{
  if (terminal->bar)
    {
      fprintf (stdout, "\r%s\033[K", line);
      terminal->bar_shown = TRUE;
    }
  else if (!again)
    fprintf (stdout, "%s ...\n", line);
  fflush (stdout);
}

void
lui_terminal_progress_complete (LuiTerminal *terminal)
{
  g_autofree char *stage = g_strdup (terminal->stage);

  if (terminal->bar_shown)
    lui_terminal_progress (terminal, stage, 1.0, terminal->total, terminal->total);
  lui_terminal_progress_end (terminal);
}

void
lui_terminal_progress_end (LuiTerminal *terminal)
{
  if (terminal->bar_shown || terminal->asking)
    fputc ('\n', stdout);
  terminal->bar_shown = FALSE;
  terminal->asking = FALSE;
  fflush (stdout);
}
