/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "https.h"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "address-check.h"
#include "address.h"
#include "buffer.h"
#include "certificate.h"
#include "client-certificate.h"
#include "debug.h"
#include "error-details.h"
#include "https-fault.h"
#include "verify.h"

#define HEADERS_MAX      (16 * 1024) /* octets of all headers of an answer */
#define STALL_SPEED      50          /* octets a second: slower is a stall */
#define POLL_INTERVAL_MS 1000        /* a cancellation wakes the poll, so this decides nothing */
#define CLOCK_SLACK_MS   100

/* One request and its answer. */
typedef struct
{
  const LpadHttpsRequest *request;
  const LpadProgress *progress;
  gsize sent; /* octets of the body */
  LpadBuffer *answer;
  gsize header_octets;
  gboolean head_is_complete; /* the empty line after the headers has come */
  gint64 start;              /* monotonic, microseconds */
  GError *error;             /* why the certificate was refused */
  LpadHttpsFault fault;
} Exchange;

struct _LpadHttps
{
  const LpadNetConfig *config;
  char *address;
  char *host;
  X509_STORE *store;
  LpadClientCertificate *certificate; /* of this device for this server, or NULL */
  CURLM *multi;                       /* keeps the connection, and can be woken when the caller cancels */
  CURL *easy;
  struct curl_slist *headers;
  struct curl_slist *connect_to;
  char words[CURL_ERROR_SIZE];
  Exchange *exchange; /* NULL between two */
};

/* TLS: curl opens the connection, verify.c decides. */

static int
on_verify (X509_STORE_CTX *context, void *user_data)
{
  LpadHttps *https = user_data;
  g_autoptr (GError) error = NULL;

  if (lpad_verify_server (https->store,
                          X509_STORE_CTX_get0_cert (context),
                          X509_STORE_CTX_get0_untrusted (context),
                          https->host,
                          &error))
    {
      X509_STORE_CTX_set_error (context, X509_V_OK);
      return 1;
    }

  X509_STORE_CTX_set_error (context, X509_V_ERR_APPLICATION_VERIFICATION);
  if (https->exchange != NULL && https->exchange->error == NULL)
    https->exchange->error = g_steal_pointer (&error);
  return 0;
}

static void
on_tls_info (const SSL *ssl, int where, int value)
{
  LpadHttps *https = SSL_CTX_get_app_data (SSL_get_SSL_CTX (ssl));
  int alert = value & 0xff;

  if ((where & SSL_CB_ALERT) == 0 || alert == SSL3_AD_CLOSE_NOTIFY || https->exchange == NULL)
    return;
  https->exchange->fault.alert = alert;
  https->exchange->fault.alert_is_theirs = (where & SSL_CB_READ) != 0;
}

/* The server asks who this device is. */
static int
on_certificate_wanted (SSL *ssl, void *user_data)
{
  LpadHttps *https = user_data;

  if (https->exchange != NULL)
    https->exchange->fault.certificate_wanted = TRUE;
  return https->certificate == NULL || lpad_client_certificate_use (https->certificate, ssl) ? 1 : 0;
}

static CURLcode
on_ssl_context (CURL *easy, void *ssl_context, void *user_data)
{
  char groups[]
      = "P-256:X25519:P-384:brainpoolP256r1:brainpoolP384r1"; /* OpenSSL's macro wants it writable */
  SSL_CTX *context = ssl_context;

  SSL_CTX_set_app_data (context, user_data);
  SSL_CTX_set_info_callback (context, on_tls_info);
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback (context, on_verify, user_data);
  SSL_CTX_set_cert_cb (context, on_certificate_wanted, user_data);
  /* P-256 first: every SM has it (SGP.22 2.6.7), so that no key share is sent in vain. Brainpool is the other
   * curve of GSMA's issuers; OpenSSL demands that a certificate's curve is among the groups. */
  if (SSL_CTX_set1_groups_list (context, groups) != 1)
    return CURLE_SSL_CONNECT_ERROR;
  return CURLE_OK;
}

/* Callbacks of a transfer. */

