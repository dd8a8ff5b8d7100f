/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "hex.h"
#include "tlv.h"

#define CHALLENGE "000102030405060708090a0b0c0d0e0f"
#define SUCCESS   "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"

G_STATIC_ASSERT (sizeof FAKE_ADDRESS == sizeof TEST_HOST);

/* Installs the issuer for the device, and makes the chip list it. */
static void
make_trusted (ProcFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = test_der (f->ci);
  g_autofree char *production = NULL;
  g_autofree char *file = NULL;
  g_autofree char *key = NULL;
  g_autofree char *octets = NULL;
  g_autofree char *info1 = NULL;
  g_autofree char *info2 = NULL;
  g_autoptr (GBytes) raw = NULL;
  const char *folders[] = { NULL, NULL };
  LpadTrustSources sources = { .folders = folders };
  const LpadIssuer *issuer;
  LpadTrust *trust;

  f->folder = g_dir_make_tmp ("lpad-test-XXXXXX", &error);
  g_assert_no_error (error);
  production = g_build_filename (f->folder, "production", NULL);
  file = g_build_filename (production, "ci.der", NULL);
  g_assert_cmpint (g_mkdir (production, 0700), ==, 0);
  g_assert_true (
      g_file_set_contents (file, g_bytes_get_data (der, NULL), (gssize) g_bytes_get_size (der), &error));
  folders[0] = f->folder;
  trust = lpad_trust_load (&sources);
  g_assert_cmpuint (lpad_trust_issuers (trust)->len, ==, 1);
  issuer = g_ptr_array_index (lpad_trust_issuers (trust), 0);
  f->context.trust = lpad_trust_slot_new (trust);

  key = lpad_hex_encode (g_bytes_get_data (issuer->key_identifier, NULL), 20);
  octets = g_strdup_printf ("358203020500a9160414%saa160414%s", key, key);
  info1 = g_strconcat ("bf20", octets, NULL);
  info2 = g_strconcat ("bf22", octets, NULL);
  fake_chip_on (f->fake, "bf20", info1);
  fake_chip_on (f->fake, "bf22", info2);
  raw = lpad_hex_decode (info2, 256, NULL);
  f->info = lpad_euicc_info_parse (raw, 0xbf22, &error);
  g_assert_no_error (error);
}

void
proc_fixture_set_up (ProcFixture *f, gconstpointer unused)
{
  TestServerOptions options = { 0 };

  f->fake = fake_chip_new ();
  f->chip = fake_chip_connect (f->fake);
  f->ci = test_credential_new (&test_ci, NULL);
  f->leaf = test_credential_new (&test_tls, f->ci);
  options.credential = f->leaf;
  f->server = test_server_new (&options);
  f->context.net = lpad_net_config_new ();
  f->context.net->allow_private = TRUE;
  f->context.net->connect_to = g_new0 (char *, 3);
  f->context.net->connect_to[0]
      = g_strdup_printf (TEST_HOST ":443=127.0.0.1:%u", test_server_port (f->server));
  f->context.net->connect_to[1] = g_strdup (TEST_DEAD_HOST ":443=127.0.0.1:1");
  make_trusted (f);
}

void
proc_fixture_tear_down (ProcFixture *f, gconstpointer unused)
{
  g_autofree char *production = g_build_filename (f->folder, "production", NULL);
  g_autofree char *file = g_build_filename (production, "ci.der", NULL);

  lpad_chip_free (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  fake_chip_free (f->fake);
  test_server_free (f->server);
  lpad_net_config_free (f->context.net);
  lpad_trust_slot_free (f->context.trust);
  lpad_euicc_info_free (f->info);
  test_credential_free (f->leaf);
  test_credential_free (f->ci);
  g_unlink (file);
  g_rmdir (production);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
}

void
proc_fixture_accept (ProcFixture *f, guint count)
{
  for (guint i = 0; i < count; i++)
    test_server_add (f->server, TEST_KEEP, "HTTP/1.1 204 No Content\r\n\r\n");
}

static void
add_hex (LpadTlvBuilder *builder, guint32 tag, const char *digits)
{
  g_autoptr (GBytes) octets = lpad_hex_decode (digits, 256, NULL);

  g_assert_nonnull (octets);
  lpad_tlv_builder_add (builder, tag, g_bytes_get_data (octets, NULL), g_bytes_get_size (octets));
}

GBytes *
test_metadata_new (const char *extra)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) more = lpad_hex_decode (extra != NULL ? extra : "", 256, NULL);

  lpad_tlv_builder_open (builder, 0xbf25);
  add_hex (builder, 0x5a, FAKE_ICCID);
  lpad_tlv_builder_add_text (builder, 0x91, "Operator");
  lpad_tlv_builder_add_text (builder, 0x92, "Plan");
  lpad_tlv_builder_add_raw_bytes (builder, more);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

