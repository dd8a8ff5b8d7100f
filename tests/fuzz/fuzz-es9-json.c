/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "error-details.h"
#include "es9-answer.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define ADDRESS "smdp.example.test"

static const guint8 transaction_id[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };
static const guint8 challenge[16] = { 0 };

/* Each function either gives a result or says why not, in clean words. */
static void
check (gconstpointer result, GError *error)
{
  g_assert_true ((result != NULL) == (error == NULL));
  if (error != NULL)
    {
      g_assert_true (error->domain == LPAD_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
check_answers (JsonObject *answer)
{
  g_autoptr (GBytes) expected_id = g_bytes_new_static (transaction_id, sizeof transaction_id);
  g_autoptr (GBytes) expected_challenge = g_bytes_new_static (challenge, sizeof challenge);
  g_autoptr (LpadEs9Authentication) authentication = NULL;
  g_autoptr (LpadEs9ClientAnswer) client = NULL;
  g_autoptr (GBytes) package = NULL;
  g_autoptr (GError) first = NULL;
  g_autoptr (GError) second = NULL;
  g_autoptr (GError) third = NULL;

  authentication = lpad_es9_answer_authentication (answer, ADDRESS, expected_challenge, &first);
  check (authentication, first);
  if (authentication != NULL)
    lpad_es9_certificate_has_oid (authentication->certificate, "2.999.10");
  client = lpad_es9_answer_client (answer, expected_id, &second);
  check (client, second);
  package = lpad_es9_answer_package (answer, expected_id, &third);
  check (package, third);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) refusal = NULL;
  g_autoptr (JsonObject) answer = lpad_es9_json_parse ((const char *) data, size, &error);
  gboolean succeeded;

  check (answer, error);
  if (answer == NULL)
    return 0;
  succeeded = lpad_es9_json_check_status (answer, "ES9+.AuthenticateClient", &refusal);
  check (succeeded ? answer : NULL, refusal);
  check_answers (answer);
  return 0;
}
