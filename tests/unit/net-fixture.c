/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hex.h"

#define DEADLINE_S 30

const TestCertificate test_ci = {
  .name = "Test CI",
  .policies = "critical,2.23.146.1.2.1.0",
  .key_usage = "critical,keyCertSign,cRLSign",
  .constraints = "critical,CA:TRUE",
  .alternative_names = "RID:2.999.1",
};

const TestCertificate test_tls = {
  .name = "Test DPtls",
  .policies = "critical,2.23.146.1.2.1.3",
  .key_usage = "critical,digitalSignature",
  .extended_key_usage = "critical,serverAuth,clientAuth",
  .alternative_names = "DNS:" TEST_HOST ",RID:2.999.10",
};

const TestCertificate test_client = {
  .name = "Test LPA",
  .key_usage = "critical,digitalSignature",
  .extended_key_usage = "clientAuth",
};

/* Certificates. */

static void
add_extension (X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
  X509_EXTENSION *extension;

  if (value == NULL)
    return;
  extension = X509V3_EXT_conf_nid (NULL, context, nid, value);
  g_assert_nonnull (extension);
  g_assert_cmpint (X509_add_ext (certificate, extension, -1), ==, 1);
  X509_EXTENSION_free (extension);
}

static void
add_extensions (X509 *certificate, const TestCertificate *spec, X509 *issuer)
{
  CONF *empty = NCONF_new (NULL); /* certificatePolicies asks for one */
  X509V3_CTX context;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  X509V3_set_nconf (&context, empty);
  if (!spec->no_key_identifiers)
    {
      const char *identifier = spec->key_identifier != NULL ? spec->key_identifier : "hash";

      add_extension (certificate, &context, NID_subject_key_identifier, identifier);
      add_extension (certificate, &context, NID_authority_key_identifier, "keyid:always");
    }
  add_extension (certificate, &context, NID_basic_constraints, spec->constraints);
  add_extension (certificate, &context, NID_key_usage, spec->key_usage);
  add_extension (certificate, &context, NID_ext_key_usage, spec->extended_key_usage);
  add_extension (certificate, &context, NID_certificate_policies, spec->policies);
  add_extension (certificate, &context, NID_subject_alt_name, spec->alternative_names);
  NCONF_free (empty);
}

TestCredential *
test_credential_new (const TestCertificate *spec, const TestCredential *issuer)
{
  TestCredential *credential = g_new0 (TestCredential, 1);
  gboolean is_default = spec->first_day == 0 && spec->last_day == 0;
  X509 *certificate = X509_new ();
  X509_NAME *name = X509_get_subject_name (certificate);

  credential->key = EVP_EC_gen (spec->curve != NULL ? spec->curve : "P-256");
  credential->certificate = certificate;
  g_assert_nonnull (credential->key);
  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set_int64 (X509_get_serialNumber (certificate), g_random_int ());
  X509_gmtime_adj (X509_getm_notBefore (certificate), 86400L * (is_default ? -1 : spec->first_day));
  X509_gmtime_adj (X509_getm_notAfter (certificate), 86400L * (is_default ? 365 : spec->last_day));
  X509_NAME_add_entry_by_txt (name, "O", MBSTRING_UTF8, (const guchar *) "Test", -1, -1, 0);
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guchar *) spec->name, -1, -1, 0);
  X509_set_issuer_name (certificate, issuer != NULL ? X509_get_subject_name (issuer->certificate) : name);
  X509_set_pubkey (certificate, credential->key);
  add_extensions (certificate, spec, issuer != NULL ? issuer->certificate : certificate);
  g_assert_cmpint (
      X509_sign (certificate, issuer != NULL ? issuer->key : credential->key, EVP_sha256 ()), >, 0);
  return credential;
}

void
test_credential_free (TestCredential *credential)
{
  X509_free (credential->certificate);
  EVP_PKEY_free (credential->key);
  g_free (credential);
}

X509_STORE *
test_store_new (const TestCredential *issuer)
{
  X509_STORE *store = X509_STORE_new ();

  g_assert_cmpint (X509_STORE_add_cert (store, issuer->certificate), ==, 1);
  return store;
}

