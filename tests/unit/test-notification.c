/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"
#include "hex.h"
#include "notification.h"

#define TRANSACTION "8010000102030405060708090a0b0c0d0e0f"
#define ADDRESS     "0c10736d64702e6578616d706c652e636f6d" /* smdp.example.com */
#define ICCID       "5a0a98001032547698103214"
#define OID         "06028837"
#define SIGNATURE   "5f3704deadbeef"

static GBytes *
from_hex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = lpad_hex_decode (hex, 4096, &error);

  g_assert_no_error (error);
  return bytes;
}

/* @tag with the content of @hex. */
static GBytes *
wrap (guint32 tag, const char *hex)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) content = from_hex (hex);

  lpad_tlv_builder_open (builder, tag);
  lpad_tlv_builder_add_raw_bytes (builder, content);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

static char *
wrap_hex (guint32 tag, const char *hex)
{
  g_autoptr (GBytes) bytes = wrap (tag, hex);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return lpad_hex_encode (data, size);
}

static LpadNotificationInfo *
parse_info (const char *content, GError **error)
{
  g_autoptr (GBytes) bytes = wrap (0xbf2f, content);
  LpadTlv tlv;

  g_assert_true (lpad_tlv_parse_bytes (bytes, 0xbf2f, &tlv, NULL));
  return lpad_notification_info_parse (&tlv, error);
}

/* A ProfileInstallationResult whose finalResult has the content @result. */
static GBytes *
build_result (const char *transaction, const char *metadata, const char *result)
{
  g_autofree char *info = wrap_hex (0xbf2f, metadata);
  g_autofree char *final = wrap_hex (0xa2, result);
  g_autofree char *content = g_strconcat (transaction, info, OID, final, NULL);
  g_autofree char *data = wrap_hex (0xbf27, content);
  g_autofree char *all = g_strconcat (data, SIGNATURE, NULL);

  return wrap (0xbf37, all);
}

static void
test_info (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadNotificationInfo) info = parse_info ("80020080"
                                                      "81020780" ADDRESS ICCID,
                                                      &error);
  g_autoptr (LpadNotificationInfo) copy = NULL;

  g_assert_no_error (error);
  copy = lpad_notification_info_copy (info);
  g_assert_cmpuint (copy->sequence_number, ==, 128);
  g_assert_cmpint (copy->event, ==, LPAD_EVENT_INSTALL);
  g_assert_cmpstr (copy->address, ==, "smdp.example.com");
  g_assert_cmpstr (copy->address_text, ==, "smdp.example.com");
  g_assert_cmpuint (g_bytes_get_size (copy->iccid), ==, 10);
}

