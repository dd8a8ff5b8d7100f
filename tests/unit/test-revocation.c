/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "revocation.h"

#include <glib/gstdio.h>
#include <string.h>

#include "proc-fixture.h"

#define LOAD_CRL "bf35"
#define TAKEN    "bf3502a000"

/* The device has one list of the issuer that the chip trusts, and one of another. */
static void
put_list (const char *folder, const char *name, const TestCredential *issuer)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  X509_CRL *crl = test_crl_new (issuer, NULL, -1, 30);
  guint8 *der = NULL;
  int size = i2d_X509_CRL (crl, &der);

  g_assert_true (g_file_set_contents (path, (const char *) der, size, NULL));
  OPENSSL_free (der);
  X509_CRL_free (crl);
}

static void
set_up (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (TestCredential) other = NULL;
  g_autofree char *crls = NULL;

  proc_fixture_set_up (f, unused);
  other = test_credential_new (&test_ci, NULL);
  crls = g_build_filename (f->folder, "crls", NULL);
  g_assert_cmpint (g_mkdir (crls, 0700), ==, 0);
  put_list (crls, "ours.crl", f->ci);
  put_list (crls, "other.crl", other);
  const char *folders[] = { f->folder, NULL };
  const char *crl_folders[] = { crls, NULL };
  LpadTrustSources sources = { .folders = folders, .crl_folders = crl_folders };
  lpad_trust_slot_set (f->context.trust, lpad_trust_load (&sources));
  f->info->rsp_capability |= LPAD_RSP_CRL;
}

static void
tear_down (ProcFixture *f, gconstpointer unused)
{
  static const char *const names[] = { "crls/ours.crl", "crls/other.crl", "crls" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (f->folder, names[i], NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  proc_fixture_tear_down (f, unused);
}

static guint
load (ProcFixture *f)
{
  guint before = fake_chip_calls (f->fake, LOAD_CRL);

  lpad_revocation_load (f->chip, &f->context, f->info, NULL);
  return fake_chip_calls (f->fake, LOAD_CRL) - before;
}

/* The list of the chip's issuer, once. */
static void
test_taken (ProcFixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, LOAD_CRL, TAKEN);
  g_assert_cmpuint (load (f), ==, 1);
  g_assert_cmpuint (load (f), ==, 0);
}

static void
test_incapable (ProcFixture *f, gconstpointer unused)
{
  f->info->rsp_capability = ~(guint64) LPAD_RSP_CRL;
  g_assert_cmpuint (load (f), ==, 0);
}

static void
test_fresher (ProcFixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, LOAD_CRL, "bf3503810105");
  g_assert_cmpuint (load (f), ==, 1);
  g_assert_cmpuint (load (f), ==, 0);
}

/* Each other result, and a chip that does not know the function after all, are told once. */
static void
test_refused (ProcFixture *f, gconstpointer unused)
{
  static const char *const answers[] = { "bf3503810101", "bf3503810102", "bf3503810103", "bf3503810104",
                                         "bf3503810106", "bf350381017f", "sw 6a88" };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_hash_table_remove_all (lpad_chip_revocations (f->chip));
      fake_chip_on (f->fake, LOAD_CRL, answers[i]);
      g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "The chip does not take a list of revoked*");
      g_assert_cmpuint (load (f), ==, 1);
      g_test_assert_expected_messages ();
      g_assert_cmpuint (load (f), ==, 0);
    }
}

/* Who has not answered is asked again the next time. */
static void
test_lost (ProcFixture *f, gconstpointer unused)
{
  fake_chip_once (f->fake, LOAD_CRL, "! removed");
  fake_chip_on (f->fake, LOAD_CRL, TAKEN);
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "The chip does not take a list of revoked*");
  g_assert_cmpuint (load (f), ==, 1);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (load (f), ==, 1);
  g_assert_cmpuint (load (f), ==, 0);
}

#define ADD(path, test) g_test_add ("/revocation/" path, ProcFixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("taken", test_taken);
  ADD ("incapable", test_incapable);
  ADD ("fresher", test_fresher);
  ADD ("refused", test_refused);
  ADD ("lost", test_lost);
  return g_test_run ();
}
