/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nm-calls.h"

#define NM_NAME    "org.lpad.Nm1"
#define NM_PATH    "/org/lpad/Nm1"
#define NM_TIMEOUT 5000 /* ms */

/* Who waits for an answer; nobody after a switch. */
typedef struct
{
  GSourceOnceFunc done;
  gpointer user_data;
} Call;

/* One that does not run is no fault. */
static gboolean
is_absent (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (answer == NULL && !is_absent (error))
    g_message ("lpad-nm has not followed a switch: %s", error->message);
  if (call->done != NULL)
    call->done (call->user_data);
  g_free (call);
}

/* @parameters: floating */
static void
call_nm (LpadEuicc *euicc, const char *method, GVariant *parameters, GSourceOnceFunc done, gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->done = done;
  call->user_data = user_data;
  g_dbus_connection_call (lpad_euicc_core (euicc)->connection,
                          NM_NAME,
                          NM_PATH,
                          NM_NAME,
                          method,
                          parameters,
                          NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          NM_TIMEOUT,
                          NULL,
                          on_answer,
                          call);
}

void
lpad_nm_prepare (LpadEuicc *euicc,
                 const char *old_iccid,
                 const char *new_iccid,
                 GSourceOnceFunc done,
                 gpointer user_data)
{
  const char *device = lpad_euicc_place (euicc)->physical_device;

  if (*device == '\0')
    done (user_data);
  else
    call_nm (euicc,
             "PrepareSwitch",
             g_variant_new ("(osss)", lpad_euicc_path (euicc), device, old_iccid, new_iccid),
             done,
             user_data);
}

void
lpad_nm_end (LpadEuicc *euicc, const char *iccid)
{
  const char *device = lpad_euicc_place (euicc)->physical_device;

  if (*device != '\0')
    call_nm (euicc, "EndSwitch", g_variant_new ("(oss)", lpad_euicc_path (euicc), device, iccid), NULL, NULL);
}
