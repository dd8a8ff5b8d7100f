/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "error-details.h"
#include "identifiers.h"

static const guint8 iccid_20[] = { 0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14 };
static const guint8 iccid_19[] = { 0x98, 0x58, 0x22, 0x54, 0x82, 0x00, 0x70, 0x71, 0x99, 0xf8 };
static const guint8 iccid_18[] = { 0x98, 0x58, 0x22, 0x54, 0x82, 0x00, 0x70, 0x71, 0x99, 0xff };
static const guint8 iccid_odd[] = { 0x98, 0xf8, 0x22, 0x5a, 0x82, 0x00, 0x70, 0x71, 0x99, 0xf8 };

static const struct
{
  const guint8 *octets;
  const char *text;
} iccids[] = {
  { iccid_20, "89000123456789012341" },
  { iccid_19, "8985224528000717998" },
  { iccid_18, "898522452800071799" },
  { iccid_odd, "898f22a528000717998" },
};

static void
test_iccid (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (iccids); i++)
    {
      g_autofree char *text = lpad_iccid_to_string (iccids[i].octets, LPAD_ICCID_SIZE);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) back = lpad_iccid_from_string (text, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, iccids[i].text);
      g_assert_cmpmem (
          g_bytes_get_data (back, NULL), g_bytes_get_size (back), iccids[i].octets, LPAD_ICCID_SIZE);
    }
}

static void
test_iccid_sizes (void)
{
  static const guint8 filler[] = { 0xff, 0xff };
  g_autofree char *nothing = lpad_iccid_to_string (NULL, 0);
  g_autofree char *empty = lpad_iccid_to_string (filler, sizeof filler);
  g_autofree char *nine = lpad_iccid_to_string (iccid_20, 9);

  g_assert_cmpstr (nothing, ==, "");
  g_assert_cmpstr (empty, ==, "");
  g_assert_cmpstr (nine, ==, "890001234567890123");
}

static void
test_iccid_bad (void)
{
  static const char *const bad[] = { "",
                                     "89",
                                     "89000123456789012",
                                     "890001234567890123412",
                                     "8900012345678901234 ",
                                     "8900012345678901234g",
                                     "8900-0123-4567-8901" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_iccid_from_string (bad[i], &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
    }
}

static void
test_eid (void)
{
  static const guint8 octets[]
      = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23, 0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };
  g_autoptr (GError) error = NULL;
  g_autofree char *eid = lpad_eid_to_string (octets, sizeof octets, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (eid, ==, "89049032123451234512345678901235");
  g_assert_true (lpad_eid_is_valid (eid));
  g_assert_false (lpad_eid_is_valid ("89049032123451234512345678901236"));
  g_assert_false (lpad_eid_is_valid ("8904903212345123451234567890123"));
  g_assert_false (lpad_eid_is_valid ("8904903212345123451234567890123a"));
  g_assert_false (lpad_eid_is_valid (""));

  g_assert_null (lpad_eid_to_string (octets, 15, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

static void
test_version (void)
{
  static const guint8 octets[] = { 2, 5, 0, 255 };
  g_autofree char *version = lpad_version_to_string (octets, 3);
  g_autofree char *odd = lpad_version_to_string (octets, 4);

  g_assert_cmpstr (version, ==, "2.5.0");
  g_assert_cmpstr (odd, ==, "020500ff");
}

/* 49015420323751 has the check digit 8 (TS 23.003 annex B). */
static void
test_imei (void)
{
  static const char *const good[] = { "490154203237518", "49015420323751", "4901542032375101" };
  static const guint8 octets[8] = { 0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0x8f };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      guint8 imei[8];
      guint8 tac[4];

      g_assert_true (lpad_imei_encode (good[i], imei, tac, &error));
      g_assert_no_error (error);
      g_assert_cmpmem (imei, sizeof imei, octets, sizeof octets);
      g_assert_cmpmem (tac, sizeof tac, octets, 4);
    }
}

static void
test_imei_bad (void)
{
  static const char *const bad[] = {
    "", "490154203237517", "4901542032375", "49015420323751012", "49015420323751a", "49-015420-323751"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      guint8 imei[8] = { 0xee };
      guint8 tac[4];

      g_assert_false (lpad_imei_encode (bad[i], imei, tac, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
      g_assert_cmphex (imei[0], ==, 0xee);
      g_assert_null (*bad[i] != '\0' ? strstr (error->message, bad[i]) : NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identifiers/iccid", test_iccid);
  g_test_add_func ("/identifiers/iccid/sizes", test_iccid_sizes);
  g_test_add_func ("/identifiers/iccid/bad", test_iccid_bad);
  g_test_add_func ("/identifiers/eid", test_eid);
  g_test_add_func ("/identifiers/version", test_version);
  g_test_add_func ("/identifiers/imei", test_imei);
  g_test_add_func ("/identifiers/imei/bad", test_imei_bad);
  return g_test_run ();
}
