/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "net-config.h"
#include "progress.h"
#include "trust.h"

G_BEGIN_DECLS

/**
 * LpadHttps: one server, one kept connection, TLS always verified (SGP.22 2.6.6): the chain to an issuer in
 * the store, the name in subjectAltName, server authentication, and the TLS role in the policies when there
 * are any. No redirects, no proxy but the configured one, no cookies, no compression. A server that asks for
 * a certificate of this device gets the one that is configured for its name, or none. Used on one thread.
 */
typedef struct _LpadHttps LpadHttps;

/**
 * lpad_https_new: nothing is connected yet.
 * @address: normalised "host" or "host:port"
 * @store: (transfer none): see lpad_trust_store()
 * Returns: (nullable): %LPAD_ERROR_SERVER_NOT_TRUSTED when the configuration does not allow it; an error of
 * lpad_client_certificate_load()
 */
LpadHttps *lpad_https_new (const LpadNetConfig *config,
                           const char *address,
                           X509_STORE *store,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lpad_https_free (LpadHttps *https);
const char *lpad_https_address (LpadHttps *https);
const LpadNetConfig *lpad_https_config (LpadHttps *https);

/**
 * LpadHttpsRequest:
 * @repeatable: the server bears the request twice. Of a kept connection that breaks while the request is
 * under way nobody knows whether the server has seen it; only a repeatable one is then sent again.
 */
typedef struct
{
  const char *path;
  const char *body; /* JSON */
  gsize body_size;
  gsize maximum; /* most octets of the answer */
  guint timeout_ms;
  const char *stage; /* for progress: octets received; NULL: no progress */
  gboolean repeatable;
} LpadHttpsRequest;

/**
 * lpad_https_post: sends one request and reads the whole answer. A kept connection that the server has closed
 * in the meantime is opened anew, once. A cancellation takes effect at once and ends the connection.
 * @status: (out): HTTP status
 * Returns: (nullable): the body, whatever the status. Errors: %LPAD_ERROR_SERVER_UNREACHABLE (name, route,
 * refusal, reset, stall, truncated), %LPAD_ERROR_SERVER_NOT_TRUSTED (which check of which certificate
 * failed), %LPAD_ERROR_ISSUER_MISSING (the chain ends at an issuer that is not installed; named),
 * %LPAD_ERROR_CLOCK_INVALID, %LPAD_ERROR_PROTOCOL_ERROR (too large), %LPAD_ERROR_CANCELLED
 */
GBytes *lpad_https_post (LpadHttps *https,
                         const LpadHttpsRequest *request,
                         guint *status,
                         const LpadProgress *progress,
                         GCancellable *cancellable,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_https_try: whether the server can be reached: connects, shakes hands, and closes the connection.
 * Errors: those of lpad_https_post()
 */
gboolean lpad_https_try (LpadHttps *https, guint timeout_ms, GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadHttps, lpad_https_free)

G_END_DECLS
