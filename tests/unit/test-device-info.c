/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device-info.h"

#include "error-details.h"
#include "hex.h"

static LpadCard *
no_card (gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED, "no card");
  return NULL;
}

static void
assert_built (const LpadDevice *caller,
              const LpadChipConfig *config,
              guint64 capability,
              const char *expected)
{
  g_autoptr (LpadChip) chip = lpad_chip_new (config);
  const LpadEuiccInfo info = { .rsp_capability = capability };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) octets = lpad_device_info_build (chip, &info, "ID", caller, &error);
  g_autofree char *text = NULL;
  gsize size;
  const guint8 *data;

  g_assert_no_error (error);
  data = g_bytes_get_data (octets, &size);
  text = lpad_hex_encode (data, size);
  g_assert_cmpstr (text, ==, expected);
}

/* The caller before the configuration, and that before the modem */
static void
test_sources (void)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new ();
  char caller_imei[] = "350608098765437", config_tac[] = "12345678", modem_imei[] = "490154203237518";
  const LpadDevice caller = { .imei = caller_imei };
  LpadChipConfig config = { .connect = no_card, .aids = aids };

  assert_built (NULL, &config, 0, "a00e80024944a108800435290611a100");
  config.modem.imei = modem_imei;
  config.modem.releases[5] = 15;
  assert_built (NULL, &config, 0, "a01d80024944a117800494104502a10585030f00008208941045022373158f");
  config.device.tac = config_tac;
  assert_built (NULL, &config, 0, "a01380024944a10d800421436587a10585030f0000");
  config.device.releases[0] = 5;
  assert_built (&caller, &config, 0, "a01d80024944a117800453608090a10580030500008208536080907856347f");
}

/* deviceInfoExtensibilitySupport, bit 4 */
static void
test_extensibility (void)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new ();
  const LpadChipConfig config = { .connect = no_card,
                                  .aids = aids,
                                  .device = { .releases = { [7] = 2, [8] = 15, [9] = 16, [10] = 17 } } };

  assert_built (
      NULL, &config, ~LPAD_RSP_DEVICE_INFO_EXTENSIBILITY, "a01380024944a10d800435290611a1058703020000");
  assert_built (NULL,
                &config,
                LPAD_RSP_DEVICE_INFO_EXTENSIBILITY,
                "a02280024944a11c800435290611a114870302000088030f000089031000008a03110000");
}

static void
test_wrong (void)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new ();
  const LpadChipConfig config = { .connect = no_card, .aids = aids };
  g_autoptr (LpadChip) chip = lpad_chip_new (&config);
  const LpadEuiccInfo info = { 0 };
  char imei[] = "350608098765436";
  const LpadDevice caller = { .imei = imei };
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_device_info_build (chip, &info, "", &caller, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device-info/sources", test_sources);
  g_test_add_func ("/device-info/extensibility", test_extensibility);
  g_test_add_func ("/device-info/wrong", test_wrong);
  return g_test_run ();
}
