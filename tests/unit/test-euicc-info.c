/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"
#include "euicc-info.h"
#include "hex.h"
#include "profile.h"

static LpadEuiccInfo *
parse (const char *hex, guint32 tag, GError **error)
{
  g_autoptr (GBytes) bytes = lpad_hex_decode (hex, 4096, NULL);

  return lpad_euicc_info_parse (bytes, tag, error);
}

static void
test_info1 (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEuiccInfo) info = parse ("bf2017"
                                          "8203020500"
                                          "a9090403010203"
                                          "04020a0b"
                                          "aa050403010203",
                                          0xbf20,
                                          &error);
  g_auto (GStrv) capabilities = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (info->spec_version, ==, "2.5.0");
  g_assert_null (info->firmware_version);
  g_assert_cmpuint (info->verification->len, ==, 2);
  g_assert_cmpuint (g_bytes_get_size (info->verification->pdata[0]), ==, 3);
  g_assert_cmpuint (g_bytes_get_size (info->verification->pdata[1]), ==, 2);
  g_assert_cmpuint (info->signing->len, ==, 1);
  g_assert_cmpuint (g_bytes_get_size (info->raw), ==, 0x17 + 3);
  capabilities = lpad_euicc_info_capabilities (info);
  g_assert_null (capabilities[0]);
}

static void
test_info2 (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEuiccInfo) info = parse ("bf224e"
                                          "8103020301"
                                          "8203020500"
                                          "8303040600"
                                          "840d81010182040005dc8083020faa"
                                          "85030640c0"
                                          "8603090200"
                                          "8703020300"
                                          "88020490"
                                          "a9050403010203"
                                          "aa050403010203"
                                          "8b0101"
                                          "99020640"
                                          "0403010000"
                                          "0c0141",
                                          0xbf22,
                                          &error);
  g_auto (GStrv) capabilities = NULL;
  g_autofree char *joined = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (info->profile_version, ==, "2.3.1");
  g_assert_cmpstr (info->spec_version, ==, "2.5.0");
  g_assert_cmpstr (info->firmware_version, ==, "4.6.0");
  g_assert_cmpuint (info->free_memory, ==, 0x0005dc80);
  g_assert_cmphex (info->rsp_capability, ==, LPAD_RSP_ADDITIONAL_PROFILE | LPAD_RSP_TEST_PROFILE);
  g_assert_cmphex (info->uicc_capability, ==, 1 << 1 | 1 << 8 | 1 << 9);
  g_assert_cmphex (info->forbidden_policy_rules, ==, LPAD_PPR1);
  capabilities = lpad_euicc_info_capabilities (info);
  joined = g_strjoinv (" ", capabilities);
  g_assert_cmpstr (joined, ==, "additional-profile test-profile usim usim-test-algorithm");
}

/* What the specification calls optional, and what only a person looks at */
static void
test_description (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEuiccInfo) info = parse ("bf2251"
                                          "840a810102820210008301ff"
                                          "8603090200"
                                          "8703020300"
                                          "8b0102"
                                          "0403010203"
                                          "0c0554422d4555"
                                          "ac0e8005506c6174788105612e746573"
                                          "8d0205a0"
                                          "8e0354524d"
                                          "af0f040302030104030303010401ff0400"
                                          "c000",
                                          0xbf22,
                                          &error);
  g_auto (GStrv) properties = NULL;
  g_autofree char *joined = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (info->applications, ==, 2);
  g_assert_cmpuint (info->free_memory, ==, 0x1000);
  g_assert_cmpuint (info->free_ram, ==, 255);
  g_assert_cmpstr (info->javacard_version, ==, "9.2.0");
  g_assert_cmpstr (info->globalplatform_version, ==, "2.3.0");
  g_assert_cmpstr (lpad_euicc_info_category (info), ==, "medium");
  g_assert_cmpstr (info->protection_profile_version, ==, "1.2.3");
  g_assert_cmpstr (info->accreditation, ==, "TB-EU");
  g_assert_cmpstr (info->platform_label, ==, "Platx");
  g_assert_cmpstr (info->discovery_url, ==, "a.tes");
  g_assert_cmpstr (info->tre_product, ==, "TRM");
  g_assert_cmpuint (info->profile_versions->len, ==, 2);
  g_assert_cmpstr (info->profile_versions->pdata[0], ==, "2.3.1");
  g_assert_cmpstr (info->profile_versions->pdata[1], ==, "3.3.1");
  properties = lpad_euicc_info_tre_properties (info);
  joined = g_strjoinv (" ", properties);
  g_assert_cmpstr (joined, ==, "discrete remote-memory");
}

/* The last bit of each list has a name; a category that the specification does not know has none. */
static void
test_names (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEuiccInfo) info = parse ("bf2213"
                                          "85050000000001"
                                          "88050300000008"
                                          "8b0104"
                                          "c000",
                                          0xbf22,
                                          &error);
  g_auto (GStrv) capabilities = NULL;
  g_autofree char *joined = NULL;

  g_assert_no_error (error);
  capabilities = lpad_euicc_info_capabilities (info);
  joined = g_strjoinv (" ", capabilities);
  g_assert_cmpstr (joined, ==, "test-profile-allow-list iot-minimal");
  g_assert_null (lpad_euicc_info_category (info));
}

/* A chip that leaves things out is still an eUICC. */
static void
test_bare (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEuiccInfo) info = parse ("bf2200", 0xbf22, &error);

  g_assert_no_error (error);
  g_assert_null (info->spec_version);
  g_assert_cmpuint (info->free_memory, ==, 0);
  g_assert_cmpuint (info->verification->len, ==, 0);
  g_assert_cmpuint (info->signing->len, ==, 0);
}

static void
test_memory (void)
{
  static const struct
  {
    const char *hex;
    guint64 octets;
  } cases[] = {
    { "bf22028400", 0 },
    { "bf220484028200", 0 },
    { "bf2205840382"
      "01"
      "ff",
      255 },
    { "bf2206840482"
      "02"
      "8000",
      32768 },
    { "bf220f840d82"
      "0b"
      "00000000000000000012"
      "34",
      0x1234 },
    { "bf220d840b82"
      "09"
      "010000000000000000",
      0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LpadEuiccInfo) info = parse (cases[i].hex, 0xbf22, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (info->free_memory, ==, cases[i].octets);
    }
}

static void
test_malformed (void)
{
  static const char *const bad[]
      = { "",           "bf20",           "bf2001",       "bf2000",       "bf22028500",
          "bf22028800", "bf2203a9010404", "bf2203a90104", "bf2203840182", "bf220000" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (parse (bad[i], 0xbf22, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/euicc-info/info1", test_info1);
  g_test_add_func ("/euicc-info/info2", test_info2);
  g_test_add_func ("/euicc-info/description", test_description);
  g_test_add_func ("/euicc-info/names", test_names);
  g_test_add_func ("/euicc-info/bare", test_bare);
  g_test_add_func ("/euicc-info/memory", test_memory);
  g_test_add_func ("/euicc-info/malformed", test_malformed);
  return g_test_run ();
}
