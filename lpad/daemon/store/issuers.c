/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "issuers.h"

#include "error-details.h"
#include "hex.h"
#include "issuer-folder.h"

struct _LpadIssuers
{
  const LpadConfig *config;
  char *own_folder;
  LpadTrustSlot *slot;
};

static LpadTrust *
load (LpadIssuers *issuers)
{
  LpadTrustSources sources = {
    .folders = (const char *const *) issuers->config->issuer_folders,
    .own_folder = issuers->own_folder,
    .crl_folders = (const char *const *) issuers->config->crl_folders,
    .test_mode = issuers->config->test_mode,
  };

  return lpad_trust_load (&sources);
}

LpadIssuers *
lpad_issuers_new (const LpadConfig *config, const char *state_folder)
{
  LpadIssuers *issuers = g_new0 (LpadIssuers, 1);

  issuers->config = config;
  issuers->own_folder = g_build_filename (state_folder, "issuers", NULL);
  issuers->slot = lpad_trust_slot_new (load (issuers));
  return issuers;
}

void
lpad_issuers_free (LpadIssuers *issuers)
{
  if (issuers == NULL)
    return;
  lpad_trust_slot_free (issuers->slot);
  g_free (issuers->own_folder);
  g_free (issuers);
}

LpadTrustSlot *
lpad_issuers_slot (LpadIssuers *issuers)
{
  return issuers->slot;
}

static void
insert_certificate (GVariantDict *dict, const LpadIssuer *issuer)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (issuer->key_identifier, &size);
  g_autofree char *key_identifier = lpad_hex_encode (data, size);

  g_variant_dict_insert (dict, "name", "s", issuer->name);
  g_variant_dict_insert (dict, "key-identifier", "s", key_identifier);
  g_variant_dict_insert (dict, "fingerprint", "s", issuer->fingerprint);
  g_variant_dict_insert (dict, "not-before", "t", (guint64) MAX (0, issuer->not_before));
  g_variant_dict_insert (dict, "not-after", "t", (guint64) MAX (0, issuer->not_after));
  if (issuer->known != NULL)
    g_variant_dict_insert (dict, "known-as", "s", issuer->known->name);
}

GVariant *
lpad_issuers_describe (LpadIssuers *issuers)
{
  g_autoptr (LpadTrust) trust = lpad_trust_slot_get (issuers->slot);
  GPtrArray *installed = lpad_trust_issuers (trust);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < installed->len; i++)
    {
      const LpadIssuer *issuer = g_ptr_array_index (installed, i);
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      insert_certificate (&dict, issuer);
      g_variant_dict_insert (&dict, "test", "b", issuer->test);
      g_variant_dict_insert (&dict, "trusted", "b", lpad_trust_counts (trust, issuer));
      g_variant_dict_insert (&dict, "file", "s", issuer->file);
      g_variant_dict_insert (&dict, "removable", "b", issuer->own);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

GVariant *
lpad_issuers_describe_known (void)
{
  GPtrArray *table = lpad_known_issuers ();
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < table->len; i++)
    {
      const LpadKnownIssuer *known = g_ptr_array_index (table, i);
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "name", "s", known->name);
      g_variant_dict_insert (&dict, "key-identifier", "s", known->key_identifier);
      g_variant_dict_insert (&dict, "fingerprints", "^as", known->fingerprints);
      g_variant_dict_insert (&dict, "test", "b", known->test);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

static LpadIssuer *
parse (GBytes *data, GError **error)
{
  g_autoptr (GError) local = NULL;
  LpadIssuer *issuer = lpad_issuer_parse (data, &local);

  if (issuer == NULL)
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_INVALID_ARGUMENTS,
                 "This is not the certificate of an issuer: %s.",
                 local->message);
  return issuer;
}

GVariant *
lpad_issuers_inspect (LpadIssuers *issuers, GBytes *data, GError **error)
{
  g_autoptr (LpadIssuer) issuer = parse (data, error);
  g_autoptr (LpadTrust) trust = lpad_trust_slot_get (issuers->slot);
  const LpadKnownIssuer *claimed;
  GVariantDict dict;

  if (issuer == NULL)
    return NULL;
  claimed = lpad_known_issuer_by_key (issuer->key_identifier);
  g_variant_dict_init (&dict, NULL);
  insert_certificate (&dict, issuer);
  g_variant_dict_insert (&dict, "public-test", "b", lpad_issuer_is_public_test (issuer));
  g_variant_dict_insert (&dict, "installed", "b", lpad_trust_find (trust, issuer->fingerprint) != NULL);
  if (issuer->known == NULL && claimed != NULL)
    g_variant_dict_insert (&dict, "poses-as", "s", claimed->name);
  return g_variant_dict_end (&dict);
}

/* Whether @issuer may be installed as one of its kind. */
static gboolean
check (const LpadIssuer *issuer, gboolean test, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GDateTime) end = g_date_time_new_from_unix_utc (issuer->not_after);

  if (!test && lpad_issuer_is_public_test (issuer))
    g_set_error (
        error,
        LPAD_ERROR,
        LPAD_ERROR_INVALID_ARGUMENTS,
        "“%s” is a public test issuer, whose private key everybody has: it can be installed for tests"
        " only.",
        issuer->name);
  else if (issuer->not_after <= now)
    {
      g_autofree char *date = end != NULL ? g_date_time_format (end, "%F") : g_strdup ("an impossible date");

      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "The certificate of “%s” expired on %s.",
                   issuer->name,
                   date);
    }
  else
    return TRUE;
  return FALSE;
}

char *
lpad_issuers_add (LpadIssuers *issuers, GBytes *data, gboolean test, GError **error)
{
  g_autoptr (LpadIssuer) issuer = parse (data, error);
  const guint8 *key;
  gsize size;

  if (issuer == NULL || !check (issuer, test, error)
      || !lpad_issuer_folder_add (issuers->own_folder, issuer, test, error))
    return NULL;
  lpad_trust_slot_set (issuers->slot, load (issuers));
  key = g_bytes_get_data (issuer->key_identifier, &size);
  return lpad_hex_encode (key, size);
}

static gboolean
is_packaged (const char *file)
{
  return g_str_has_prefix (file, "/usr/");
}

gboolean
lpad_issuers_remove (LpadIssuers *issuers, const char *fingerprint, GError **error)
{
  g_autoptr (LpadTrust) trust = lpad_trust_slot_get (issuers->slot);
  const LpadIssuer *issuer = lpad_trust_find (trust, fingerprint);

  if (issuer == NULL)
    {
      g_set_error_literal (
          error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "No issuer with this fingerprint is installed.");
      return FALSE;
    }
  if (!issuer->own)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_WRONG_STATE,
                   "“%s” was not installed by lpad: %s belongs to %s.",
                   issuer->name,
                   issuer->file,
                   is_packaged (issuer->file) ? "a package of the system" : "the administrator");
      return FALSE;
    }
  if (!lpad_issuer_folder_remove (issuer, error))
    return FALSE;
  lpad_trust_slot_set (issuers->slot, load (issuers));
  return TRUE;
}