static void
add_secure_channel (LpadTlvBuilder *builder, const char *transaction_id)
{
  static const guint8 octets[65] = { 4 };

  lpad_tlv_builder_open (builder, 0xbf23);
  lpad_tlv_builder_add_uint (builder, 0x82, 1);
  add_hex (builder, 0x80, transaction_id);
  lpad_tlv_builder_open (builder, 0xa6);
  add_hex (builder, 0x80, "88");
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add (builder, 0x5f49, octets, 65);
  lpad_tlv_builder_add (builder, 0x5f37, octets, 64);
  lpad_tlv_builder_close (builder);
}

GBytes *
test_package_new (const char *transaction_id, GBytes *metadata)
{
  static const guint8 octets[600] = { 0 };
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GByteArray) protected = g_byte_array_new ();

  g_byte_array_append (protected, g_bytes_get_data (metadata, NULL), (guint) g_bytes_get_size (metadata));
  g_byte_array_append (protected, (const guint8 *) "macmacma", 8);
  lpad_tlv_builder_open (builder, 0xbf36);
  add_secure_channel (builder, transaction_id);
  lpad_tlv_builder_open (builder, 0xa0);
  lpad_tlv_builder_add (builder, 0x87, octets, 24);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_open (builder, 0xa1);
  lpad_tlv_builder_add (builder, 0x88, protected->data, protected->len);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_open (builder, 0xa3);
  lpad_tlv_builder_add (builder, 0x86, octets, 600);
  lpad_tlv_builder_add (builder, 0x86, octets, 24);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

void
test_take_segments (FakeChip *fake)
{
  static const char *const segments[] = { "bf36", "a0", "a1", "88", "a3", "86" };

  for (guint i = 0; i < G_N_ELEMENTS (segments); i++)
    fake_chip_on (fake, segments[i], "");
}

/* SEQUENCE { transactionId, ... } and a signature, in A0, in @tag: what the chip signs */
static void
answer_signed (ProcFixture *f, guint32 tag, const char *request, const char *more)
{
  static const guint8 signature[64] = { 0 };
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) rest = lpad_hex_decode (more, 128, NULL);
  g_autofree char *hex = NULL;

  lpad_tlv_builder_open (builder, tag);
  lpad_tlv_builder_open (builder, 0xa0);
  lpad_tlv_builder_open (builder, 0x30);
  add_hex (builder, 0x80, TEST_TRANSACTION);
  lpad_tlv_builder_add_raw_bytes (builder, rest);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add (builder, 0x5f37, signature, sizeof signature);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) answer = lpad_tlv_builder_end (builder);
  hex = lpad_hex_encode (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  fake_chip_on (f->fake, request, hex);
}

void
proc_fixture_agree (ProcFixture *f)
{
  g_autofree char *address = lpad_hex_encode ((const guint8 *) TEST_HOST, strlen (TEST_HOST));
  g_autofree char *echo = g_strdup_printf ("83%02x%s8410" CHALLENGE, (guint) strlen (TEST_HOST), address);

  fake_chip_on (f->fake, "bf2e", "bf2e128010" CHALLENGE);
  answer_signed (f, 0xbf38, "bf38", echo);
  answer_signed (f, 0xbf21, "bf21", "");
  answer_signed (f, 0xbf41, "bf41", "");
  test_take_segments (f->fake);
}

static char *
base64 (GBytes *bytes)
{
  return g_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* The SEQUENCE that the server signs */
static char *
make_signed (const char *txid, gboolean first, gboolean code_required)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_open (builder, 0x30);
  add_hex (builder, 0x80, txid);
  if (first)
    {
      add_hex (builder, 0x81, CHALLENGE);
      lpad_tlv_builder_add_text (builder, 0x83, TEST_HOST);
      add_hex (builder, 0x84, CHALLENGE);
    }
  else
    lpad_tlv_builder_add_bool (builder, 0x01, code_required);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) octets = lpad_tlv_builder_end (builder);
  return base64 (octets);
}

