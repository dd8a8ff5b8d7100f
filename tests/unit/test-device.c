/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include "lpad-error.h"

#define GSM        0
#define UTRAN      1
#define CDMA_1X    2
#define CDMA_HRPD  3
#define EUTRAN_EPC 5
#define NR_EPC     8
#define NR_5GC     9

static void
assert_check (const char *imei, const char *tac, gboolean valid)
{
  LpadDevice device = { .imei = g_strdup (imei), .tac = g_strdup (tac) };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (lpad_device_check (&device, &error), ==, valid);
  if (valid)
    g_assert_no_error (error);
  else
    g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
  lpad_device_clear (&device);
}

static void
test_check (void)
{
  assert_check (NULL, NULL, TRUE);
  assert_check ("", NULL, TRUE);
  assert_check ("490154203237518", NULL, TRUE);
  assert_check ("49015420323751", "49015420", TRUE);
  assert_check ("4901542032375101", NULL, TRUE);
  assert_check ("490154203237517", NULL, FALSE);
  assert_check ("4901542032375", NULL, FALSE);
  assert_check ("49015420323751x", NULL, FALSE);
  assert_check (NULL, "", FALSE);
  assert_check (NULL, "4901542", FALSE);
  assert_check (NULL, "490154200", FALSE);
  assert_check (NULL, "4901542x", FALSE);
}

