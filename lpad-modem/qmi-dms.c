/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmi-dms.h"

#include "identity.h"
#include "modem-error.h"
#include "technologies.h"

#define TIMEOUT       10 /* seconds */
#define RESET_TIMEOUT 20

/* One job with a client of its own, which ends with it. */
typedef struct
{
  QmiDevice *device;
  QmiClient *client;
  LpadPortIdentity *identity;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  if (job->client != NULL)
    {
      qmi_device_release_client (
          job->device, job->client, QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, 1, NULL, NULL, NULL);
      g_object_unref (job->client);
    }
  g_clear_pointer (&job->identity, lpad_port_identity_free);
  g_object_unref (job->device);
  g_free (job);
}

static GTask *
new_task (QmiDevice *device, GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, done, user_data);
  Job *job = g_new0 (Job, 1);

  job->device = g_object_ref (device);
  g_task_set_task_data (task, job, job_free);
  return task;
}

/* What was allocated is released with the job, also when it has been cancelled. */
static gboolean
take_client (GTask *task, GObject *source, GAsyncResult *result)
{
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;

  job->client = qmi_device_allocate_client_finish (QMI_DEVICE (source), result, &error);
  if (job->client == NULL)
    g_task_return_error (task, error);
  return job->client != NULL && !g_task_return_error_if_cancelled (task);
}

static void
allocate (GTask *task, GAsyncReadyCallback done)
{
  Job *job = g_task_get_task_data (task);

  qmi_device_allocate_client (
      job->device, QMI_SERVICE_DMS, QMI_CID_NONE, TIMEOUT, g_task_get_cancellable (task), done, task);
}

/* Who it is: each answer may be missing. */

static void
on_capabilities (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);
  g_autoptr (QmiMessageDmsGetCapabilitiesOutput) output
      = qmi_client_dms_get_capabilities_finish (QMI_CLIENT_DMS (source), result, NULL);
  GArray *interfaces = NULL;

  if (output != NULL)
    qmi_message_dms_get_capabilities_output_get_info (output, NULL, NULL, NULL, NULL, &interfaces, NULL);
  job->identity->technologies = lpad_modem_technologies_from_qmi (interfaces);
  g_task_return_pointer (task, g_steal_pointer (&job->identity), (GDestroyNotify) lpad_port_identity_free);
}

static void
on_revision (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Job *job = g_task_get_task_data (task);
  g_autoptr (QmiMessageDmsGetRevisionOutput) output
      = qmi_client_dms_get_revision_finish (QMI_CLIENT_DMS (source), result, NULL);
  const char *revision = NULL;

  if (output != NULL)
    qmi_message_dms_get_revision_output_get_revision (output, &revision, NULL);
  job->identity->revision = lpad_modem_clean_revision (revision);
  qmi_client_dms_get_capabilities (
      QMI_CLIENT_DMS (source), NULL, TIMEOUT, g_task_get_cancellable (task), on_capabilities, task);
}

static void
on_ids (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Job *job = g_task_get_task_data (task);
  g_autoptr (QmiMessageDmsGetIdsOutput) output
      = qmi_client_dms_get_ids_finish (QMI_CLIENT_DMS (source), result, NULL);
  const char *imei = NULL;

  if (output != NULL)
    qmi_message_dms_get_ids_output_get_imei (output, &imei, NULL);
  job->identity = g_new0 (LpadPortIdentity, 1);
  job->identity->imei = lpad_modem_clean_imei (imei);
  qmi_client_dms_get_revision (
      QMI_CLIENT_DMS (source), NULL, TIMEOUT, g_task_get_cancellable (task), on_revision, task);
}

static void
on_client_to_identify (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);

  if (take_client (task, source, result))
    qmi_client_dms_get_ids (QMI_CLIENT_DMS (job->client),
                            NULL,
                            TIMEOUT,
                            g_task_get_cancellable (task),
                            on_ids,
                            g_object_ref (task));
}

void
lpad_dms_identify (QmiDevice *device, GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
  allocate (new_task (device, cancellable, done, user_data), on_client_to_identify);
}

LpadPortIdentity *
lpad_dms_identify_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Reset */

static void
set_mode (GTask *task, QmiDmsOperatingMode mode, GAsyncReadyCallback done)
{
  Job *job = g_task_get_task_data (task);
  g_autoptr (QmiMessageDmsSetOperatingModeInput) input = qmi_message_dms_set_operating_mode_input_new ();

  qmi_message_dms_set_operating_mode_input_set_mode (input, mode, NULL);
  qmi_client_dms_set_operating_mode (
      QMI_CLIENT_DMS (job->client), input, RESET_TIMEOUT, g_task_get_cancellable (task), done, task);
}

static void
on_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (QmiMessageDmsSetOperatingModeOutput) output
      = qmi_client_dms_set_operating_mode_finish (QMI_CLIENT_DMS (source), result, &error);

  if (output != NULL && qmi_message_dms_set_operating_mode_output_get_result (output, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (
        task, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED, "The modem cannot be reset: %s.", error->message);
}

/* Firmware of Qualcomm's resets from offline only; whether another accepts offline does not matter. */
static void
on_offline (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (QmiMessageDmsSetOperatingModeOutput) output G_GNUC_UNUSED
      = qmi_client_dms_set_operating_mode_finish (QMI_CLIENT_DMS (source), result, NULL);

  set_mode (user_data, QMI_DMS_OPERATING_MODE_RESET, on_reset);
}

static void
on_client_to_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  if (take_client (task, source, result))
    set_mode (g_object_ref (task), QMI_DMS_OPERATING_MODE_OFFLINE, on_offline);
}

void
lpad_dms_reset (QmiDevice *device, GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
  allocate (new_task (device, cancellable, done, user_data), on_client_to_reset);
}

gboolean
lpad_dms_reset_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
