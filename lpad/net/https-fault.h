/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>
#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadHttpsFault: what is known of a transfer that failed. Inside net/ only.
 * @system_error: errno of the failed connect, 0: none
 * @alert: TLS alert that either side sent (RFC 8446 6), -1: none
 * @alert_is_theirs: it was the server that sent it
 * @certificate_wanted: the server asked for a certificate of this device
 * @certificate_shown: one is configured, so the server got it
 * @octets: of the answer, its headers included, that had come
 * @local_address: an address was refused because it is not on the public Internet
 * @too_large: the answer exceeded @maximum, or its headers theirs
 */
typedef struct
{
  CURLcode code;
  const char *host;
  const char *words; /* curl's own, for the debug log */
  long system_error;
  int alert;
  gboolean alert_is_theirs;
  gboolean certificate_wanted;
  gboolean certificate_shown;
  guint64 octets;
  gboolean connected;
  gboolean deadline_passed;
  gboolean local_address;
  gboolean too_large;
  gsize maximum;
} LpadHttpsFault;

/** lpad_https_fault_set_error: the error of @fault, with a sentence, retry and order. */
void lpad_https_fault_set_error (const LpadHttpsFault *fault, GError **error);

G_END_DECLS