char *
test_key_digits (const TestCredential *credential)
{
  g_autoptr (GBytes) identifier = lpad_certificate_key_identifier (credential->certificate);

  return lpad_hex_encode (g_bytes_get_data (identifier, NULL), g_bytes_get_size (identifier));
}

static void
add_revoked (X509_CRL *crl, const TestCredential *revoked)
{
  X509_REVOKED *entry = X509_REVOKED_new ();
  ASN1_TIME *now = X509_gmtime_adj (NULL, 0);

  X509_REVOKED_set_serialNumber (entry, X509_get_serialNumber (revoked->certificate));
  X509_REVOKED_set_revocationDate (entry, now);
  ASN1_TIME_free (now);
  g_assert_cmpint (X509_CRL_add0_revoked (crl, entry), ==, 1);
}

/* OpenSSL sees the extensions of a list only when it reads it. Takes @crl. */
static X509_CRL *
read_again (X509_CRL *crl)
{
  guint8 *data = NULL;
  int size = i2d_X509_CRL (crl, &data);
  const guint8 *start = data;
  X509_CRL *again = d2i_X509_CRL (NULL, &start, size);

  g_assert_nonnull (again);
  OPENSSL_free (data);
  X509_CRL_free (crl);
  return again;
}

X509_CRL *
test_crl_new (const TestCredential *issuer, const TestCredential *revoked, int first_day, int last_day)
{
  X509_CRL *crl = X509_CRL_new ();
  ASN1_TIME *first = X509_gmtime_adj (NULL, 86400L * first_day);
  ASN1_TIME *last = X509_gmtime_adj (NULL, 86400L * last_day);
  X509V3_CTX context;
  X509_EXTENSION *extension;

  X509_CRL_set_version (crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name (crl, X509_get_subject_name (issuer->certificate));
  X509_CRL_set1_lastUpdate (crl, first);
  X509_CRL_set1_nextUpdate (crl, last);
  X509V3_set_ctx (&context, issuer->certificate, NULL, NULL, crl, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, NID_authority_key_identifier, "keyid:always");
  g_assert_cmpint (X509_CRL_add_ext (crl, extension, -1), ==, 1);
  if (revoked != NULL)
    add_revoked (crl, revoked);
  g_assert_cmpint (X509_CRL_sign (crl, issuer->key, EVP_sha256 ()), >, 0);
  X509_EXTENSION_free (extension);
  ASN1_TIME_free (first);
  ASN1_TIME_free (last);
  return read_again (crl);
}

GBytes *
test_der (const TestCredential *credential)
{
  guint8 *data = NULL;
  int size = i2d_X509 (credential->certificate, &data);
  GBytes *bytes;

  g_assert_cmpint (size, >, 0);
  bytes = g_bytes_new (data, (gsize) size);
  OPENSSL_free (data);
  return bytes;
}

/* The server: one thread, one connection at a time. */

struct _TestServer
{
  TestServerOptions options;
  SSL_CTX *context;
  GThread *thread;
  int listener;
  guint port;
  GMutex mutex; /* for everything below */
  GCond changed;
  GQueue answers;
  GString *request;
  guint connections;
  guint requests;
  guint clients;
  guint closed;
  int open; /* -1: none */
  gboolean stopping;
};

static void
wait_until_client_goes (SSL *ssl, int fd)
{
  char buffer[1024];

  if (ssl != NULL)
    while (SSL_read (ssl, buffer, sizeof buffer) > 0)
      ;
  while (read (fd, buffer, sizeof buffer) > 0)
    ;
}

/* Reads one request with its Content-Length into server->request. */
static gboolean
read_request (TestServer *server, SSL *ssl)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize expected = G_MAXSIZE;
  char buffer[4096];

  while (text->len < expected)
    {
      const char *end;
      const char *length;
      int count = SSL_read (ssl, buffer, sizeof buffer);

      if (count <= 0)
        return FALSE;
      g_string_append_len (text, buffer, count);
      end = strstr (text->str, "\r\n\r\n");
      length = strstr (text->str, "Content-Length: ");
      if (end != NULL)
        expected = (gsize) (end + 4 - text->str)
                   + (length != NULL ? g_ascii_strtoull (length + strlen ("Content-Length: "), NULL, 10) : 0);
    }

  g_mutex_lock (&server->mutex);
  g_string_assign (server->request, text->str);
  server->requests++;
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->mutex);
  return TRUE;
}

