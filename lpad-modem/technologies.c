/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "technologies.h"

#include <libmbim-glib.h>
#include <libqmi-glib.h>

#define NOT_IN_QMI 0

/* MBIM tells steps of UMTS, and with which core 5G works; QMI does not. */
static const struct
{
  const char *name;
  guint qmi;    /* QmiDmsRadioInterface */
  guint32 mbim; /* flags of MbimDataClass */
} technologies[] = {
  { "gsm", QMI_DMS_RADIO_INTERFACE_GSM, MBIM_DATA_CLASS_GPRS | MBIM_DATA_CLASS_EDGE },
  { "umts", QMI_DMS_RADIO_INTERFACE_UMTS, MBIM_DATA_CLASS_UMTS },
  { "hsdpa", NOT_IN_QMI, MBIM_DATA_CLASS_HSDPA },
  { "hsupa", NOT_IN_QMI, MBIM_DATA_CLASS_HSUPA },
  { "lte", QMI_DMS_RADIO_INTERFACE_LTE, MBIM_DATA_CLASS_LTE },
  { "5gnr", QMI_DMS_RADIO_INTERFACE_5GNR, 0 },
  { "5g-nsa", NOT_IN_QMI, MBIM_DATA_CLASS_5G_NSA },
  { "5g-sa", NOT_IN_QMI, MBIM_DATA_CLASS_5G_SA },
  { "cdma2000-1x", QMI_DMS_RADIO_INTERFACE_CDMA20001X, MBIM_DATA_CLASS_1XRTT },
  { "cdma2000-hrpd",
    QMI_DMS_RADIO_INTERFACE_EVDO,
    MBIM_DATA_CLASS_1XEVDO | MBIM_DATA_CLASS_1XEVDO_REVA | MBIM_DATA_CLASS_1XEVDO_REVB },
};

static gboolean
has (const GArray *interfaces, guint interface)
{
  for (guint i = 0; i < interfaces->len; i++)
    {
      if ((guint) g_array_index (interfaces, QmiDmsRadioInterface, i) == interface)
        return TRUE;
    }
  return FALSE;
}

char **
lpad_modem_technologies_from_qmi (const GArray *interfaces)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (gsize i = 0; interfaces != NULL && i < G_N_ELEMENTS (technologies); i++)
    {
      if (technologies[i].qmi != NOT_IN_QMI && has (interfaces, technologies[i].qmi))
        g_strv_builder_add (names, technologies[i].name);
    }
  return g_strv_builder_end (names);
}

char **
lpad_modem_technologies_from_mbim (guint32 classes)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (technologies); i++)
    {
      if ((classes & technologies[i].mbim) != 0)
        g_strv_builder_add (names, technologies[i].name);
    }
  return g_strv_builder_end (names);
}
