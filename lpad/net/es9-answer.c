/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es9-answer.h"

#include <string.h>

#include "address.h"
#include "bpp.h"
#include "error-details.h"
#include "result.h"
#include "tlv.h"

#define OBJECT_MAX (48 * 1024) /* octets of one member of a small answer: what 64 KiB of base64 can hold */

enum
{
  TAG_BOOLEAN = 0x01,
  TAG_OCTET_STRING = 0x04,
  TAG_SEQUENCE = 0x30,
  TAG_SIGNATURE = 0x5f37,
  TAG_METADATA = 0xbf25,
  TAG_BPP = 0xbf36,
  TAG_TRANSACTION_ID = 0x80, /* in serverSigned1 and smdpSigned2 */
  TAG_CHALLENGE = 0x81,
  TAG_SERVER_ADDRESS = 0x83,
};

void
lpad_es9_authentication_free (LpadEs9Authentication *answer)
{
  if (answer == NULL)
    return;

  g_bytes_unref (answer->transaction_id);
  g_bytes_unref (answer->server_signed1);
  g_bytes_unref (answer->server_signature1);
  g_bytes_unref (answer->pkid);
  g_bytes_unref (answer->certificate);
  g_free (answer);
}

void
lpad_es9_client_answer_free (LpadEs9ClientAnswer *answer)
{
  if (answer == NULL)
    return;

  g_bytes_unref (answer->metadata);
  g_bytes_unref (answer->smdp_signed2);
  g_bytes_unref (answer->smdp_signature2);
  g_bytes_unref (answer->certificate);
  g_free (answer);
}

/* What arrived is whole and contradicts itself or the session: no fault on the way, so the session does not
 * end as one (SGP.22 3.1.3, steps 7 and 10). */
static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "the server's answer %s", what);
  lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
  return FALSE;
}

/* Whether the child @tag of @parent holds exactly the octets of @expected. */
static gboolean
check_octets (const LpadTlv *parent, guint32 tag, GBytes *expected, const char *what, GError **error)
{
  LpadTlv child;
  gsize size;
  const guint8 *data = g_bytes_get_data (expected, &size);

  if (!lpad_tlv_find (parent, tag, &child, error))
    return FALSE;
  if (child.length == size && memcmp (child.value, data, size) == 0)
    return TRUE;
  return refuse (error, what);
}

/* The server signs the address it believes to have; servers repeat it in other case, with port or without. */
static gboolean
check_address (const LpadTlv *signed1, const char *address, GError **error)
{
  g_autofree char *host = lpad_address_host (address);
  g_autofree char *text = NULL;
  LpadTlv child;

  if (!lpad_tlv_find (signed1, TAG_SERVER_ADDRESS, &child, error))
    return FALSE;
  if (memchr (child.value, '\0', child.length) == NULL)
    text = g_strndup ((const char *) child.value, child.length);
  if (text != NULL && (lpad_address_equal (text, address) || lpad_address_equal (text, host)))
    return TRUE;
  return refuse (error, "is signed for another server address than the one contacted");
}

static gboolean
check_signed1 (const LpadEs9Authentication *answer, const char *address, GBytes *challenge, GError **error)
{
  LpadTlv signed1;

  return lpad_tlv_parse_bytes (answer->server_signed1, TAG_SEQUENCE, &signed1, error)
         && check_octets (
             &signed1, TAG_TRANSACTION_ID, answer->transaction_id, "has two different transaction IDs", error)
         && check_octets (&signed1, TAG_CHALLENGE, challenge, "is signed for another challenge", error)
         && check_address (&signed1, address, error);
}