static TestAnswer *
take_answer (TestServer *server)
{
  TestAnswer *answer;

  g_mutex_lock (&server->mutex);
  answer = g_queue_pop_head (&server->answers);
  g_mutex_unlock (&server->mutex);
  return answer;
}

static void
answer_free (TestAnswer *answer)
{
  g_free (answer->text);
  g_free (answer);
}

/* Returns what happens afterwards. */
static TestThen
give_answer (TestServer *server, SSL *ssl)
{
  TestAnswer *answer = take_answer (server);
  TestThen then = TEST_CLOSE;
  gsize done = 0;

  if (answer == NULL)
    return TEST_CLOSE;
  while (answer->text != NULL && done < strlen (answer->text))
    {
      int count = SSL_write (ssl, answer->text + done, (int) strlen (answer->text + done));

      if (count <= 0)
        break;
      done += (gsize) count;
    }
  then = answer->then;
  answer_free (answer);
  return then;
}

static void
count_client (TestServer *server, SSL *ssl)
{
  if (SSL_get0_peer_certificate (ssl) == NULL)
    return;
  g_mutex_lock (&server->mutex);
  server->clients++;
  g_mutex_unlock (&server->mutex);
}

static void
serve_tls (TestServer *server, int fd)
{
  SSL *ssl = SSL_new (server->context);
  TestThen then = TEST_CLOSE;
  struct linger linger = { 1, 0 };

  SSL_set_fd (ssl, fd);
  if (SSL_accept (ssl) == 1)
    {
      count_client (server, ssl);
      while (read_request (server, ssl))
        {
          then = give_answer (server, ssl);
          if (then != TEST_KEEP)
            break;
        }
    }
  if (then == TEST_HANG)
    wait_until_client_goes (ssl, fd);
  if (then == TEST_RESET)
    setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  else
    SSL_shutdown (ssl);
  SSL_free (ssl);
}

static void
serve (TestServer *server, int fd)
{
  int one = 1;
  TestAnswer *answer;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (!server->options.no_tls)
    {
      serve_tls (server, fd);
      return;
    }
  answer = take_answer (server);
  if (answer != NULL && answer->text != NULL)
    g_assert_cmpint (send (fd, answer->text, strlen (answer->text), MSG_NOSIGNAL), >, 0);
  wait_until_client_goes (NULL, fd);
  if (answer != NULL)
    answer_free (answer);
}

static gpointer
run (gpointer user_data)
{
  TestServer *server = user_data;
  sigset_t pipe;

  /* A client that goes early must not end the test; the client's own thread stays without this mercy. */
  sigemptyset (&pipe);
  sigaddset (&pipe, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &pipe, NULL);
  for (;;)
    {
      int fd = accept4 (server->listener, NULL, NULL, SOCK_CLOEXEC);

      g_mutex_lock (&server->mutex);
      if (fd < 0 || server->stopping)
        {
          g_mutex_unlock (&server->mutex);
          if (fd >= 0)
            close (fd);
          return NULL;
        }
      server->connections++;
      server->open = fd;
      g_mutex_unlock (&server->mutex);

      serve (server, fd);

      g_mutex_lock (&server->mutex);
      server->open = -1;
      close (fd);
      server->closed++;
      g_cond_broadcast (&server->changed);
      g_mutex_unlock (&server->mutex);
    }
}

