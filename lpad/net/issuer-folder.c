/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "issuer-folder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "certificate.h"
#include "error-details.h"
#include "file.h"
#include "text.h"

#define FILE_NAME_MAX_OCTETS 255

static gboolean
has_fingerprint (gconstpointer issuer, gconstpointer fingerprint)
{
  return g_str_equal (((const LpadIssuer *) issuer)->fingerprint, fingerprint);
}

/* Adds @issuer (taken over) unless it is there. */
static void
take_issuer (GPtrArray *issuers, LpadIssuer *issuer, const char *path, gboolean test, gboolean own)
{
  g_autoptr (LpadIssuer) owned = issuer;

  if (!test && lpad_issuer_is_public_test (issuer))
    g_warning (
        "%s is not used as issuer: it is a public test issuer, which counts only in the folder \"test\"",
        path);
  else if (!g_ptr_array_find_with_equal_func (issuers, issuer->fingerprint, has_fingerprint, NULL))
    {
      issuer->file = g_strdup (path);
      issuer->test = test;
      issuer->own = own;
      g_ptr_array_add (issuers, g_steal_pointer (&owned));
    }
}

static void
load_file (const char *path, gboolean test, gboolean own, GPtrArray *issuers)
{
  g_autofree char *shown = lpad_text_clean ((const guint8 *) path, strlen (path), FILE_NAME_MAX_OCTETS);
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  g_autoptr (GPtrArray) faults = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GBytes) data = lpad_file_read (path, LPAD_CERTIFICATE_MAX);

  if (data == NULL)
    {
      g_warning ("%s is not used as issuer: %s", shown, g_strerror (errno));
      return;
    }
  lpad_issuer_parse_all (data, found, faults);
  for (guint i = 0; i < faults->len; i++)
    g_warning ("%s is not used as issuer: %s", shown, (const char *) faults->pdata[i]);
  for (guint i = 0; i < found->len; i++)
    take_issuer (issuers, found->pdata[i], shown, test, own);
}

void
lpad_issuer_folder_load (const char *folder, gboolean test, gboolean own, GPtrArray *issuers)
{
  g_autofree char *path = g_build_filename (folder, test ? "test" : "production", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) paths = lpad_file_list (path, &error);

  if (paths == NULL)
    g_warning ("issuers cannot be read: %s", error->message);
  for (guint i = 0; paths != NULL && i < paths->len; i++)
    load_file (paths->pdata[i], test, own, issuers);
}

gboolean
lpad_issuer_folder_add (const char *folder, const LpadIssuer *issuer, gboolean test, GError **error)
{
  g_autofree char *kind = g_build_filename (folder, test ? "test" : "production", NULL);
  g_autofree char *name = g_strconcat (issuer->fingerprint, ".pem", NULL);
  g_autofree char *path = g_build_filename (kind, name, NULL);
  g_autofree char *pem = lpad_issuer_pem (issuer);
  g_autoptr (GError) local = NULL;

  /* The file's own error says more about a folder that could not be made. */
  (void) g_mkdir_with_parents (kind, 0700);
  if (g_file_set_contents_full (
          path, pem, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &local))
    return TRUE;
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_FAILED, "the certificate is not installed: %s", local->message);
  return FALSE;
}

gboolean
lpad_issuer_folder_remove (const LpadIssuer *issuer, GError **error)
{
  if (issuer->file != NULL && g_unlink (issuer->file) == 0)
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_FAILED,
               "%s cannot be removed: %s",
               issuer->file != NULL ? issuer->file : "the certificate",
               issuer->file != NULL ? g_strerror (errno) : "it is in no file");
  return FALSE;
}
