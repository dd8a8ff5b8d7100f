/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth-backend.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "error-details.h"

#define GROUP       "lpad"
#define GROUPS_MAX  1024
#define DRIVER_NAME "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"

struct _LpadAuthBackend
{
  GDBusConnection *connection;
};

static gboolean
is_member (uid_t uid)
{
  struct passwd *user = getpwuid (uid);
  struct group *group = getgrnam (GROUP);
  gid_t wanted, primary;
  gid_t groups[GROUPS_MAX];
  int n_groups = GROUPS_MAX;

  if (user == NULL || group == NULL)
    return FALSE;
  wanted = group->gr_gid;
  primary = user->pw_gid;
  if (getgrouplist (user->pw_name, primary, groups, &n_groups) < 0)
    return FALSE;
  for (int i = 0; i < n_groups; i++)
    {
      if (groups[i] == wanted)
        return TRUE;
    }
  return FALSE;
}

static void
on_user (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  guint32 uid = 0;

  if (answer != NULL)
    g_variant_get (answer, "(u)", &uid);
  if (answer != NULL && (uid == 0 || uid == geteuid () || is_member (uid)))
    g_task_return_boolean (task, TRUE);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_new_error (task,
                             LPAD_ERROR,
                             LPAD_ERROR_NOT_AUTHORIZED,
                             "You are not allowed to do this: only root and members of group “" GROUP
                             "” are.");
}

LpadAuthBackend *
lpad_auth_backend_new (GDBusConnection *connection)
{
  LpadAuthBackend *backend = g_new0 (LpadAuthBackend, 1);

  backend->connection = g_object_ref (connection);
  return backend;
}

void
lpad_auth_backend_free (LpadAuthBackend *backend)
{
  g_object_unref (backend->connection);
  g_free (backend);
}

void
lpad_auth_backend_check (LpadAuthBackend *backend,
                         const char *sender,
                         const char *action,
                         gboolean interactive,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_dbus_connection_call (backend->connection,
                          DRIVER_NAME,
                          DRIVER_PATH,
                          DRIVER_NAME,
                          "GetConnectionUnixUser",
                          g_variant_new ("(s)", sender),
                          G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE,
                          -1,
                          cancellable,
                          on_user,
                          g_task_new (NULL, cancellable, callback, user_data));
}

gboolean
lpad_auth_backend_check_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
