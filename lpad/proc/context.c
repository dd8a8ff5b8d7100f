/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"

/* Milliseconds for a try: what is lost on a path that is just being built up is not waited for. */
#define REACH_TIME 10000

LpadHttps *
lpad_context_connect (const LpadContext *context,
                      const char *address,
                      const LpadEuiccInfo *info,
                      GError **error)
{
  g_autoptr (LpadTrust) trust = lpad_trust_slot_get (context->trust);
  X509_STORE *store = lpad_trust_store (trust, info->verification, error);
  LpadHttps *https;

  if (store == NULL)
    return NULL;
  https = lpad_https_new (context->net, address, store, error);
  X509_STORE_free (store);
  return https;
}

gboolean
lpad_context_reach (const LpadContext *context,
                    const char *address,
                    const LpadEuiccInfo *info,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (LpadHttps) https = lpad_context_connect (context, address, info, error);

  return https != NULL
         && lpad_https_try (https, MIN (REACH_TIME, context->net->connect_timeout_ms), cancellable, error);
}
