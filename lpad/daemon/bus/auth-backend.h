/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LpadAuthBackend: the one who decides: auth-polkit.c or auth-group.c, as the build says. */
typedef struct _LpadAuthBackend LpadAuthBackend;

LpadAuthBackend *lpad_auth_backend_new (GDBusConnection *connection);
void lpad_auth_backend_free (LpadAuthBackend *backend);

/** lpad_auth_backend_check: asks; @callback is called later, also when @cancellable is cancelled, however
 * long the one who decides is silent. */
void lpad_auth_backend_check (LpadAuthBackend *backend,
                              const char *sender,
                              const char *action,
                              gboolean interactive,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** lpad_auth_backend_check_finish: FALSE with %LPAD_ERROR_NOT_AUTHORIZED, or with %G_IO_ERROR_CANCELLED. */
gboolean lpad_auth_backend_check_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
