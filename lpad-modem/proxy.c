/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proxy.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

gboolean
lpad_modem_proxy_runs (const char *name)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gsize length = strlen (name);
  socklen_t size = (socklen_t) (G_STRUCT_OFFSET (struct sockaddr_un, sun_path) + 1 + length);
  int sock;
  gboolean runs;

  g_return_val_if_fail (length + 1 < sizeof address.sun_path, FALSE);
  sock = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (sock < 0)
    return FALSE;
  memcpy (address.sun_path + 1, name, length);
  runs = connect (sock, (const struct sockaddr *) &address, size) == 0;
  close (sock);
  return runs;
}
