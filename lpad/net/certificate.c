/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate.h"

#include <openssl/err.h>

#include "es9.h"
#include "hex.h"
#include "text.h"

#define NAME_MAX_OCTETS 256 /* of a name in a message */
#define HOSTS_SHOWN     3

/* Roles in certificate policies: SGP.22 v2.5, Annex H, and the arcs that version 3 gave to chains with
 * sub-CAs. */
#define DP_AUTH    "2.23.146.1.2.1.4"
#define DS_AUTH    "2.23.146.1.2.1.7"
#define DP_AUTH_V3 "2.23.146.1.2.1.0.0.1.1"
#define DS_AUTH_V3 "2.23.146.1.2.1.0.0.2.1"

char *
lpad_certificate_name (const X509_NAME *name)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  char *data = NULL;
  long size;

  if (out == NULL
      || X509_NAME_print_ex (out, name, 0, XN_FLAG_RFC2253 & ~(unsigned long) ASN1_STRFLGS_ESC_MSB) < 0)
    return g_strdup ("unreadable name");
  size = BIO_get_mem_data (out, &data);
  return lpad_text_clean ((const guint8 *) data, size > 0 ? (gsize) size : 0, NAME_MAX_OCTETS);
}

GBytes *
lpad_certificate_key_identifier (X509 *certificate)
{
  const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id (certificate);

  if (identifier == NULL || ASN1_STRING_length (identifier) <= 0)
    return NULL;
  return g_bytes_new (ASN1_STRING_get0_data (identifier), (gsize) ASN1_STRING_length (identifier));
}

GBytes *
lpad_certificate_authority (X509 *certificate)
{
  const ASN1_OCTET_STRING *identifier = X509_get0_authority_key_id (certificate);

  if (identifier == NULL || ASN1_STRING_length (identifier) <= 0)
    return NULL;
  return g_bytes_new (ASN1_STRING_get0_data (identifier), (gsize) ASN1_STRING_length (identifier));
}

gint64
lpad_certificate_time (const ASN1_TIME *time, gint64 otherwise)
{
  g_autoptr (GDateTime) date = NULL;
  struct tm parts;

  if (time == NULL || ASN1_TIME_to_tm (time, &parts) != 1)
    return otherwise;
  date = g_date_time_new_utc (
      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return date != NULL ? g_date_time_to_unix (date) : otherwise;
}

char *
lpad_certificate_date (const ASN1_TIME *time)
{
  g_autoptr (GDateTime) date = NULL;
  gint64 seconds = lpad_certificate_time (time, G_MININT64);

  if (seconds != G_MININT64)
    date = g_date_time_new_from_unix_utc (seconds);
  return date != NULL ? g_date_time_format (date, "%F") : g_strdup ("an unreadable date");
}

char *
lpad_certificate_hosts (X509 *certificate)
{
  g_autoptr (GENERAL_NAMES) names = X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  guint shown = 0;

  for (int i = 0; i < sk_GENERAL_NAME_num (names); i++)
    {
      const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);
      g_autofree char *host = NULL;

      if (name->type != GEN_DNS)
        continue;
      if (shown++ == HOSTS_SHOWN)
        {
          g_string_append (text, " …");
          break;
        }
      host = lpad_text_clean (
          ASN1_STRING_get0_data (name->d.dNSName), (gsize) ASN1_STRING_length (name->d.dNSName), 253);
      g_string_append_printf (text, "%s%s", shown > 1 ? ", " : "", host);
    }
  return g_strdup (shown > 0 ? text->str : "no host at all");
}

char *
lpad_certificate_fingerprint (X509 *certificate)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;

  if (X509_digest (certificate, EVP_sha256 (), digest, &size) != 1)
    return g_strdup ("");
  return lpad_hex_encode (digest, size);
}

/* What cannot be read is no error of the next user of this thread's queue. */
static X509 *
parse (GBytes *certificate)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (certificate, &size);
  X509 *parsed = NULL;

  if (size > 0 && size <= LPAD_CERTIFICATE_MAX)
    parsed = d2i_X509 (NULL, &data, (long) size);
  ERR_clear_error ();
  return parsed;
}

static gpointer
read_extension (X509 *certificate, int nid)
{
  gpointer extension = certificate != NULL ? X509_get_ext_d2i (certificate, nid, NULL, NULL) : NULL;

  ERR_clear_error ();
  return extension;
}

gboolean
lpad_es9_certificate_has_oid (GBytes *certificate, const char *oid)
{
  g_autoptr (ASN1_OBJECT) wanted = OBJ_txt2obj (oid, 1);
  g_autoptr (X509) parsed = parse (certificate);
  g_autoptr (GENERAL_NAMES) names = read_extension (parsed, NID_subject_alt_name);

  ERR_clear_error ();
  if (wanted == NULL || names == NULL)
    return FALSE;

  for (int i = 0; i < sk_GENERAL_NAME_num (names); i++)
    {
      const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);

      if (name->type == GEN_RID && OBJ_cmp (name->d.registeredID, wanted) == 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
lpad_certificate_has_policy (const CERTIFICATEPOLICIES *policies, const char *oid)
{
  g_autoptr (ASN1_OBJECT) wanted = OBJ_txt2obj (oid, 1);

  for (int i = 0; wanted != NULL && i < sk_POLICYINFO_num (policies); i++)
    if (OBJ_cmp (sk_POLICYINFO_value (policies, i)->policyid, wanted) == 0)
      return TRUE;
  return FALSE;
}

LpadServerRole
lpad_es9_certificate_role (GBytes *certificate)
{
  g_autoptr (X509) parsed = parse (certificate);
  g_autoptr (CERTIFICATEPOLICIES) policies = read_extension (parsed, NID_certificate_policies);
  gboolean is_smdp, is_smds;

  if (policies == NULL)
    return LPAD_SERVER_ROLE_UNKNOWN;
  is_smdp
      = lpad_certificate_has_policy (policies, DP_AUTH) || lpad_certificate_has_policy (policies, DP_AUTH_V3);
  is_smds
      = lpad_certificate_has_policy (policies, DS_AUTH) || lpad_certificate_has_policy (policies, DS_AUTH_V3);
  if (is_smdp == is_smds)
    return LPAD_SERVER_ROLE_UNKNOWN;
  return is_smds ? LPAD_SERVER_ROLE_SMDS : LPAD_SERVER_ROLE_SMDP;
}
