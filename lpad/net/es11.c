/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es11.h"

#include <string.h>

#include "address.h"
#include "error-details.h"
#include "es11-answer.h"
#include "es9-answer.h"
#include "es9-call.h"

static const LpadEs9Function initiate_authentication = {
  .name = "ES11.InitiateAuthentication",
  .path = "/gsma/rsp2/es9plus/initiateAuthentication",
  .server_kind = "an SM-DS",
  .maximum = LPAD_ES9_ANSWER_MAX,
  .repeatable = TRUE, /* the server opens a second session and forgets the first in time */
};

static const LpadEs9Function authenticate_client = {
  .name = "ES11.AuthenticateClient",
  .path = "/gsma/rsp2/es9plus/authenticateClient",
  .server_kind = "an SM-DS",
  .maximum = LPAD_ES9_ANSWER_MAX,
};

void
lpad_es11_event_free (LpadEs11Event *event)
{
  if (event == NULL)
    return;
  g_free (event->event_id);
  g_free (event->address);
  g_free (event);
}

/* It is sent to a server as a matching ID, and nothing else. */
static gboolean
is_event_id (const char *text)
{
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return FALSE;
  return length > 0 && length <= LPAD_ES11_EVENT_ID_MAX;
}

/* Leaves @event NULL when the entry is well-formed but of no use. */
static gboolean
read_entry (JsonNode *node, LpadEs11Event **event, GError **error)
{
  JsonObject *entry = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *event_id, *text;
  g_autofree char *address = NULL;

  if (entry == NULL)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_PROTOCOL_ERROR,
                           "the server's answer has something else than events in its list");
      return FALSE;
    }
  event_id = lpad_es9_json_get_string (entry, "eventId", error);
  text = event_id != NULL ? lpad_es9_json_get_string (entry, "rspServerAddress", error) : NULL;
  if (text == NULL)
    return FALSE;
  address = lpad_address_normalise (text, strlen (text), NULL);
  if (address == NULL || !is_event_id (event_id))
    return TRUE;
  *event = g_new0 (LpadEs11Event, 1);
  (*event)->event_id = g_strdup (event_id);
  (*event)->address = g_steal_pointer (&address);
  return TRUE;
}

static JsonArray *
find_entries (JsonObject *answer, GError **error)
{
  JsonNode *node = json_object_get_member (answer, "eventEntries");
  JsonArray *entries = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (entries == NULL)
    g_set_error_literal (
        error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "the server's answer has no list of events");
  else if (json_array_get_length (entries) <= LPAD_ES11_EVENTS_MAX)
    return entries;
  else
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_PROTOCOL_ERROR,
                 "the server's answer lists more than %d events",
                 LPAD_ES11_EVENTS_MAX);
  return NULL;
}

GPtrArray *
lpad_es11_answer_events (JsonObject *answer, GBytes *transaction_id, guint *n_unusable, GError **error)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_es11_event_free);
  JsonArray *entries;
  guint unusable = 0;

  if (!lpad_es9_answer_check_transaction_id (answer, transaction_id, error))
    return NULL;
  entries = find_entries (answer, error);
  if (entries == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length (entries); i++)
    {
      LpadEs11Event *event = NULL;

      if (!read_entry (json_array_get_element (entries, i), &event, error))
        return NULL;
      if (event != NULL)
        g_ptr_array_add (events, event);
      else
        unusable++;
    }
  *n_unusable = unusable;
  return g_steal_pointer (&events);
}

LpadEs9Authentication *
lpad_es11_initiate_authentication (LpadHttps *https,
                                   GBytes *challenge,
                                   GBytes *euicc_info1,
                                   GCancellable *cancellable,
                                   GError **error)
{
  return lpad_es9_initiate (https, &initiate_authentication, challenge, euicc_info1, cancellable, error);
}

GPtrArray *
lpad_es11_authenticate_client (LpadHttps *https,
                               GBytes *transaction_id,
                               GBytes *authenticate_server_response,
                               guint *n_unusable,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) local = NULL;
  GPtrArray *events = NULL;

  g_return_val_if_fail (https != NULL && transaction_id != NULL && authenticate_server_response != NULL,
                        NULL);

  answer = lpad_es9_call (
      https,
      &authenticate_client,
      lpad_es9_members (transaction_id, "authenticateServerResponse", authenticate_server_response),
      NULL,
      cancellable,
      &local);
  if (answer != NULL)
    events = lpad_es11_answer_events (answer, transaction_id, n_unusable, &local);
  if (events != NULL)
    return events;
  if (g_error_matches (local, LPAD_ERROR, LPAD_ERROR_NOT_FOUND))
    {
      *n_unusable = 0;
      return g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_es11_event_free);
    }
  g_propagate_error (error, g_steal_pointer (&local));
  lpad_es9_complete_error (error, &authenticate_client);
  return NULL;
}
