/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "hex.h"

G_STATIC_ASSERT (sizeof FAKE_ADDRESS == sizeof TEST_HOST);

/* Installs the issuer for the device, and makes the chip list it. */
static void
make_trusted (ProcFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = test_der (f->ci);
  g_autofree char *production = NULL;
  g_autofree char *file = NULL;
  g_autofree char *key = NULL;
  g_autofree char *octets = NULL;
  g_autofree char *info1 = NULL;
  g_autofree char *info2 = NULL;
  g_autoptr (GBytes) raw = NULL;
  const char *folders[] = { NULL, NULL };
  const LpadIssuer *issuer;

  f->folder = g_dir_make_tmp ("lpad-test-XXXXXX", &error);
  g_assert_no_error (error);
  production = g_build_filename (f->folder, "production", NULL);
  file = g_build_filename (production, "ci.der", NULL);
  g_assert_cmpint (g_mkdir (production, 0700), ==, 0);
  g_assert_true (
      g_file_set_contents (file, g_bytes_get_data (der, NULL), (gssize) g_bytes_get_size (der), &error));
  folders[0] = f->folder;
  f->context.trust = lpad_trust_load (folders, FALSE);
  g_assert_cmpuint (lpad_trust_issuers (f->context.trust)->len, ==, 1);
  issuer = g_ptr_array_index (lpad_trust_issuers (f->context.trust), 0);

  key = lpad_hex_encode (g_bytes_get_data (issuer->key_identifier, NULL), 20);
  octets = g_strdup_printf ("358203020500a9160414%saa160414%s", key, key);
  info1 = g_strconcat ("bf20", octets, NULL);
  info2 = g_strconcat ("bf22", octets, NULL);
  fake_chip_on (f->fake, "bf20", info1);
  fake_chip_on (f->fake, "bf22", info2);
  raw = lpad_hex_decode (info2, 256, NULL);
  f->info = lpad_euicc_info_parse (raw, 0xbf22, &error);
  g_assert_no_error (error);
}

void
proc_fixture_set_up (ProcFixture *f, gconstpointer unused)
{
  TestServerOptions options = { 0 };

  f->fake = fake_chip_new ();
  f->chip = fake_chip_connect (f->fake);
  f->ci = test_credential_new (&test_ci, NULL);
  f->leaf = test_credential_new (&test_tls, f->ci);
  options.credential = f->leaf;
  f->server = test_server_new (&options);
  f->context.net = lpad_net_config_new ();
  f->context.net->allow_private = TRUE;
  f->context.net->connect_to = g_new0 (char *, 3);
  f->context.net->connect_to[0]
      = g_strdup_printf (TEST_HOST ":443=127.0.0.1:%u", test_server_port (f->server));
  f->context.net->connect_to[1] = g_strdup (TEST_DEAD_HOST ":443=127.0.0.1:1");
  make_trusted (f);
}

void
proc_fixture_tear_down (ProcFixture *f, gconstpointer unused)
{
  g_autofree char *production = g_build_filename (f->folder, "production", NULL);
  g_autofree char *file = g_build_filename (production, "ci.der", NULL);

  lpad_chip_free (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  fake_chip_free (f->fake);
  test_server_free (f->server);
  lpad_net_config_free (f->context.net);
  lpad_trust_unref (f->context.trust);
  lpad_euicc_info_free (f->info);
  test_credential_free (f->leaf);
  test_credential_free (f->ci);
  g_unlink (file);
  g_rmdir (production);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
}

void
proc_fixture_accept (ProcFixture *f, guint count)
{
  for (guint i = 0; i < count; i++)
    test_server_add (f->server, TEST_KEEP, "HTTP/1.1 204 No Content\r\n\r\n");
}
