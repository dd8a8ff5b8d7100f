/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-trace.h"
#include "es10b.h"
#include "tlv.h"

#define TXID      "0102030405060708"
#define OTHER     "0102030405060709"
#define ADDRESS   "830161"                          /* serverAddress "a" */
#define CHALLENGE "84020c0d"                        /* serverChallenge, short */
#define SIGNED1   "30118008" TXID ADDRESS CHALLENGE /* also serves as ServerSigned1 */
#define SIGNATURE "5f3702abcd"
#define PKID      "0401aa"
#define CERT      "300130"

static void
test_challenge (void)
{
  g_autoptr (TestChannel) test
      = test_channel_new_exchange ("bf2e00", "bf2e12801000112233445566778899aabbccddeeff");
  g_autoptr (TestChannel) brief = test_channel_new_exchange ("bf2e00", "bf2e038001aa");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) challenge = lpad_es10b_get_euicc_challenge (test->channel, &error);

  g_assert_no_error (error);
  test_assert_hex (challenge, "00112233445566778899aabbccddeeff");
  g_assert_null (lpad_es10b_get_euicc_challenge (brief->channel, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static void
test_info (void)
{
  static const char answer[] = "bf200f8203020500a9040402aabbaa020400";
  g_autoptr (TestChannel) test = test_channel_new_exchange ("bf2000", "bf200f8203020500a9040402aabbaa020400");
  g_autoptr (TestChannel) wrong = test_channel_new_exchange ("bf2200", answer);
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEuiccInfo) info = lpad_es10b_get_euicc_info1 (test->channel, &error);

  g_assert_no_error (error);
  test_assert_hex (info->raw, answer);
  g_assert_cmpstr (info->spec_version, ==, "2.5.0");
  g_assert_null (lpad_es10b_get_euicc_info2 (wrong->channel, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static void
assert_ctx_params1 (const char *matching_id,
                    const LpadDevice *device,
                    gboolean extensible,
                    const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) octets = lpad_es10b_build_ctx_params1 (matching_id, device, extensible, &error);

  g_assert_no_error (error);
  test_assert_hex (octets, expected);
}

/* CtxParams1 with IMEI and capabilities, with more of them, and with the least */
static void
test_ctx_params1 (void)
{
  char imei[] = "350608098765437", no_imei[] = "", tac[] = "12345678";
  const LpadDevice device = { .imei = imei, .releases = { [0] = 5, [1] = 8, [5] = 11, [8] = 15 } };
  const LpadDevice nothing = { .imei = NULL };
  const LpadDevice type = { .tac = tac };
  const LpadDevice both = { .imei = imei, .tac = tac };
  const LpadDevice nameless = { .imei = no_imei, .tac = tac };

  assert_ctx_params1 ("TOKEN-1",
                      &device,
                      FALSE,
                      "a02c8007544f4b454e2d31a121800453608090a10f8003050000810308000085030b0000"
                      "8208536080907856347f");
  assert_ctx_params1 (NULL,
                      &device,
                      TRUE,
                      "a028a126800453608090a1148003050000810308000085030b000088030f0000"
                      "8208536080907856347f");
  assert_ctx_params1 ("", &nothing, TRUE, "a00aa108800435290611a100");
  assert_ctx_params1 ("", &type, TRUE, "a00aa108800421436587a100");
  assert_ctx_params1 ("", &nameless, TRUE, "a00aa108800421436587a100");
  assert_ctx_params1 ("", &both, TRUE, "a014a112800453608090a1008208536080907856347f");
}

/* Each capability has its tag; those from 88 on are for chips that say that they can take them. */
static void
test_ctx_params1_capabilities (void)
{
  for (guint i = 0; i < LPAD_RELEASES; i++)
    {
      LpadDevice device = { .releases = { 0 } };
      g_autofree char *with = g_strdup_printf ("a00fa10d800435290611a105%02x03%02x0000", 0x80 + i, 7 + i);

      device.releases[i] = (guint8) (7 + i);
      assert_ctx_params1 ("", &device, TRUE, with);
      assert_ctx_params1 ("", &device, FALSE, i < 8 ? with : "a00aa108800435290611a100");
    }
}

static void
test_ctx_params1_wrong (void)
{
  char imei[] = "350608098765436", tac[] = "1234567";
  const LpadDevice wrong[] = { { .imei = imei }, { .tac = tac } };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_es10b_build_ctx_params1 ("", &wrong[i], FALSE, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
    }
}

/* AuthenticateServer with @answer; the request is the same each time. */
static GBytes *
authenticate (const char *answer, GError **error)
{
  g_autoptr (TestChannel) test
      = test_channel_new_exchange ("bf3820" SIGNED1 SIGNATURE PKID CERT "a000", answer);
  g_autoptr (GBytes) txid = test_bytes (TXID);
  g_autoptr (GBytes) server_signed1 = test_bytes (SIGNED1);
  g_autoptr (GBytes) signature = test_bytes (SIGNATURE);
  g_autoptr (GBytes) pkid = test_bytes (PKID);
  g_autoptr (GBytes) certificate = test_bytes (CERT);
  g_autoptr (GBytes) ctx_params1 = test_bytes ("a000");

  return lpad_es10b_authenticate_server (
      test->channel, txid, server_signed1, signature, pkid, certificate, ctx_params1, error);
}

static void
test_authenticate_server (void)
{
  static const char answer[] = "bf3820a01e" SIGNED1 SIGNATURE CERT CERT;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) response = authenticate ("bf3820a01e" SIGNED1 SIGNATURE CERT CERT, &error);

  g_assert_no_error (error);
  test_assert_hex (response, answer);
}

static void
test_authenticate_server_differs (void)
{
  const char *answers[] = {
    "bf381aa01830118008" OTHER ADDRESS CHALLENGE SIGNATURE,
    "bf381aa01830118008" TXID "830162" CHALLENGE SIGNATURE,
    "bf381aa01830118008" TXID ADDRESS "84020c0e" SIGNATURE,
    "bf3816a014300d8008" TXID ADDRESS SIGNATURE, /* no challenge */
    "bf3815a013" SIGNED1,                        /* no signature */
    "bf3802a000",
    "bf3800",
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (authenticate (answers[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10b.AuthenticateServer");
    }
}

/* The code stands as an INTEGER, and on some chips as [1]. */
static void
test_authenticate_server_refused (void)
{
  const char *answers[] = { "bf380fa10d8008" TXID "020107", "bf380fa10d8008" TXID "810107", "bf3803810107" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (authenticate (answers[i], &error));
      g_assert_true (error->domain == LPAD_ERROR);
      g_assert_cmpint (lpad_error_details (error)->result, ==, 7);
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10b.AuthenticateServer");
    }
}

#define SIGNED2      "300a8008" TXID
#define SIGNED2_HASH "300e8008" TXID "0402beef"

static GBytes *
prepare (const char *hash_hex, const char *request, const char *answer, GError **error)
{
  g_autoptr (TestChannel) test = test_channel_new_exchange (request, answer);
  g_autoptr (GBytes) txid = test_bytes (TXID);
  g_autoptr (GBytes) smdp_signed2 = test_bytes (SIGNED2);
  g_autoptr (GBytes) signature = test_bytes (SIGNATURE);
  g_autoptr (GBytes) hash = hash_hex != NULL ? test_bytes (hash_hex) : NULL;
  g_autoptr (GBytes) certificate = test_bytes (CERT);

  return lpad_es10b_prepare_download (test->channel, txid, smdp_signed2, signature, hash, certificate, error);
}

static void
test_prepare_download (void)
{
  static const char request[] = "bf2114" SIGNED2 SIGNATURE CERT;
  static const char request_with_hash[] = "bf2118" SIGNED2 SIGNATURE "0402beef" CERT;
  g_autoptr (GError) error = NULL;

  g_autoptr (GBytes) plain = prepare (NULL, request, "bf2113a011" SIGNED2 SIGNATURE, &error);
  g_assert_no_error (error);
  test_assert_hex (plain, "bf2113a011" SIGNED2 SIGNATURE);
  g_autoptr (GBytes) hashed
      = prepare ("beef", request_with_hash, "bf2117a015" SIGNED2_HASH SIGNATURE, &error);
  g_assert_no_error (error);
  test_assert_hex (hashed, "bf2117a015" SIGNED2_HASH SIGNATURE);

  g_assert_null (prepare (NULL, request, "bf2117a015" SIGNED2_HASH SIGNATURE, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_clear_error (&error);
  g_assert_null (prepare ("beef", request_with_hash, "bf2113a011" SIGNED2 SIGNATURE, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_clear_error (&error);
  g_assert_null (prepare ("beef", request_with_hash, "bf2117a015300e8008" TXID "0402beee" SIGNATURE, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_clear_error (&error);
  g_assert_null (prepare (NULL, request, "bf2113a011300a8008" OTHER SIGNATURE, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_clear_error (&error);
  g_assert_null (prepare (NULL, request, "bf210fa10d8008" TXID "020105", &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 5);
}

static void
test_load_segment (void)
{
  g_autoptr (TestChannel) more = test_channel_new_exchange ("8803010203", "");
  g_autoptr (TestChannel) odd = test_channel_new_exchange ("8803010203", "bf3800");
  const guint8 segment[] = { 0x88, 0x03, 0x01, 0x02, 0x03 };
  LpadInstallationResult *result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_es10b_load_bpp_segment (more->channel, segment, sizeof segment, &result, &error));
  g_assert_no_error (error);
  g_assert_null (result);
  g_assert_false (lpad_es10b_load_bpp_segment (odd->channel, segment, sizeof segment, &result, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

/* The example result of a refused package */
static GBytes *
installation_result (void)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  const guint8 txid[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
  const guint8 event[] = { 0x07, 0x80 };
  const guint8 oid[] = { 0x2a, 0x03 };
  const guint8 signature[64] = { 0 };

  lpad_tlv_builder_open (builder, 0xbf37);
  lpad_tlv_builder_open (builder, 0xbf27);
  lpad_tlv_builder_add (builder, 0x80, txid, sizeof txid);
  lpad_tlv_builder_open (builder, 0xbf2f);
  lpad_tlv_builder_add_uint (builder, 0x80, 128);
  lpad_tlv_builder_add (builder, 0x81, event, sizeof event);
  lpad_tlv_builder_add_text (builder, 0x0c, "smdp.example.com");
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add (builder, 0x06, oid, sizeof oid);
  lpad_tlv_builder_open (builder, 0xa2);
  lpad_tlv_builder_open (builder, 0xa1);
  lpad_tlv_builder_add_uint (builder, 0x80, 5);
  lpad_tlv_builder_add_uint (builder, 0x81, 10);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_add (builder, 0x5f37, signature, sizeof signature);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

static char *
bytes_to_hex (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return lpad_hex_encode (data, size);
}

static void
test_load_segment_result (void)
{
  g_autoptr (GBytes) raw = installation_result ();
  g_autofree char *hex = bytes_to_hex (raw);
  g_autoptr (TestChannel) test = test_channel_new_exchange ("8803010203", hex);
  const guint8 segment[] = { 0x88, 0x03, 0x01, 0x02, 0x03 };
  g_autoptr (LpadInstallationResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_es10b_load_bpp_segment (test->channel, segment, sizeof segment, &result, &error));
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (result->raw, raw));
  g_assert_false (result->success);
  g_assert_cmpint (result->bpp_command, ==, 5);
  g_assert_cmpint (result->error_reason, ==, 10);
}

/* Sequence number 0 is a number like any other. */
static void
test_list_notifications (void)
{
  g_autoptr (TestChannel) test = test_channel_new_exchange ("bf2800",
                                                            "bf2825a023"
                                                            "bf2f0d800100810207800c04612e6263"
                                                            "c000"
                                                            "bf2f00"
                                                            "bf2f0b80020080810206400c0161");
  g_autoptr (TestChannel) none = test_channel_new_exchange ("bf2800", "bf2802a000");
  g_autoptr (TestChannel) refused = test_channel_new_exchange ("bf2800", "bf280381017f");
  g_autoptr (GError) error = NULL;

  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "a notification that the chip lists was left out*");
  g_autoptr (GPtrArray) list = lpad_es10b_list_notifications (test->channel, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 2);
  const LpadNotificationInfo *first = list->pdata[0], *second = list->pdata[1];
  g_assert_cmpuint (first->sequence_number, ==, 0);
  g_assert_cmpint (first->event, ==, LPAD_EVENT_INSTALL);
  g_assert_cmpuint (second->sequence_number, ==, 128);
  g_assert_cmpint (second->event, ==, LPAD_EVENT_ENABLE);

  g_autoptr (GPtrArray) empty = lpad_es10b_list_notifications (none->channel, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (empty->len, ==, 0);
  g_assert_null (lpad_es10b_list_notifications (refused->channel, &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 127);
}

static void
test_list_notifications_of (void)
{
  g_autoptr (TestChannel) one
      = test_channel_new_exchange ("bf280481020640", "bf2810a00ebf2f0b80020080810206400c0161");
  g_autoptr (TestChannel) two = test_channel_new_exchange ("bf280481020450", "bf2802a000");
  g_autoptr (TestChannel) all = test_channel_new_exchange ("bf2804810204f0", "bf2802a000");
  g_autoptr (GError) error = NULL;

  g_autoptr (GPtrArray) found = lpad_es10b_list_notifications_of (one->channel, LPAD_EVENT_ENABLE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 1);
  g_autoptr (GPtrArray) none
      = lpad_es10b_list_notifications_of (two->channel, LPAD_EVENT_ENABLE | LPAD_EVENT_DELETE, &error);
  g_assert_cmpuint (none->len, ==, 0);
  g_autoptr (GPtrArray) every = lpad_es10b_list_notifications_of (
      all->channel, LPAD_EVENT_INSTALL | LPAD_EVENT_ENABLE | LPAD_EVENT_DISABLE | LPAD_EVENT_DELETE, &error);
  g_assert_cmpuint (every->len, ==, 0);
  g_assert_no_error (error);
}

/* All and by event; what a notification looks like inside is not this function's business. */
static void
test_retrieve_notifications (void)
{
  g_autoptr (TestChannel) all = test_channel_new_exchange ("bf2b00", "bf2b0ea00c30020500c000bf3703800101");
  g_autoptr (TestChannel) deletes = test_channel_new_exchange ("bf2b06a00481020410", "bf2b03810101");
  g_autoptr (TestChannel) refused = test_channel_new_exchange ("bf2b00", "bf2b0381017f");
  g_autoptr (TestChannel) malformed = test_channel_new_exchange ("bf2b00", "bf2b04a0023001");
  g_autoptr (GError) error = NULL;

  g_autoptr (GPtrArray) found = lpad_es10b_retrieve_notifications (all->channel, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 2);
  test_assert_hex (found->pdata[0], "30020500");
  test_assert_hex (found->pdata[1], "bf3703800101");
  g_autoptr (GPtrArray) none
      = lpad_es10b_retrieve_notifications (deletes->channel, LPAD_EVENT_DELETE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_null (lpad_es10b_retrieve_notifications (refused->channel, 0, &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 127);
  g_clear_error (&error);
  g_assert_null (lpad_es10b_retrieve_notifications (malformed->channel, 0, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static void
test_retrieve_notification (void)
{
  g_autoptr (GBytes) raw = installation_result ();
  g_autofree char *hex = bytes_to_hex (raw);
  gsize size = g_bytes_get_size (raw);
  g_autofree char *answer = g_strdup_printf ("bf2b81%02xa081%02x%s", (guint) size + 3, (guint) size, hex);
  g_autoptr (TestChannel) test = test_channel_new_exchange ("bf2b06a00480020080", answer);
  g_autoptr (TestChannel) other = test_channel_new_exchange ("bf2b05a003800100", answer);
  g_autoptr (TestChannel) empty = test_channel_new_exchange ("bf2b05a003800105", "bf2b02a000");
  g_autoptr (TestChannel) none = test_channel_new_exchange ("bf2b05a003800105", "bf2b03810101");
  g_autoptr (TestChannel) refused = test_channel_new_exchange ("bf2b05a003800105", "bf2b0381017f");
  g_autoptr (GError) error = NULL;

  g_autoptr (GBytes) found = lpad_es10b_retrieve_notification (test->channel, 128, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (found, raw));

  g_assert_null (lpad_es10b_retrieve_notification (other->channel, 0, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (lpad_es10b_retrieve_notification (empty->channel, 5, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (lpad_es10b_retrieve_notification (none->channel, 5, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (lpad_es10b_retrieve_notification (refused->channel, 5, &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 127);
}

static void
test_remove_notification (void)
{
  const struct
  {
    guint64 number;
    const char *request;
  } rows[] = { { 0, "bf3003800100" },     { 127, "bf300380017f" },   { 128, "bf300480020080" },
               { 255, "bf3004800200ff" }, { 256, "bf300480020100" }, { 70000, "bf30058003011170" } };
  g_autoptr (TestChannel) gone = test_channel_new_exchange ("bf3003800105", "bf3003800101");
  g_autoptr (TestChannel) refused = test_channel_new_exchange ("bf3003800105", "bf300380017f");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new_exchange (rows[i].request, "bf3003800100");
      g_assert_true (lpad_es10b_remove_notification (test->channel, rows[i].number, &error));
      g_assert_no_error (error);
    }
  g_assert_true (lpad_es10b_remove_notification (gone->channel, 5, &error));
  g_assert_no_error (error);
  g_assert_false (lpad_es10b_remove_notification (refused->channel, 5, &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 127);
}

static void
test_cancel_session (void)
{
  static const char answer[] = "bf4113a011" SIGNED2 SIGNATURE;
  g_autoptr (TestChannel) test
      = test_channel_new_exchange ("bf410d8008" TXID "810101", "bf4113a011" SIGNED2 SIGNATURE);
  g_autoptr (TestChannel) undefined
      = test_channel_new_exchange ("bf410d8008" TXID "81017f", "bf4113a011300a8008" OTHER SIGNATURE);
  g_autoptr (TestChannel) refused = test_channel_new_exchange ("bf410d8008" TXID "810100", "bf4103810105");
  g_autoptr (GBytes) txid = test_bytes (TXID);
  g_autoptr (GError) error = NULL;

  g_autoptr (GBytes) response
      = lpad_es10b_cancel_session (test->channel, txid, LPAD_CANCEL_POSTPONED, &error);
  g_assert_no_error (error);
  test_assert_hex (response, answer);
  g_assert_null (lpad_es10b_cancel_session (undefined->channel, txid, LPAD_CANCEL_UNDEFINED, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_clear_error (&error);
  g_assert_null (lpad_es10b_cancel_session (refused->channel, txid, LPAD_CANCEL_END_USER_REJECTION, &error));
  g_assert_cmpint (lpad_error_details (error)->result, ==, 5);
}

static void
test_rat (void)
{
  g_autoptr (TestChannel) test
      = test_channel_new_exchange ("bf4300", "bf431ba019301780020560a10d30058003eeeeee30048000000082020780");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rat = lpad_es10b_get_rat (test->channel, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (rat->len, ==, 1);
  const LpadRatEntry *entry = rat->pdata[0];
  g_assert_cmpuint (entry->policy_rules, ==, 6);
  g_assert_true (entry->consent_required);
  g_assert_cmpuint (entry->operators->len, ==, 2);
  test_assert_hex (entry->operators->pdata[0], "8003eeeeee");
}

static void
test_rat_unknown (void)
{
  const char *words[] = { "6a88", "6a80", "6a81" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *trace = g_strdup_printf ("> 81e2910003bf430000\n< %s", words[i]);
      g_autoptr (TestChannel) test = test_channel_new (trace);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) rat = lpad_es10b_get_rat (test->channel, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (rat->len, ==, 0);
    }
}

/* An entry that cannot be read might be the one that forbids. */
static void
test_rat_malformed (void)
{
  const char *answers[] = { "bf4300", "bf4304a0023000", "bf4308a006300480020560" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (TestChannel) test = test_channel_new_exchange ("bf4300", answers[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_es10b_get_rat (test->channel, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ES10b.GetEUICCChallenge/read", test_challenge);
  g_test_add_func ("/ES10b.GetEUICCInfo/read", test_info);
  g_test_add_func ("/ES10b.AuthenticateServer/ctx-params1", test_ctx_params1);
  g_test_add_func ("/ES10b.AuthenticateServer/ctx-params1/capabilities", test_ctx_params1_capabilities);
  g_test_add_func ("/ES10b.AuthenticateServer/ctx-params1/wrong", test_ctx_params1_wrong);
  g_test_add_func ("/ES10b.AuthenticateServer/ok", test_authenticate_server);
  g_test_add_func ("/ES10b.AuthenticateServer/differs", test_authenticate_server_differs);
  g_test_add_func ("/ES10b.AuthenticateServer/refused", test_authenticate_server_refused);
  g_test_add_func ("/ES10b.PrepareDownload/answers", test_prepare_download);
  g_test_add_func ("/ES10b.LoadBoundProfilePackage/segment", test_load_segment);
  g_test_add_func ("/ES10b.LoadBoundProfilePackage/result", test_load_segment_result);
  g_test_add_func ("/ES10b.ListNotification/list", test_list_notifications);
  g_test_add_func ("/ES10b.ListNotification/by-event", test_list_notifications_of);
  g_test_add_func ("/ES10b.RetrieveNotificationsList/retrieve", test_retrieve_notification);
  g_test_add_func ("/ES10b.RetrieveNotificationsList/many", test_retrieve_notifications);
  g_test_add_func ("/ES10b.NotificationSent/remove", test_remove_notification);
  g_test_add_func ("/ES10b.CancelSession/answers", test_cancel_session);
  g_test_add_func ("/ES10b.GetRAT/read", test_rat);
  g_test_add_func ("/ES10b.GetRAT/unknown", test_rat_unknown);
  g_test_add_func ("/ES10b.GetRAT/malformed", test_rat_malformed);
  return g_test_run ();
}