static SSL_CTX *
make_context (const TestServerOptions *options)
{
  SSL_CTX *context = SSL_CTX_new (TLS_server_method ());
  g_autoptr (X509_STORE) store = options->client_ci != NULL ? test_store_new (options->client_ci) : NULL;
  char groups[] = "P-256:X25519:brainpoolP256r1";
  int version = options->tls_version;

  /* TLS 1.1 needs what the default level forbids. */
  SSL_CTX_set_security_level (context, version == TLS1_1_VERSION ? 0 : 1);
  SSL_CTX_set_min_proto_version (context, version != 0 ? version : TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version (context, version);
  SSL_CTX_set1_groups_list (context, groups);
  g_assert_cmpint (SSL_CTX_use_certificate (context, options->credential->certificate), ==, 1);
  g_assert_cmpint (SSL_CTX_use_PrivateKey (context, options->credential->key), ==, 1);
  if (options->client_ci != NULL)
    {
      SSL_CTX_set_verify (context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
      SSL_CTX_set1_cert_store (context, store);
    }
  if (options->intermediate != NULL)
    g_assert_cmpint (SSL_CTX_add1_chain_cert (context, options->intermediate->certificate), ==, 1);
  return context;
}

TestServer *
test_server_new (const TestServerOptions *options)
{
  TestServer *server = g_new0 (TestServer, 1);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;

  server->options = *options;
  server->open = -1;
  server->request = g_string_new (NULL);
  g_mutex_init (&server->mutex);
  g_cond_init (&server->changed);
  g_queue_init (&server->answers);
  if (!options->no_tls)
    server->context = make_context (options);
  server->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (server->listener, >=, 0);
  g_assert_cmpint (bind (server->listener, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (server->listener, 8), ==, 0);
  g_assert_cmpint (getsockname (server->listener, (struct sockaddr *) &address, &size), ==, 0);
  server->port = ntohs (address.sin_port);
  server->thread = g_thread_new ("server", run, server);
  return server;
}

void
test_server_free (TestServer *server)
{
  TestAnswer *answer;

  g_mutex_lock (&server->mutex);
  server->stopping = TRUE;
  if (server->open >= 0)
    shutdown (server->open, SHUT_RDWR);
  g_mutex_unlock (&server->mutex);
  shutdown (server->listener, SHUT_RDWR);
  g_thread_join (server->thread);
  close (server->listener);
  while ((answer = g_queue_pop_head (&server->answers)) != NULL)
    answer_free (answer);
  SSL_CTX_free (server->context);
  g_string_free (server->request, TRUE);
  g_mutex_clear (&server->mutex);
  g_cond_clear (&server->changed);
  g_free (server);
}

void
test_server_add (TestServer *server, TestThen then, const char *format, ...)
{
  TestAnswer *answer = g_new0 (TestAnswer, 1);
  va_list args;

  va_start (args, format);
  answer->text = g_strdup_vprintf (format, args);
  va_end (args);
  answer->then = then;
  g_mutex_lock (&server->mutex);
  g_queue_push_tail (&server->answers, answer);
  g_mutex_unlock (&server->mutex);
}

void
test_server_add_json (TestServer *server, const char *json)
{
  test_server_add (server,
                   TEST_KEEP,
                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
                   "\r\n\r\n%s",
                   strlen (json),
                   json);
}

guint
test_server_port (TestServer *server)
{
  return server->port;
}

static guint
read_counter (TestServer *server, const guint *counter)
{
  guint value;

  g_mutex_lock (&server->mutex);
  value = *counter;
  g_mutex_unlock (&server->mutex);
  return value;
}

guint
test_server_connections (TestServer *server)
{
  return read_counter (server, &server->connections);
}

guint
test_server_clients (TestServer *server)
{
  return read_counter (server, &server->clients);
}

guint
test_server_requests (TestServer *server)
{
  return read_counter (server, &server->requests);
}

char *
test_server_request (TestServer *server)
{
  char *text;

  g_mutex_lock (&server->mutex);
  text = g_strdup (server->request->str);
  g_mutex_unlock (&server->mutex);
  return text;
}

static void
wait_counter (TestServer *server, const guint *counter, guint count)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_S * G_TIME_SPAN_SECOND;

  g_mutex_lock (&server->mutex);
  while (*counter < count)
    g_assert_true (g_cond_wait_until (&server->changed, &server->mutex, deadline));
  g_mutex_unlock (&server->mutex);
}

void
test_server_wait_requests (TestServer *server, guint count)
{
  wait_counter (server, &server->requests, count);
}

void
test_server_wait_closed (TestServer *server, guint count)
{
  wait_counter (server, &server->closed, count);
}

LpadNetConfig *
test_config_new (TestServer *server)
{
  LpadNetConfig *config = lpad_net_config_new ();

  config->allow_private = TRUE;
  config->connect_to = g_new0 (char *, 2);
  config->connect_to[0] = g_strdup_printf (TEST_HOST ":443=127.0.0.1:%u", server->port);
  return config;
}
