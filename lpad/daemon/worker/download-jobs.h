/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "job.h"

G_BEGIN_DECLS

/* The parts of a download that run on the chip's worker. Between the first and the last of them the download
 * is LpadWorkbench.download. The caller sets lpad_job.done. */

/**
 * lpad_download_authenticate_job_new: up to what the server offers.
 * @device: what the caller says of the device; copied
 * @hold: nobody will be asked: the next job follows at once
 */
LpadJob *
lpad_download_authenticate_job_new (const LpadActivationCode *code, const LpadDevice *device, gboolean hold);
LpadOffer *lpad_download_authenticate_job_steal_offer (LpadJob *job);

/** lpad_download_authenticate_job_look_up: the matching ID is that of the waiting profile @id; the SM-DS
 * @smds_address has to tell it first. */
void lpad_download_authenticate_job_look_up (LpadJob *job, const char *id, const char *smds_address);

/** lpad_download_authenticate_job_search: what is downloaded is the first profile that waits at one of the
 * SM-DSs @servers. %LPAD_ERROR_NOT_FOUND: none does */
void lpad_download_authenticate_job_search (LpadJob *job, char **servers);

/**
 * LpadDownloadInstall: what the user has agreed to.
 * @may_retry: a refused confirmation code does not end the download
 */
typedef struct
{
  LpadSecret *confirmation_code;
  gboolean may_retry;
  const char *nickname;
  gboolean enable;
} LpadDownloadInstall;

/** lpad_download_install_job_new: the rest; copies @what. */
LpadJob *lpad_download_install_job_new (const LpadDownloadInstall *what);

/** lpad_download_install_job_iccid: the profile that is on the chip now, whatever the job's error; else NULL.
 */
GBytes *lpad_download_install_job_iccid (LpadJob *job);

/** lpad_download_install_job_may_retry: the confirmation code was refused, and the download is still there.
 */
gboolean lpad_download_install_job_may_retry (LpadJob *job);

/** lpad_download_cancel_job_new: the answer is no, later, or none. */
LpadJob *lpad_download_cancel_job_new (LpadCancelReason reason);

G_END_DECLS
