/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>

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

GPid
lui_agent_start (void)
{
  g_autofree char *process = g_strdup_printf ("%d", (int) getpid ());
  const char *arguments[] = { "pkttyagent", "--notify-fd", "3", "--fallback", "--process", process, NULL };
  int ends[2];
  int target = 3;
  GPid agent = 0;

  if (geteuid () == 0 || isatty (STDIN_FILENO) != 1 || isatty (STDERR_FILENO) != 1
      || !g_unix_open_pipe (ends, FD_CLOEXEC, NULL))
    return 0;
  if (g_spawn_async_with_pipes_and_fds (NULL,
                                        arguments,
                                        NULL,
                                        G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH
                                            | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                                        bind_to_parent,
                                        NULL,
                                        -1,
                                        -1,
                                        -1,
                                        &ends[1],
                                        &target,
                                        1,
                                        &agent,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL))
    {
      close (ends[1]);
      wait_until_ready (ends[0]);
    }
  else
    {
      agent = 0;
      close (ends[1]);
    }
  close (ends[0]);
  return agent;
}

void
lui_agent_stop (GPid agent)
{
  if (agent == 0)
    return;
  (void) kill (agent, SIGTERM);
  (void) kill (agent, SIGCONT);
  while (waitpid (agent, NULL, 0) < 0 && errno == EINTR)
    ;
  g_spawn_close_pid (agent);
}