static void
test_release (void)
{
  static const struct
  {
    const char *name;
    guint64 release;
    gboolean valid;
  } cases[] = {
    { "gsm", 1, TRUE },       { "eutran-5gc", 255, TRUE },         { "eutran-epc", 0, FALSE },
    { "nr-5gc", 256, FALSE }, { "nr-5gc", G_MAXUINT64, FALSE },    { "GSM", 5, FALSE },
    { "", 5, FALSE },         { "cdma2000-hrpd-extra", 5, FALSE }, { "rsp-crl", 1, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 releases[LPAD_RELEASES] = { 0 };
      g_autoptr (GError) error = NULL;
      guint sum = 0;

      g_assert_cmpint (
          lpad_device_set_release (releases, cases[i].name, cases[i].release, &error), ==, cases[i].valid);
      for (guint k = 0; k < LPAD_RELEASES; k++)
        sum += releases[k];
      g_assert_cmpuint (sum, ==, cases[i].valid ? cases[i].release : 0);
      if (!cases[i].valid)
        g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
    }
}

static void
test_imei_of_a_modem (void)
{
  static const struct
  {
    const char *said;
    const char *imei; /* NULL: none */
    const char *tac;
  } cases[] = {
    { "490154203237518", "490154203237518", "49015420" },
    { "49015420323751", "49015420323751", "49015420" },
    { "4901542032375101", "4901542032375101", "49015420" },
    { "490154203237510", "49015420323751", "49015420" }, /* the spare digit */
    { "", NULL, NULL },
    { "4901542032375", NULL, NULL },
    { "49015420323751012", NULL, NULL },
    { "49015420323751x", NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LpadDevice named = { 0 }, type = { 0 };

      lpad_device_take_imei (&named, cases[i].said, FALSE);
      g_assert_cmpstr (named.imei, ==, cases[i].imei);
      g_assert_null (named.tac);
      g_assert_true (lpad_device_check (&named, NULL));
      lpad_device_take_imei (&type, cases[i].said, TRUE);
      g_assert_cmpstr (type.tac, ==, cases[i].tac);
      g_assert_null (type.imei);
      lpad_device_clear (&named);
      lpad_device_clear (&type);
    }
}

static void
test_technologies (void)
{
  static const struct
  {
    const char *technologies;
    guint8 releases[LPAD_RELEASES];
  } cases[] = {
    { "", { 0 } },
    { "6g wifi", { 0 } },
    { "gsm", { [GSM] = 3 } },
    { "gsm umts lte", { [GSM] = 3, [UTRAN] = 3, [EUTRAN_EPC] = 8 } },
    { "hsupa hsdpa umts", { [UTRAN] = 6 } },
    { "umts hsdpa", { [UTRAN] = 5 } },
    { "lte 5g-nsa 5g-sa", { [EUTRAN_EPC] = 8, [NR_EPC] = 15, [NR_5GC] = 15 } },
    { "5gnr lte", { [EUTRAN_EPC] = 8, [NR_EPC] = 15 } },
    { "5gnr", { [NR_5GC] = 15 } },
    { "cdma2000-1x cdma2000-hrpd", { [CDMA_1X] = 1, [CDMA_HRPD] = 1 } },
  };
  guint8 known[LPAD_RELEASES] = { [EUTRAN_EPC] = 12 };
  const char *const lte[] = { "lte", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) names = g_strsplit (cases[i].technologies, " ", -1);
      guint8 releases[LPAD_RELEASES] = { 0 };

      lpad_device_take_technologies (releases, (const char *const *) names);
      g_assert_cmpmem (releases, sizeof releases, cases[i].releases, sizeof cases[i].releases);
    }
  lpad_device_take_technologies (known, lte);
  g_assert_cmpuint (known[EUTRAN_EPC], ==, 12);
  lpad_device_take_technologies (known, NULL);
}

/* The first that says anything of the device decides which it is; the releases are a question of their own.
 */
static void
test_choose (void)
{
  char caller_tac[] = "11111111", config_imei[] = "490154203237518", modem_imei[] = "350608098765437",
       none[] = "";
  const LpadDevice silent = { 0 };
  const LpadDevice type = { .tac = caller_tac, .releases = { [NR_5GC] = 15 } };
  const LpadDevice nameless = { .imei = none };
  const LpadDevice config = { .imei = config_imei };
  const LpadDevice modem = { .imei = modem_imei, .releases = { [EUTRAN_EPC] = 12 } };
  const LpadDevice *const all_silent[] = { NULL, &silent, &silent };
  const LpadDevice *const by_caller[] = { &type, &config, &modem };
  const LpadDevice *const by_config[] = { &silent, &config, &modem };
  const LpadDevice *const by_modem[] = { NULL, &silent, &modem };
  const LpadDevice *const by_nobody[] = { &nameless, &config, &modem };
  LpadDevice chosen = lpad_device_choose (all_silent, G_N_ELEMENTS (all_silent));

  g_assert_null (chosen.imei);
  g_assert_null (chosen.tac);

  chosen = lpad_device_choose (by_caller, G_N_ELEMENTS (by_caller));
  g_assert_null (chosen.imei);
  g_assert_cmpstr (chosen.tac, ==, caller_tac);
  g_assert_cmpuint (chosen.releases[NR_5GC], ==, 15);
  g_assert_cmpuint (chosen.releases[EUTRAN_EPC], ==, 0);

  chosen = lpad_device_choose (by_config, G_N_ELEMENTS (by_config));
  g_assert_cmpstr (chosen.imei, ==, config_imei);
  g_assert_cmpuint (chosen.releases[EUTRAN_EPC], ==, 12);

  chosen = lpad_device_choose (by_modem, G_N_ELEMENTS (by_modem));
  g_assert_cmpstr (chosen.imei, ==, modem_imei);

  chosen = lpad_device_choose (by_nobody, G_N_ELEMENTS (by_nobody));
  g_assert_cmpstr (chosen.imei, ==, "");
}

static void
test_copy (void)
{
  char imei[] = "490154203237518";
  const LpadDevice from = { .imei = imei, .releases = { [EUTRAN_EPC] = 15 } };
  LpadDevice device = { 0 };

  lpad_device_copy (&device, &from);
  g_assert_cmpstr (device.imei, ==, imei);
  g_assert_true (device.imei != imei);
  g_assert_cmpuint (device.releases[EUTRAN_EPC], ==, 15);
  lpad_device_clear (&device);
  g_assert_null (device.imei);
  g_assert_cmpuint (device.releases[EUTRAN_EPC], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device/check", test_check);
  g_test_add_func ("/device/release", test_release);
  g_test_add_func ("/device/imei-of-a-modem", test_imei_of_a_modem);
  g_test_add_func ("/device/technologies", test_technologies);
  g_test_add_func ("/device/choose", test_choose);
  g_test_add_func ("/device/copy", test_copy);
  return g_test_run ();
}