static curl_socket_t
on_open_socket (void *user_data, curlsocktype purpose, struct curl_sockaddr *address)
{
  LpadHttps *https = user_data;
  gboolean is_any_allowed = https->config->allow_private || https->config->proxy != NULL;

  if (!is_any_allowed && !lpad_address_is_public (&address->addr, address->addrlen))
    {
      if (https->exchange != NULL)
        https->exchange->fault.local_address = TRUE;
      return CURL_SOCKET_BAD;
    }
  return socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t
on_read_body (char *buffer, size_t size, size_t count, void *user_data)
{
  LpadHttps *https = user_data;
  Exchange *exchange = https->exchange;
  gsize length = MIN (size * count, exchange->request->body_size - exchange->sent);

  memcpy (buffer, exchange->request->body + exchange->sent, length);
  exchange->sent += length;
  return length;
}

/* curl asks to begin the body again when a kept connection broke after some of it went out. */
static int
on_seek_body (void *user_data, curl_off_t offset, int origin)
{
  LpadHttps *https = user_data;
  Exchange *exchange = https->exchange;

  if (!exchange->request->repeatable || origin != SEEK_SET || offset < 0
      || (guint64) offset > exchange->request->body_size)
    return CURL_SEEKFUNC_FAIL;
  exchange->sent = (gsize) offset;
  return CURL_SEEKFUNC_OK;
}

static size_t
on_header (char *data, size_t size, size_t count, void *user_data)
{
  LpadHttps *https = user_data;
  Exchange *exchange = https->exchange;

  exchange->header_octets += size * count;
  exchange->fault.octets += size * count;
  if (lpad_buffer_size (exchange->answer) == 0) /* else it is a trailer */
    exchange->head_is_complete = size * count <= 2 && (data[0] == '\r' || data[0] == '\n');
  if (exchange->header_octets <= HEADERS_MAX)
    return size * count;
  exchange->fault.too_large = TRUE;
  exchange->fault.maximum = HEADERS_MAX;
  return 0;
}

static size_t
on_write (char *data, size_t size, size_t count, void *user_data)
{
  LpadHttps *https = user_data;
  Exchange *exchange = https->exchange;
  curl_off_t total = -1;

  if (!lpad_buffer_append (exchange->answer, data, size * count, NULL))
    {
      exchange->fault.too_large = TRUE;
      return 0;
    }
  exchange->fault.octets += size * count;
  if (exchange->request->stage != NULL)
    {
      curl_easy_getinfo (https->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
      lpad_progress_report (exchange->progress,
                            exchange->request->stage,
                            lpad_buffer_size (exchange->answer),
                            total > 0 ? (guint64) total : 0);
    }
  return size * count;
}

/* Setting up. */

static gpointer
init_curl (gpointer unused)
{
  return GINT_TO_POINTER (curl_global_init (CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static gboolean
append_header (struct curl_slist **list, const char *line)
{
  struct curl_slist *longer = curl_slist_append (*list, line);

  if (longer != NULL)
    *list = longer;
  return longer != NULL;
}

static gboolean
make_lists (LpadHttps *https)
{
  gboolean good = append_header (&https->headers, "Content-Type: application/json")
                  && append_header (&https->headers, "X-Admin-Protocol: gsma/rsp/v2.5.0")
                  && append_header (&https->headers, "User-Agent: gsma-rsp-lpad")
                  /* Without it curl waits a round trip for "100 Continue" before a large body. */
                  && append_header (&https->headers, "Expect:");

  for (char **entry = https->config->connect_to; good && entry != NULL && *entry != NULL; entry++)
    {
      g_autofree char *pair = g_strdelimit (g_strdup (*entry), "=", ':');

      good = append_header (&https->connect_to, pair);
    }
  return good;
}

static gboolean
set_transport_options (LpadHttps *https)
{
  CURL *easy = https->easy;
  const LpadNetConfig *config = https->config;
  guint failed = 0;

  failed |= curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "https");
  failed |= curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 0L);
  failed |= curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
  failed |= curl_easy_setopt (easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
  /* An empty proxy keeps curl from looking into the environment. */
  failed |= curl_easy_setopt (easy, CURLOPT_PROXY, config->proxy != NULL ? config->proxy : "");
  failed |= curl_easy_setopt (easy, CURLOPT_NOPROXY, "");
  failed |= curl_easy_setopt (easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  failed |= curl_easy_setopt (easy, CURLOPT_TCP_NODELAY, 1L);
  failed |= curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
  /* A cancellation does not wait for the resolver's thread, which may hang for long. */
  failed |= curl_easy_setopt (easy, CURLOPT_QUICK_EXIT, 1L);
  failed |= curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT_MS, (long) config->connect_timeout_ms);
  failed |= curl_easy_setopt (easy, CURLOPT_LOW_SPEED_LIMIT, (long) STALL_SPEED);
  failed |= curl_easy_setopt (easy, CURLOPT_LOW_SPEED_TIME, (long) config->stall_timeout_s);
  failed |= curl_easy_setopt (easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
  failed |= curl_easy_setopt (easy, CURLOPT_OPENSOCKETDATA, https);
  if (https->connect_to != NULL)
    failed |= curl_easy_setopt (easy, CURLOPT_CONNECT_TO, https->connect_to);
  return failed == 0;
}

static gboolean
set_tls_options (LpadHttps *https)
{
  CURL *easy = https->easy;
  guint failed = 0;

  failed |= curl_easy_setopt (easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
  failed
      |= curl_easy_setopt (easy,
                           CURLOPT_SSL_CIPHER_LIST,
                           "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256");
  failed |= curl_easy_setopt (easy, CURLOPT_SSL_VERIFYPEER, 1L);
  failed |= curl_easy_setopt (easy, CURLOPT_SSL_VERIFYHOST, 2L);
  /* The issuers of the web are not asked, and their large file is not read. */
  failed |= curl_easy_setopt (easy, CURLOPT_CAINFO, NULL);
  failed |= curl_easy_setopt (easy, CURLOPT_CAPATH, NULL);
  failed |= curl_easy_setopt (easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
  failed |= curl_easy_setopt (easy, CURLOPT_SSL_CTX_DATA, https);
  return failed == 0;
}

static gboolean
set_transfer_options (LpadHttps *https)
{
  CURL *easy = https->easy;
  guint failed = 0;

  failed |= curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, https->words);
  failed |= curl_easy_setopt (easy, CURLOPT_HTTPHEADER, https->headers);
  failed |= curl_easy_setopt (easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  failed |= curl_easy_setopt (easy, CURLOPT_POST, 1L);
  failed |= curl_easy_setopt (easy, CURLOPT_READFUNCTION, on_read_body);
  failed |= curl_easy_setopt (easy, CURLOPT_READDATA, https);
  failed |= curl_easy_setopt (easy, CURLOPT_SEEKFUNCTION, on_seek_body);
  failed |= curl_easy_setopt (easy, CURLOPT_SEEKDATA, https);
  failed |= curl_easy_setopt (easy, CURLOPT_HEADERFUNCTION, on_header);
  failed |= curl_easy_setopt (easy, CURLOPT_HEADERDATA, https);
  failed |= curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, on_write);
  failed |= curl_easy_setopt (easy, CURLOPT_WRITEDATA, https);
  return failed == 0;
}

static gboolean
is_allowed (const LpadNetConfig *config, const char *host)
{
  if (config->allowed_servers == NULL)
    return TRUE;
  for (char **allowed = config->allowed_servers; *allowed != NULL; allowed++)
    if (g_ascii_strcasecmp (*allowed, host) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
load_certificate (LpadHttps *https, GError **error)
{
  const LpadServerConfig *server = lpad_net_config_find_server (https->config, https->host);

  if (server == NULL || server->certificate == NULL)
    return TRUE;
  https->certificate = lpad_client_certificate_load (server, https->config->pkcs11_module, error);
  return https->certificate != NULL;
}

LpadHttps *
lpad_https_new (const LpadNetConfig *config, const char *address, X509_STORE *store, GError **error)
{
  static GOnce once = G_ONCE_INIT;
  g_autoptr (LpadHttps) https = NULL;
  g_autofree char *normalised = NULL;

  g_return_val_if_fail (config != NULL && address != NULL && store != NULL, NULL);

  normalised = lpad_address_normalise (address, strlen (address), error);
  if (normalised == NULL)
    return NULL;

  https = g_new0 (LpadHttps, 1);
  https->config = config;
  https->address = g_steal_pointer (&normalised);
  https->host = lpad_address_host (https->address);
  X509_STORE_up_ref (store);
  https->store = store;
  if (!is_allowed (config, https->host))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_SERVER_NOT_TRUSTED,
                   "the configuration of this device does not allow the server %s",
                   https->host);
      return NULL;
    }

  if (!load_certificate (https, error))
    return NULL;
  if (GPOINTER_TO_INT (g_once (&once, init_curl, NULL)) != 0)
    {
      https->multi = curl_multi_init ();
      https->easy = curl_easy_init ();
    }
  if (https->multi == NULL || https->easy == NULL || !make_lists (https) || !set_transport_options (https)
      || !set_tls_options (https) || !set_transfer_options (https)
      || curl_multi_setopt (https->multi, CURLMOPT_MAXCONNECTS, 1L) != CURLM_OK)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_FAILED,
                   "libcurl cannot be set up; is it the OpenSSL flavour, 7.88 or later?");
      return NULL;
    }
  return g_steal_pointer (&https);
}

void
lpad_https_free (LpadHttps *https)
{
  if (https == NULL)
    return;

  g_clear_pointer (&https->easy, curl_easy_cleanup);
  if (https->multi != NULL)
    curl_multi_cleanup (https->multi);
  curl_slist_free_all (https->headers);
  curl_slist_free_all (https->connect_to);
  X509_STORE_free (https->store);
  lpad_client_certificate_free (https->certificate);
  g_free (https->host);
  g_free (https->address);
  g_free (https);
}

const char *
lpad_https_address (LpadHttps *https)
{
  g_return_val_if_fail (https != NULL, NULL);

  return https->address;
}

const LpadNetConfig *
lpad_https_config (LpadHttps *https)
{
  g_return_val_if_fail (https != NULL, NULL);

  return https->config;
}

/* One exchange. */

static void
on_cancelled (GCancellable *cancellable, gpointer multi)
{
  curl_multi_wakeup (multi);
}

/* Runs the transfer to its end or to the cancellation. */
static CURLcode
perform (LpadHttps *https, GCancellable *cancellable)
{
  CURLMcode state = curl_multi_add_handle (https->multi, https->easy);
  gulong handler = 0;
  int running = 1;
  int queued = 0;
  CURLMsg *message;
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;

  if (state != CURLM_OK)
    return CURLE_FAILED_INIT;
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), https->multi, NULL);
  while (state == CURLM_OK && !g_cancellable_is_cancelled (cancellable))
    {
      state = curl_multi_perform (https->multi, &running);
      if (state != CURLM_OK || running == 0)
        break;
      state = curl_multi_poll (https->multi, NULL, 0, POLL_INTERVAL_MS, NULL);
    }
  g_cancellable_disconnect (cancellable, handler);

  while ((message = curl_multi_info_read (https->multi, &queued)) != NULL)
    if (message->msg == CURLMSG_DONE)
      code = message->data.result;
  /* Of a transfer that is not done this closes the connection. */
  curl_multi_remove_handle (https->multi, https->easy);
  return state == CURLM_OK ? code : CURLE_FAILED_INIT;
}

static void
set_fault_error (LpadHttps *https, CURLcode code, GError **error)
{
  Exchange *exchange = https->exchange;
  LpadHttpsFault *fault = &exchange->fault;
  gint64 elapsed_ms = (g_get_monotonic_time () - exchange->start) / 1000;
  curl_off_t connected = 0;

  if (exchange->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&exchange->error));
      return;
    }

  curl_easy_getinfo (https->easy, CURLINFO_OS_ERRNO, &fault->system_error);
  curl_easy_getinfo (https->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
  fault->code = code;
  fault->host = https->host;
  fault->words = https->words;
  fault->connected = connected > 0;
  fault->certificate_shown = https->certificate != NULL;
  /* curl has one code for a stall and for the deadline; its clock may be some milliseconds off ours. */
  fault->deadline_passed = elapsed_ms + CLOCK_SLACK_MS >= exchange->request->timeout_ms;
  if (code == CURLE_FILESIZE_EXCEEDED)
    fault->too_large = TRUE;
  lpad_https_fault_set_error (fault, error);
}

static gboolean
set_request_options (LpadHttps *https, const LpadHttpsRequest *request)
{
  g_autofree char *url = g_strconcat ("https://", https->address, request->path, NULL);
  CURL *easy = https->easy;
  guint failed = 0;

  failed |= curl_easy_setopt (easy, CURLOPT_URL, url);
  failed |= curl_easy_setopt (easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_size);
  failed |= curl_easy_setopt (easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) request->maximum);
  failed |= curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, (long) request->timeout_ms);
  return failed == 0;
}

