/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"

LpadHttps *
lpad_context_connect (const LpadContext *context,
                      const char *address,
                      const LpadEuiccInfo *info,
                      GError **error)
{
  X509_STORE *store = lpad_trust_store (context->trust, info->verification, error);
  LpadHttps *https;

  if (store == NULL)
    return NULL;
  https = lpad_https_new (context->net, address, store, error);
  X509_STORE_free (store);
  return https;
}
