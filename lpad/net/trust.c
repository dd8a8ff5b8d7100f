/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust.h"

#include "certificate.h"
#include "crl.h"
#include "issuer-folder.h"
#include "trust-private.h"

struct _LpadTrust
{
  gint ref_count; /* atomic */
  GPtrArray *issuers;
  GPtrArray *crls;
  gboolean test_mode;
};

struct _LpadTrustSlot
{
  GMutex mutex;
  LpadTrust *trust;
};

static void
load_kind (LpadTrust *trust, const LpadTrustSources *sources, gboolean test)
{
  if (sources->own_folder != NULL)
    lpad_issuer_folder_load (sources->own_folder, test, TRUE, trust->issuers);
  for (guint i = 0; sources->folders != NULL && sources->folders[i] != NULL; i++)
    lpad_issuer_folder_load (sources->folders[i], test, FALSE, trust->issuers);
}

LpadTrust *
lpad_trust_load (const LpadTrustSources *sources)
{
  LpadTrust *trust = g_new0 (LpadTrust, 1);

  trust->ref_count = 1;
  trust->test_mode = sources->test_mode;
  trust->issuers = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_issuer_unref);
  trust->crls = g_ptr_array_new_with_free_func ((GDestroyNotify) X509_CRL_free);
  /* A certificate that lies in both kinds of folders is one of production. */
  load_kind (trust, sources, FALSE);
  load_kind (trust, sources, TRUE);
  for (guint i = 0; sources->crl_folders != NULL && sources->crl_folders[i] != NULL; i++)
    lpad_crl_load (sources->crl_folders[i], trust->crls);
  return trust;
}

LpadTrust *
lpad_trust_ref (LpadTrust *trust)
{
  g_return_val_if_fail (trust != NULL, NULL);

  g_atomic_int_inc (&trust->ref_count);
  return trust;
}

void
lpad_trust_unref (LpadTrust *trust)
{
  if (trust == NULL || !g_atomic_int_dec_and_test (&trust->ref_count))
    return;

  g_ptr_array_unref (trust->issuers);
  g_ptr_array_unref (trust->crls);
  g_free (trust);
}

GPtrArray *
lpad_trust_issuers (LpadTrust *trust)
{
  g_return_val_if_fail (trust != NULL, NULL);

  return trust->issuers;
}

gboolean
lpad_trust_counts (LpadTrust *trust, const LpadIssuer *issuer)
{
  g_return_val_if_fail (trust != NULL && issuer != NULL, FALSE);

  return !issuer->test || trust->test_mode;
}

const LpadIssuer *
lpad_trust_find (LpadTrust *trust, const char *fingerprint)
{
  g_return_val_if_fail (trust != NULL && fingerprint != NULL, NULL);

  for (guint i = 0; i < trust->issuers->len; i++)
    {
      const LpadIssuer *issuer = trust->issuers->pdata[i];

      if (g_ascii_strcasecmp (issuer->fingerprint, fingerprint) == 0)
        return issuer;
    }
  return NULL;
}

/* The origin travels with the store, so that the check of a chain can say what is missing. */

static void
free_origin (void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
  LpadTrustOrigin *origin = pointer;

  if (origin == NULL)
    return;
  lpad_trust_unref (origin->trust);
  g_ptr_array_unref (origin->verification);
  g_free (origin);
}

static int
origin_index (void)
{
  static gsize index_plus_one = 0;

  if (g_once_init_enter (&index_plus_one))
    {
      int index = CRYPTO_get_ex_new_index (CRYPTO_EX_INDEX_X509_STORE, 0, NULL, NULL, NULL, free_origin);

      g_once_init_leave (&index_plus_one, (gsize) (index + 1));
    }
  return (int) index_plus_one - 1;
}

const LpadTrustOrigin *
lpad_trust_store_origin (X509_STORE *store)
{
  return X509_STORE_get_ex_data (store, origin_index ());
}

static void
set_origin (X509_STORE *store, LpadTrust *trust, GPtrArray *verification)
{
  LpadTrustOrigin *origin = g_new0 (LpadTrustOrigin, 1);

  origin->trust = lpad_trust_ref (trust);
  origin->verification = g_ptr_array_ref (verification);
  X509_STORE_set_ex_data (store, origin_index (), origin);
}

X509_STORE *
lpad_trust_store (LpadTrust *trust, GPtrArray *verification, GError **error)
{
  g_autoptr (X509_STORE) store = X509_STORE_new ();
  guint count = 0;

  g_return_val_if_fail (trust != NULL && verification != NULL, NULL);

  if (store == NULL)
    g_error ("out of memory");
  for (guint i = 0; i < trust->issuers->len; i++)
    {
      const LpadIssuer *issuer = trust->issuers->pdata[i];

      if (lpad_trust_counts (trust, issuer)
          && g_ptr_array_find_with_equal_func (verification, issuer->key_identifier, g_bytes_equal, NULL)
          && X509_STORE_add_cert (store, issuer->certificate) == 1)
        count++;
    }
  if (count == 0)
    {
      lpad_trust_set_none_installed (trust, verification, error);
      return NULL;
    }
  for (guint i = 0; i < trust->crls->len; i++)
    X509_STORE_add_crl (store, trust->crls->pdata[i]);
  set_origin (store, trust, verification);
  return g_steal_pointer (&store);
}

GPtrArray *
lpad_trust_revocation_lists (LpadTrust *trust, GPtrArray *verification)
{
  return lpad_crl_for_chip (trust->crls, verification);
}

LpadTrustSlot *
lpad_trust_slot_new (LpadTrust *trust)
{
  LpadTrustSlot *slot = g_new0 (LpadTrustSlot, 1);

  g_mutex_init (&slot->mutex);
  slot->trust = trust;
  return slot;
}

void
lpad_trust_slot_free (LpadTrustSlot *slot)
{
  if (slot == NULL)
    return;

  lpad_trust_unref (slot->trust);
  g_mutex_clear (&slot->mutex);
  g_free (slot);
}

LpadTrust *
lpad_trust_slot_get (LpadTrustSlot *slot)
{
  LpadTrust *trust;

  g_mutex_lock (&slot->mutex);
  trust = lpad_trust_ref (slot->trust);
  g_mutex_unlock (&slot->mutex);
  return trust;
}

void
lpad_trust_slot_set (LpadTrustSlot *slot, LpadTrust *trust)
{
  LpadTrust *before;

  g_mutex_lock (&slot->mutex);
  before = slot->trust;
  slot->trust = trust;
  g_mutex_unlock (&slot->mutex);
  lpad_trust_unref (before);
}
