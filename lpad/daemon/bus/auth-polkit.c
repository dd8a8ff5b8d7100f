/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth-backend.h"

#include <polkit/polkit.h>

#include "error-details.h"

struct _LpadAuthBackend
{
  PolkitAuthority *authority; /* NULL until it was asked for the first time */
};

typedef struct
{
  LpadAuthBackend *backend;
  PolkitSubject *subject;
  char *action;
  gboolean interactive;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_object_unref (question->subject);
  g_free (question->action);
  g_free (question);
}

static void
return_failure (GTask *task, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", error->message);
  else
    g_task_return_new_error (
        task, LPAD_ERROR, LPAD_ERROR_NOT_AUTHORIZED, "polkit could not be asked: %s", error->message);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Question *question = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitAuthorizationResult) answer
      = polkit_authority_check_authorization_finish (POLKIT_AUTHORITY (source), result, &error);

  if (answer == NULL)
    return_failure (task, error);
  else if (polkit_authorization_result_get_is_authorized (answer))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task,
                             LPAD_ERROR,
                             LPAD_ERROR_NOT_AUTHORIZED,
                             "You are not allowed to do this (polkit action %s).",
                             question->action);
}

static void
ask (GTask *task)
{
  Question *question = g_task_get_task_data (task);

  polkit_authority_check_authorization (question->backend->authority,
                                        question->subject,
                                        question->action,
                                        NULL,
                                        question->interactive
                                            ? POLKIT_CHECK_AUTHORIZATION_FLAGS_ALLOW_USER_INTERACTION
                                            : POLKIT_CHECK_AUTHORIZATION_FLAGS_NONE,
                                        g_task_get_cancellable (task),
                                        on_answer,
                                        task);
}

static void
on_authority (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Question *question = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitAuthority) authority = polkit_authority_get_finish (result, &error);

  if (authority == NULL)
    {
      return_failure (task, error);
      return;
    }
  g_set_object (&question->backend->authority, authority);
  ask (g_steal_pointer (&task));
}

LpadAuthBackend *
lpad_auth_backend_new (GDBusConnection *connection)
{
  return g_new0 (LpadAuthBackend, 1);
}

void
lpad_auth_backend_free (LpadAuthBackend *backend)
{
  g_clear_object (&backend->authority);
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
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);

  question->backend = backend;
  question->subject = polkit_system_bus_name_new (sender);
  question->action = g_strdup (action);
  question->interactive = interactive;
  g_task_set_task_data (task, question, question_free);
  if (backend->authority != NULL)
    ask (task);
  else
    polkit_authority_get_async (cancellable, on_authority, task);
}

gboolean
lpad_auth_backend_check_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
