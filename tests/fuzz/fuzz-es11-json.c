/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "address.h"
#include "error-details.h"
#include "es11-answer.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const guint8 transaction_id[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };

/* Nothing that comes out could be an order to connect elsewhere or to say anything else. */
static void
check_event (const LpadEs11Event *event)
{
  g_autofree char *again = lpad_address_normalise (event->address, strlen (event->address), NULL);

  g_assert_cmpstr (event->address, ==, again);
  g_assert_cmpuint (strlen (event->event_id), >, 0);
  g_assert_cmpuint (strlen (event->event_id), <=, LPAD_ES11_EVENT_ID_MAX);
  for (const char *p = event->event_id; *p != '\0'; p++)
    g_assert_true (g_ascii_isgraph (*p));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) expected_id = g_bytes_new_static (transaction_id, sizeof transaction_id);
  g_autoptr (JsonObject) answer = lpad_es9_json_parse ((const char *) data, size, NULL);
  g_autoptr (GPtrArray) events = NULL;
  g_autoptr (GError) error = NULL;
  guint n_unusable = 0;

  if (answer == NULL)
    return 0;
  events = lpad_es11_answer_events (answer, expected_id, &n_unusable, &error);
  g_assert_true ((events != NULL) == (error == NULL));
  if (error != NULL)
    g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  else
    g_assert_cmpuint (events->len + n_unusable, <=, LPAD_ES11_EVENTS_MAX);
  for (guint i = 0; events != NULL && i < events->len; i++)
    check_event (g_ptr_array_index (events, i));
  return 0;
}