LpadEs9Authentication *
lpad_es9_answer_authentication (JsonObject *answer, const char *address, GBytes *challenge, GError **error)
{
  g_autoptr (GBytes) transaction_id = NULL;
  g_autoptr (GBytes) signed1 = NULL;
  g_autoptr (GBytes) signature1 = NULL;
  g_autoptr (GBytes) pkid = NULL;
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (LpadEs9Authentication) result = NULL;

  transaction_id = lpad_es9_json_get_transaction_id (answer, error);
  if (transaction_id == NULL)
    return NULL;
  signed1 = lpad_es9_json_get_tlv (answer, "serverSigned1", TAG_SEQUENCE, OBJECT_MAX, error);
  if (signed1 == NULL)
    return NULL;
  signature1 = lpad_es9_json_get_tlv (answer, "serverSignature1", TAG_SIGNATURE, OBJECT_MAX, error);
  if (signature1 == NULL)
    return NULL;
  pkid = lpad_es9_json_get_tlv (answer, "euiccCiPKIdToBeUsed", TAG_OCTET_STRING, OBJECT_MAX, error);
  if (pkid == NULL)
    return NULL;
  certificate = lpad_es9_json_get_tlv (answer, "serverCertificate", TAG_SEQUENCE, OBJECT_MAX, error);
  if (certificate == NULL)
    return NULL;

  result = g_new0 (LpadEs9Authentication, 1);
  result->transaction_id = g_steal_pointer (&transaction_id);
  result->server_signed1 = g_steal_pointer (&signed1);
  result->server_signature1 = g_steal_pointer (&signature1);
  result->pkid = g_steal_pointer (&pkid);
  result->certificate = g_steal_pointer (&certificate);
  if (!check_signed1 (result, address, challenge, error))
    return NULL;
  return g_steal_pointer (&result);
}

gboolean
lpad_es9_answer_check_transaction_id (JsonObject *answer, GBytes *expected, GError **error)
{
  g_autoptr (GBytes) transaction_id = lpad_es9_json_get_transaction_id (answer, error);

  if (transaction_id == NULL)
    return FALSE;
  return g_bytes_equal (transaction_id, expected) || refuse (error, "has another transaction ID");
}

/* smdpSigned2: SGP.22 5.6.3; absent ccRequiredFlag is refused, for it is no optional member. */
static gboolean
read_signed2 (GBytes *signed2, GBytes *transaction_id, gboolean *code_required, GError **error)
{
  LpadTlv parent;
  LpadTlv flag;

  if (!lpad_tlv_parse_bytes (signed2, TAG_SEQUENCE, &parent, error)
      || !check_octets (
          &parent, TAG_TRANSACTION_ID, transaction_id, "is signed for another transaction ID", error)
      || !lpad_tlv_find (&parent, TAG_BOOLEAN, &flag, error))
    return FALSE;
  if (flag.length != 1)
    return refuse (error, "does not say whether a confirmation code is required");
  *code_required = flag.value[0] != 0;
  return TRUE;
}

static LpadEs9ClientAnswer *
read_client (JsonObject *answer, GBytes *transaction_id, GError **error)
{
  g_autoptr (GBytes) metadata = NULL;
  g_autoptr (GBytes) signed2 = NULL;
  g_autoptr (GBytes) signature2 = NULL;
  g_autoptr (GBytes) certificate = NULL;
  gboolean code_required = FALSE;
  LpadEs9ClientAnswer *result;

  if (!lpad_es9_answer_check_transaction_id (answer, transaction_id, error))
    return NULL;
  metadata = lpad_es9_json_get_tlv (answer, "profileMetadata", TAG_METADATA, OBJECT_MAX, error);
  if (metadata == NULL)
    return NULL;
  signed2 = lpad_es9_json_get_tlv (answer, "smdpSigned2", TAG_SEQUENCE, OBJECT_MAX, error);
  if (signed2 == NULL || !read_signed2 (signed2, transaction_id, &code_required, error))
    return NULL;
  signature2 = lpad_es9_json_get_tlv (answer, "smdpSignature2", TAG_SIGNATURE, OBJECT_MAX, error);
  if (signature2 == NULL)
    return NULL;
  certificate = lpad_es9_json_get_tlv (answer, "smdpCertificate", TAG_SEQUENCE, OBJECT_MAX, error);
  if (certificate == NULL)
    return NULL;

  result = g_new0 (LpadEs9ClientAnswer, 1);
  result->metadata = g_steal_pointer (&metadata);
  result->smdp_signed2 = g_steal_pointer (&signed2);
  result->smdp_signature2 = g_steal_pointer (&signature2);
  result->certificate = g_steal_pointer (&certificate);
  result->confirmation_code_required = code_required;
  return result;
}

LpadEs9ClientAnswer *
lpad_es9_answer_client (JsonObject *answer, GBytes *transaction_id, GError **error)
{
  LpadEs9ClientAnswer *result = read_client (answer, transaction_id, error);

  if (result == NULL)
    lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
  return result;
}

GBytes *
lpad_es9_answer_package (JsonObject *answer, GBytes *transaction_id, GError **error)
{
  if (!lpad_es9_answer_check_transaction_id (answer, transaction_id, error))
    {
      lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
      return NULL;
    }
  return lpad_es9_json_get_tlv (answer, "boundProfilePackage", TAG_BPP, LPAD_BPP_MAX, error);
}