static char *
make_certificate (ProcFixture *f, const char *policies)
{
  const TestCertificate spec = { .name = "Test server", .policies = policies };
  g_autoptr (TestCredential) credential = NULL;
  g_autoptr (GBytes) der = NULL;

  if (policies == NULL)
    return g_strdup ("MAA=");
  credential = test_credential_new (&spec, f->ci);
  der = test_der (credential);
  return base64 (der);
}

void
proc_fixture_add_initiate (ProcFixture *f, const TestOffer *offer)
{
  g_autofree char *server_signed1 = make_signed (TEST_TRANSACTION, TRUE, FALSE);
  g_autofree char *own_key = lpad_hex_encode (g_bytes_get_data (f->info->signing->pdata[0], NULL), 20);
  g_autofree char *digits = g_strconcat ("0414", offer->key != NULL ? offer->key : own_key, NULL);
  g_autoptr (GBytes) octets = lpad_hex_decode (digits, 22, NULL);
  g_autofree char *pkid = base64 (octets);
  g_autofree char *certificate = make_certificate (f, offer->policies);
  g_autofree char *json = g_strdup_printf (
      "{" SUCCESS ",\"transactionId\":\"" TEST_TRANSACTION "\",\"serverSigned1\":\"%s\","
      "\"serverSignature1\":\"XzcCAQI=\",\"euiccCiPKIdToBeUsed\":\"%s\",\"serverCertificate\":\"%s\"}",
      server_signed1,
      pkid,
      certificate);

  test_server_add_json (f->server, json);
}

void
proc_fixture_add_client (ProcFixture *f, const TestOffer *offer)
{
  g_autofree char *smdp_signed2 = make_signed (TEST_TRANSACTION, FALSE, offer->code_required);
  g_autoptr (GBytes) octets = test_metadata_new (offer->metadata);
  g_autofree char *metadata = base64 (octets);
  g_autofree char *json
      = g_strdup_printf ("{" SUCCESS ",\"transactionId\":\"%s\",\"profileMetadata\":\"%s\","
                         "\"smdpSigned2\":\"%s\",\"smdpSignature2\":\"XzcA\",\"smdpCertificate\":\"MAA=\"}",
                         offer->txid != NULL ? offer->txid : TEST_TRANSACTION,
                         metadata,
                         smdp_signed2);

  test_server_add_json (f->server, json);
}

void
proc_fixture_add_events (ProcFixture *f, ...)
{
  g_autoptr (GString) entries = g_string_new (NULL);
  g_autofree char *json = NULL;
  const char *event_id;
  va_list args;

  va_start (args, f);
  while ((event_id = va_arg (args, const char *)) != NULL)
    g_string_append_printf (entries,
                            "%s{\"eventId\":\"%s\",\"rspServerAddress\":\"%s\"}",
                            entries->len > 0 ? "," : "",
                            event_id,
                            va_arg (args, const char *));
  va_end (args);
  json = g_strdup_printf ("{" SUCCESS ",\"transactionId\":\"" TEST_TRANSACTION "\",\"eventEntries\":[%s]}",
                          entries->str);
  test_server_add_json (f->server, json);
}

void
proc_fixture_add_package (ProcFixture *f, GBytes *package)
{
  g_autofree char *text = base64 (package);
  g_autofree char *json = g_strdup_printf (
      "{" SUCCESS ",\"transactionId\":\"" TEST_TRANSACTION "\",\"boundProfilePackage\":\"%s\"}", text);

  test_server_add_json (f->server, json);
}

void
proc_fixture_add_success (ProcFixture *f)
{
  test_server_add_json (f->server, "{" SUCCESS "}");
}

void
proc_fixture_add_refusal (ProcFixture *f, const char *subject, const char *reason)
{
  g_autofree char *json
      = g_strdup_printf ("{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\","
                         "\"statusCodeData\":{\"subjectCode\":\"%s\",\"reasonCode\":\"%s\"}}}}",
                         subject,
                         reason);

  test_server_add_json (f->server, json);
}

void
proc_fixture_assert_cancelled (ProcFixture *f, int reason)
{
  g_autofree char *request = test_server_request (f->server);
  g_autofree char *command = g_strdup_printf ("bf41158010" TEST_TRANSACTION "8101%02x", (guint) reason);
  gboolean server_knows = g_str_has_prefix (request, "POST /gsma/rsp2/es9plus/cancelSession ");

  g_assert_cmpuint (fake_chip_calls (f->fake, "bf41"), ==, reason < 0 ? 0 : 1);
  g_assert_cmpint (server_knows, ==, reason >= 0);
  if (reason >= 0)
    g_assert_cmpuint (fake_chip_calls (f->fake, command), ==, 1);
}
