/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "technologies.h"

#include <libmbim-glib.h>
#include <libqmi-glib.h>

static void
assert_names (char **names, const char *expected)
{
  g_auto (GStrv) taken = names;
  g_autofree char *text = g_strjoinv (" ", taken);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_qmi (void)
{
  const QmiDmsRadioInterface all[]
      = { QMI_DMS_RADIO_INTERFACE_5GNR, QMI_DMS_RADIO_INTERFACE_LTE,       QMI_DMS_RADIO_INTERFACE_UMTS,
          QMI_DMS_RADIO_INTERFACE_GSM,  QMI_DMS_RADIO_INTERFACE_LTE,       99,
          QMI_DMS_RADIO_INTERFACE_EVDO, QMI_DMS_RADIO_INTERFACE_CDMA20001X };
  const QmiDmsRadioInterface unknown[] = { 0, 3, 255 };
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (QmiDmsRadioInterface));

  assert_names (lpad_modem_technologies_from_qmi (NULL), "");
  assert_names (lpad_modem_technologies_from_qmi (list), "");
  g_array_append_vals (list, unknown, G_N_ELEMENTS (unknown));
  assert_names (lpad_modem_technologies_from_qmi (list), "");
  g_array_append_vals (list, all, G_N_ELEMENTS (all));
  assert_names (lpad_modem_technologies_from_qmi (list), "gsm umts lte 5gnr cdma2000-1x cdma2000-hrpd");
}

static void
test_mbim (void)
{
  assert_names (lpad_modem_technologies_from_mbim (0), "");
  assert_names (lpad_modem_technologies_from_mbim (MBIM_DATA_CLASS_CUSTOM | 1 << 12), "");
  assert_names (lpad_modem_technologies_from_mbim (MBIM_DATA_CLASS_EDGE), "gsm");
  assert_names (lpad_modem_technologies_from_mbim (MBIM_DATA_CLASS_GPRS | MBIM_DATA_CLASS_EDGE
                                                   | MBIM_DATA_CLASS_UMTS | MBIM_DATA_CLASS_LTE),
                "gsm umts lte");
  assert_names (lpad_modem_technologies_from_mbim (0xFFFFFFFF),
                "gsm umts hsdpa hsupa lte 5g-nsa 5g-sa cdma2000-1x cdma2000-hrpd");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/technologies/qmi", test_qmi);
  g_test_add_func ("/technologies/mbim", test_mbim);
  return g_test_run ();
}