/* From the call to its end or its error. */
static gboolean
run_exchange (LpadHttps *https, Exchange *exchange, GCancellable *cancellable, GError **error)
{
  CURLcode code = CURLE_FAILED_INIT;
  gboolean is_connect = exchange->answer == NULL;
  gboolean good;

  exchange->start = g_get_monotonic_time ();
  exchange->fault.alert = -1;
  exchange->fault.maximum = exchange->request->maximum;
  https->exchange = exchange;
  https->words[0] = '\0';
  if (set_request_options (https, exchange->request)
      && curl_easy_setopt (https->easy, CURLOPT_CONNECT_ONLY, is_connect ? 1L : 0L) == CURLE_OK)
    code = perform (https, cancellable);
  /* curl is content with a status line alone, which says neither how long the answer is nor that it is whole.
   */
  if (code == CURLE_OK && !is_connect && !exchange->head_is_complete)
    code = CURLE_PARTIAL_FILE;
  /* An answer that is there is told, also when the cancellation came at the same moment. */
  good = code == CURLE_OK;
  if (!good && lpad_check_cancelled (cancellable, error))
    set_fault_error (https, code, error);
  https->exchange = NULL;
  g_clear_error (&exchange->error);
  return good;
}

GBytes *
lpad_https_post (LpadHttps *https,
                 const LpadHttpsRequest *request,
                 guint *status,
                 const LpadProgress *progress,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (LpadBuffer) answer = NULL;
  Exchange exchange = { .request = request, .progress = progress };
  long http_status = 0;

  g_return_val_if_fail (https != NULL && https->exchange == NULL, NULL);
  g_return_val_if_fail (request != NULL && request->path != NULL && request->path[0] == '/', NULL);
  g_return_val_if_fail (request->body != NULL && request->maximum > 0 && request->timeout_ms > 0, NULL);

  if (!lpad_check_cancelled (cancellable, error))
    return NULL;

  answer = lpad_buffer_new (request->maximum);
  exchange.answer = answer;
  g_debug ("POST %s%s", https->host, request->path);
  lpad_debug_octets ("HTTP request", (const guint8 *) request->body, request->body_size);
  if (!run_exchange (https, &exchange, cancellable, error))
    return NULL;

  curl_easy_getinfo (https->easy, CURLINFO_RESPONSE_CODE, &http_status);
  g_debug ("status %ld, %" G_GSIZE_FORMAT " octets", http_status, lpad_buffer_size (answer));
  *status = (guint) http_status;
  return lpad_buffer_steal (answer);
}

gboolean
lpad_https_try (LpadHttps *https, guint timeout_ms, GCancellable *cancellable, GError **error)
{
  const LpadHttpsRequest nothing = { .path = "/", .body = "", .maximum = 1, .timeout_ms = timeout_ms };
  Exchange exchange = { .request = &nothing };

  g_return_val_if_fail (https != NULL && https->exchange == NULL && timeout_ms > 0, FALSE);

  if (!lpad_check_cancelled (cancellable, error))
    return FALSE;
  g_debug ("Can %s be reached?", https->host);
  return run_exchange (https, &exchange, cancellable, error);
}
