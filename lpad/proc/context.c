/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"

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
