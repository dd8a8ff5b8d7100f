/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

#include "certificate.h"
#include "https.h"

G_BEGIN_DECLS

/* Certificates made for one run, and a TLS server that answers as the test says. */

#define TEST_HOST "smdp.example.test"

typedef struct
{
  X509 *certificate;
  EVP_PKEY *key;
} TestCredential;

/**
 * TestCertificate: what a certificate looks like. Strings are extension values in OpenSSL's configuration
 * syntax; NULL leaves the extension out. Days count from now; both 0: from yesterday, for a year.
 */
typedef struct
{
  const char *name;
  const char *curve; /* NULL: P-256 */
  const char *alternative_names;
  const char *policies;
  const char *key_usage;
  const char *extended_key_usage;
  const char *constraints;
  int first_day;
  int last_day;
  gboolean no_key_identifiers;
  const char *key_identifier; /* hexadecimal digits; NULL: as the key has it */
} TestCertificate;

extern const TestCertificate test_ci;     /* an issuer as GSMA's are */
extern const TestCertificate test_tls;    /* CERT.DPtls of TEST_HOST */
extern const TestCertificate test_client; /* of a device */

/** test_credential_new: @issuer NULL: self-signed. */
TestCredential *test_credential_new (const TestCertificate *certificate, const TestCredential *issuer);
void test_credential_free (TestCredential *credential);
X509_STORE *test_store_new (const TestCredential *issuer);
/** test_key_digits: the credential's key identifier in hexadecimal digits. */
char *test_key_digits (const TestCredential *credential);
/** test_crl_new: the revocation list of @issuer, valid on those days from now; @revoked: NULL: nobody. */
X509_CRL *
test_crl_new (const TestCredential *issuer, const TestCredential *revoked, int first_day, int last_day);
GBytes *test_der (const TestCredential *credential);

typedef enum
{
  TEST_KEEP,  /* wait for the next request */
  TEST_CLOSE, /* close in good order */
  TEST_RESET, /* TCP reset */
  TEST_HANG,  /* say nothing until the client goes */
} TestThen;

/** TestAnswer: the octets of one answer, and what the server does afterwards. */
typedef struct
{
  char *text; /* NULL: nothing is sent */
  TestThen then;
} TestAnswer;

typedef struct
{
  const TestCredential *credential;
  const TestCredential *intermediate; /* sent along, or NULL */
  const TestCredential
      *client_ci;  /* clients need a certificate that it has issued; NULL: they are not asked */
  int tls_version; /* the only one, 0: 1.2 and later */
  gboolean no_tls; /* talks before any handshake: the first answer, in clear */
} TestServerOptions;

typedef struct _TestServer TestServer;

TestServer *test_server_new (const TestServerOptions *options);
/** test_server_free: ends the server; closes what is open. */
void test_server_free (TestServer *server);
/** test_server_add: the answer to the next request that has none yet. */
void test_server_add (TestServer *server, TestThen then, const char *format, ...) G_GNUC_PRINTF (3, 4);
/** test_server_add_json: status 200 with @json. */
void test_server_add_json (TestServer *server, const char *json);
guint test_server_port (TestServer *server);
guint test_server_connections (TestServer *server);
/** test_server_clients: connections on which the client has shown a certificate. */
guint test_server_clients (TestServer *server);
guint test_server_requests (TestServer *server);
/** test_server_request: the last request, its header and its body. */
char *test_server_request (TestServer *server);
/** test_server_wait_requests, test_server_wait_closed: until so many were received or closed. */
void test_server_wait_requests (TestServer *server, guint count);
void test_server_wait_closed (TestServer *server, guint count);

/** test_config_new: TEST_HOST leads to @server; loopback is allowed. */
LpadNetConfig *test_config_new (TestServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestCredential, test_credential_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestServer, test_server_free)

G_END_DECLS
