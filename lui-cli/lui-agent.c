/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <glib-unix.h>

#define NOTIFY_FD          3
#define READY_TIMEOUT_MSEC 10000

/* In the child, between fork and exec: it does not outlive lui-cli. */
static void
bind_to_parent (gpointer unused)
{
  (void) prctl (PR_SET_PDEATHSIG, SIGTERM);
}

/* It closes its end when polkit knows it, or when it gives up. */
static void
wait_until_ready (int fd)
{
  struct pollfd wait = { .fd = fd, .events = POLLIN };
  int result;

  do
    result = poll (&wait, 1, READY_TIMEOUT_MSEC);
  while (result < 0 && errno == EINTR);
}

/* @notify_fd: closed */
static GSubprocess *
spawn (int notify_fd)
{
  const GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (flags);
  g_autofree char *process = g_strdup_printf ("%d", (int) getpid ());
  g_autofree char *notify = g_strdup_printf ("%d", NOTIFY_FD);

  g_subprocess_launcher_take_fd (launcher, notify_fd, NOTIFY_FD);
  g_subprocess_launcher_set_child_setup (launcher, bind_to_parent, NULL, NULL);
  return g_subprocess_launcher_spawn (
      launcher, NULL, "pkttyagent", "--notify-fd", notify, "--fallback", "--process", process, NULL);
}

GSubprocess *
lui_agent_start (void)
{
  GSubprocess *agent;
  int ends[2];

  if (geteuid () == 0 || isatty (STDIN_FILENO) != 1 || isatty (STDERR_FILENO) != 1
      || !g_unix_open_pipe (ends, FD_CLOEXEC, NULL))
    return NULL;
  agent = spawn (ends[1]);
  if (agent != NULL)
    wait_until_ready (ends[0]);
  close (ends[0]);
  return agent;
}

void
lui_agent_stop (GSubprocess *agent)
{
  if (agent == NULL)
    return;
  g_subprocess_send_signal (agent, SIGTERM);
  (void) g_subprocess_wait (agent, NULL, NULL);
  g_object_unref (agent);
}