static void
test_sequence_numbers (void)
{
  static const struct
  {
    const char *hex;
    guint64 number;
  } cases[] = { { "800100", 0 },     { "800101", 1 },     { "80017f", 127 },      { "80020080", 128 },
                { "800200ff", 255 }, { "80020100", 256 }, { "8003011170", 70000 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *content = g_strconcat (cases[i].hex, "81020640", ADDRESS, NULL);
      g_autoptr (LpadNotificationInfo) info = parse_info (content, NULL);

      g_assert_cmpuint (info->sequence_number, ==, cases[i].number);
      g_assert_cmpint (info->event, ==, LPAD_EVENT_ENABLE);
      g_assert_null (info->iccid);
    }
}

static void
test_events (void)
{
  static const struct
  {
    const char *hex;
    const char *name;
  } cases[] = { { "81020780", "install" }, { "81020080", "install" }, { "81020640", "enable" },
                { "81020520", "disable" }, { "81020410", "delete" },  { "81020308", "unknown" },
                { "810204f0", "unknown" }, { "81020400", "unknown" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *content = g_strconcat ("800101", cases[i].hex, ADDRESS, NULL);
      g_autoptr (LpadNotificationInfo) info = parse_info (content, NULL);

      g_assert_cmpstr (lpad_event_to_string (info->event), ==, cases[i].name);
    }
}

/* An installed profile chooses the address: a blank is forgiven, what is no host name is not. */
static void
test_addresses (void)
{
  static const struct
  {
    const char *text;
    const char *address;
  } cases[] = { { "smdp.example.com ", "smdp.example.com" },
                { "SMDP.example.com:8443", "smdp.example.com:8443" },
                { "127.0.0.1", NULL },
                { "localhost", NULL },
                { "smdp.example.com/path?x", NULL },
                { "", NULL } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (LpadNotificationInfo) info = NULL;
      LpadTlv tlv;

      lpad_tlv_builder_open (builder, 0xbf2f);
      lpad_tlv_builder_add_uint (builder, 0x80, 1);
      lpad_tlv_builder_add (builder, 0x81, "\x06\x40", 2);
      lpad_tlv_builder_add_text (builder, 0x0c, cases[i].text);
      lpad_tlv_builder_close (builder);
      bytes = lpad_tlv_builder_end (builder);
      g_assert_true (lpad_tlv_parse_bytes (bytes, 0xbf2f, &tlv, NULL));
      info = lpad_notification_info_parse (&tlv, NULL);
      g_assert_cmpstr (info->address, ==, cases[i].address);
      g_assert_cmpstr (info->address_text, ==, cases[i].text);
    }
}

static void
test_info_malformed (void)
{
  static const char *const bad[] = { "",
                                     "81020780" ADDRESS,
                                     "800101" ADDRESS,
                                     "8000"
                                     "81020780" ADDRESS,
                                     "8001ff"
                                     "81020780" ADDRESS,
                                     "800101"
                                     "8100" ADDRESS,
                                     "800101"
                                     "81020780"
                                     "0c" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (parse_info (bad[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

static void
test_pending (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *metadata = wrap_hex (0xbf2f,
                                        "80017f"
                                        "81020410" ADDRESS ICCID);
  g_autofree char *signed_hex = g_strconcat (metadata, SIGNATURE, "3000", "3000", NULL);
  g_autoptr (GBytes) other = wrap (0x30, signed_hex);
  g_autoptr (GBytes) result = build_result (TRANSACTION,
                                            "800105"
                                            "81020780" ADDRESS,
                                            "a0074f01a004023000");
  g_autoptr (GBytes) wrong = wrap (0xbf2f, "800101");
  g_autoptr (LpadNotificationInfo) info = lpad_pending_notification_parse_info (other, &error);
  g_autoptr (LpadNotificationInfo) install = lpad_pending_notification_parse_info (result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (info->sequence_number, ==, 127);
  g_assert_cmpint (info->event, ==, LPAD_EVENT_DELETE);
  g_assert_cmpuint (install->sequence_number, ==, 5);
  g_assert_cmpint (install->event, ==, LPAD_EVENT_INSTALL);

  g_assert_null (lpad_pending_notification_parse_info (wrong, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static void
test_success (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) raw = build_result (TRANSACTION,
                                         "80020080"
                                         "81020080" ADDRESS ICCID,
                                         "a0164f10a0000005591010ffffffff890000110004023000");
  g_autoptr (LpadInstallationResult) result = lpad_installation_result_parse (raw, &error);

  g_assert_no_error (error);
  g_assert_true (result->success);
  g_assert_true (g_bytes_equal (result->raw, raw));
  g_assert_cmpuint (g_bytes_get_size (result->transaction_id), ==, 16);
  g_assert_cmpuint (result->info->sequence_number, ==, 128);
  g_assert_cmpuint (g_bytes_get_size (result->isdp_aid), ==, 16);
  g_assert_cmpint (result->bpp_command, ==, -1);
  g_assert_cmpint (result->error_reason, ==, -1);
}

static void
test_failure (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) raw = build_result ("8008"
                                         "0001020304050607",
                                         "800100"
                                         "81020780" ADDRESS,
                                         "a10a80010581010a82023000");
  g_autoptr (LpadInstallationResult) result = lpad_installation_result_parse (raw, &error);

  g_assert_no_error (error);
  g_assert_false (result->success);
  g_assert_cmpuint (g_bytes_get_size (result->transaction_id), ==, 8);
  g_assert_cmpint (result->bpp_command, ==, 5);
  g_assert_cmpint (result->error_reason, ==, 10);
  g_assert_null (result->isdp_aid);
  g_assert_null (result->info->iccid);
}

static void
test_result_malformed (void)
{
  static const struct
  {
    const char *transaction;
    const char *result;
  } bad[] = {
    { "8000",
      "a1068001058101"
      "0a" },
    { "8011"
      "000102030405060708090a0b0c0d0e0f10",
      "a10680010581010a" },
    { "", "a10680010581010a" },
    { TRANSACTION, "" },
    { TRANSACTION, "a103800105" },
    { TRANSACTION, "a10381010a" },
    { TRANSACTION, "a300" },
  };
  g_autoptr (GBytes) cut = from_hex ("bf3702bf27");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) raw = build_result (bad[i].transaction,
                                             "800100"
                                             "81020780" ADDRESS,
                                             bad[i].result);

      g_assert_null (lpad_installation_result_parse (raw, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
  g_assert_null (lpad_installation_result_parse (cut, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notification/info", test_info);
  g_test_add_func ("/notification/info/sequence-numbers", test_sequence_numbers);
  g_test_add_func ("/notification/info/events", test_events);
  g_test_add_func ("/notification/info/addresses", test_addresses);
  g_test_add_func ("/notification/info/malformed", test_info_malformed);
  g_test_add_func ("/notification/pending", test_pending);
  g_test_add_func ("/notification/result/success", test_success);
  g_test_add_func ("/notification/result/failure", test_failure);
  g_test_add_func ("/notification/result/malformed", test_result_malformed);
  return g_test_run ();
}
