/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-load.h"

#include <glib/gstdio.h>

#include "error-details.h"

typedef struct
{
  char *folder;
  char *path;     /* lpad.conf */
  char *drop_ins; /* lpad.conf.d */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("lpad-config-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "lpad.conf", NULL);
  fixture->drop_ins = g_build_filename (fixture->folder, "lpad.conf.d", NULL);
  g_assert_cmpint (g_mkdir (fixture->drop_ins, 0700), ==, 0);
}

static void
remove_all (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_all (path);
      else
        g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_all (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->drop_ins);
}

static void
write_file (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
write_drop_in (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->drop_ins, name, NULL);

  write_file (path, text);
}

static LpadConfig *
load (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  LpadConfig *config = lpad_config_load (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (config);
  return config;
}

/* The configuration that @text makes, and the only warning that it gives, or NULL. */
static LpadConfig *
load_text (Fixture *fixture, const char *text, const char *warning)
{
  LpadConfig *config;

  write_file (fixture->path, text);
  config = load (fixture);
  g_assert_cmpuint (config->warnings->len, ==, warning != NULL ? 1 : 0);
  if (warning != NULL)
    {
      g_autofree char *full = g_strdup_printf ("%s:%s", fixture->path, warning);

      g_assert_cmpstr (g_ptr_array_index (config->warnings, 0), ==, full);
    }
  return config;
}

static void
test_no_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadConfig) config = load (fixture);

  g_assert_false (config->test_mode);
  g_assert_cmpuint (config->idle_timeout_s, ==, 30);
  g_assert_cmpuint (config->segment_size, ==, 255);
  g_assert_cmpuint (config->prompt_timeout_s, ==, 300);
  g_assert_cmpuint (config->rollback_timeout_s, ==, 0);
  g_assert_cmpint (config->refresh, ==, -1);
  g_assert_false (config->unattended);
  g_assert_null (config->discovery_servers);
  g_assert_false (config->discovery_at_power_on);
  g_assert_cmpuint (config->discovery_retry_s, ==, 60);
  g_assert_false (config->net->allow_private);
  g_assert_null (config->net->allowed_servers);
  g_assert_cmpuint (config->isdr_aids->len, >=, 1);
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (config->isdr_aids, 0)), ==, 16);
  g_assert_cmpuint (config->warnings->len, ==, 0);
}

static void
test_every_key (Fixture *fixture, gconstpointer data)
{
  static const guint8 aid[] = { 0xa0, 0x00, 0x00, 0x05, 0x59 };
  g_autoptr (LpadConfig) config
      = load_text (fixture,
                   "[General]\nTestMode=true\nIdleTimeout=0\n"
                   "[Card]\nIsdrAids=A000000559;\nSegmentSize=120\nApduTimeout=5\n"
                   "RefreshTimeout=7\nRefresh=false\n"
                   "[Modem]\nEnabled=false\n"
                   "[Network]\nAllowPrivateAddresses=true\nConnectTo=a.b:443=127.0.0.1:1;\n"
                   "Proxy=http://p:1\nAllowedServers=SMDP.example.com; ds.example.com\n"
                   "ConnectTimeout=1\nStallTimeout=2\nRequestTimeout=3\nDownloadTimeout=4\n"
                   "[Trust]\nIssuerFolders=/one;/two\nCrlFolders=/three\nPkcs11Module=/four.so\n"
                   "[Server:SMDP.example.com]\nClientCertificate=/cert\nClientKey=pkcs11:object=key\n"
                   "[Policy]\nUnattended=true\nPromptTimeout=9\n"
                   "[Discovery]\nServers=DS.example.com;other.example.com\nAtPowerOn=true\nRetryAfter=8\n"
                   "[Device]\nImei=490154203237518\nTac=35060809\nReleases=gsm:5; eutran-epc:15\n",
                   NULL);
  g_autoptr (GBytes) wanted = g_bytes_new_static (aid, sizeof aid);
  const LpadServerConfig *server;

  g_assert_true (config->test_mode);
  g_assert_cmpuint (config->idle_timeout_s, ==, 0);
  g_assert_cmpuint (config->isdr_aids->len, ==, 1);
  g_assert_true (g_bytes_equal (g_ptr_array_index (config->isdr_aids, 0), wanted));
  g_assert_cmpuint (config->segment_size, ==, 120);
  g_assert_cmpuint (config->apdu_timeout_ms, ==, 5000);
  g_assert_cmpuint (config->refresh_timeout_ms, ==, 7000);
  g_assert_cmpint (config->refresh, ==, FALSE);
  g_assert_false (config->modems);
  g_assert_true (config->net->allow_private);
  g_assert_cmpstr (config->net->connect_to[0], ==, "a.b:443=127.0.0.1:1");
  g_assert_cmpstr (config->net->proxy, ==, "http://p:1");
  g_assert_cmpstr (config->net->allowed_servers[0], ==, "smdp.example.com");
  g_assert_cmpstr (config->net->allowed_servers[1], ==, "ds.example.com");
  g_assert_cmpuint (config->net->connect_timeout_ms, ==, 1000);
  g_assert_cmpuint (config->net->stall_timeout_s, ==, 2);
  g_assert_cmpuint (config->net->total_timeout_ms, ==, 3000);
  g_assert_cmpuint (config->net->download_timeout_ms, ==, 4000);
  g_assert_cmpstr (config->issuer_folders[1], ==, "/two");
  g_assert_cmpstr (config->crl_folders[0], ==, "/three");
  g_assert_cmpstr (config->net->pkcs11_module, ==, "/four.so");
  g_assert_cmpuint (config->net->servers->len, ==, 1);
  server = lpad_net_config_find_server (config->net, "smdp.example.com");
  g_assert_cmpstr (server->certificate, ==, "/cert");
  g_assert_cmpstr (server->key, ==, "pkcs11:object=key");
  g_assert_true (config->unattended);
  g_assert_cmpuint (config->prompt_timeout_s, ==, 9);
  g_assert_cmpstr (config->discovery_servers[0], ==, "ds.example.com");
  g_assert_cmpstr (config->discovery_servers[1], ==, "other.example.com");
  g_assert_true (config->discovery_at_power_on);
  g_assert_cmpuint (config->discovery_retry_s, ==, 8);
  g_assert_cmpstr (config->device.imei, ==, "490154203237518");
  g_assert_cmpstr (config->device.tac, ==, "35060809");
  g_assert_cmpuint (config->device.releases[0], ==, 5);
  g_assert_cmpuint (config->device.releases[5], ==, 15);
}

static void
test_warnings (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *text;
    const char *warning;
  } cases[] = {
    { "# a comment\n[General]\n\nTestMod=true\n", "4: [General] TestMod: unknown key" },
    { "[General]\nIdleTimeout=5\n[Generell]\nIdleTimeout=6\n", "4: [Generell] IdleTimeout: unknown section" },
    { "[General]\nTestMode=maybe\n", "2: [General] TestMode: must be true or false" },
    { "[Reader:A]\nIdentifier=eid\n", "2: [Reader:A] Identifier: must be iccid or aid" },
    { "[Card]\nSegmentSize=300\n", "2: [Card] SegmentSize: must be a number from 16 to 255" },
    { "[Card]\nSegmentSize=12x\n", "2: [Card] SegmentSize: must be a number from 16 to 255" },
    { "[Server:10.0.0.1]\nClientKey=/key\n",
      "2: [Server:10.0.0.1] ClientKey: “10.0.0.1” is no host name without a port" },
    { "[Server:a.example.com:8443]\nClientKey=/key\n",
      "2: [Server:a.example.com:8443] ClientKey: “a.example.com:8443” is no host name without a port" },
    { "[Card]\nSegmentSize=-1\n", "2: [Card] SegmentSize: must be a number from 16 to 255" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LpadConfig) config = load_text (fixture, cases[i].text, cases[i].warning);

      g_assert_false (config->test_mode);
      g_assert_cmpuint (config->segment_size, ==, 255);
    }
}

/* A rule of which one entry is not understood must not turn into "any server". */
static void
test_allowed_servers_fail_closed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadConfig) config = NULL;

  write_file (fixture->path, "[Network]\nAllowedServers=not a name\n");
  config = load (fixture);
  g_assert_cmpuint (config->warnings->len, ==, 1);
  g_assert_nonnull (config->net->allowed_servers);
  g_assert_null (config->net->allowed_servers[0]);
}

static void
test_drop_ins (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadConfig) config = NULL;

  write_file (fixture->path, "[Card]\nSegmentSize=200\nRefresh=false\n");
  write_drop_in (fixture, "20-b.conf", "[Card]\nSegmentSize=100\n");
  write_drop_in (fixture, "10-a.conf", "[Card]\nSegmentSize=50\nUnknown=1\n");
  write_drop_in (fixture, "30-c.conf.bak", "[Card]\nSegmentSize=30\n");
  config = load (fixture);
  g_assert_cmpuint (config->segment_size, ==, 100);
  g_assert_cmpint (config->refresh, ==, FALSE);
  g_assert_cmpuint (config->warnings->len, ==, 1);
  g_assert_true (strstr (g_ptr_array_index (config->warnings, 0), "10-a.conf:3: ") != NULL);
}

static void
test_readers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadConfig) config = load_text (fixture,
                                             "[Card]\nSegmentSize=200\n"
                                             "[Reader:ACME *]\nSegmentSize=100\n"
                                             "[Reader:*Two*]\nRefresh=false\nIdentifier=aid\n"
                                             "[Reader:*Three*]\nIdentifier=iccid\n"
                                             "[Reader:/dev/cdc-wdm? slot 1]\nRemovable=false\n",
                                             NULL);

  g_assert_cmpuint (lpad_config_segment_size (config, "Other 00 00"), ==, 200);
  g_assert_cmpint (lpad_config_refresh (config, "Other 00 00"), ==, LPAD_REFRESH_EITHER);
  g_assert_cmpint (lpad_config_identifier (config, "Other 00 00"), ==, 0);
  g_assert_cmpuint (lpad_config_segment_size (config, "ACME Two 00"), ==, 100);
  g_assert_cmpint (lpad_config_refresh (config, "ACME Two 00"), ==, LPAD_REFRESH_NEVER);
  g_assert_cmpint (lpad_config_identifier (config, "ACME Two 00"), ==, LPAD_PROFILE_ID_AID);
  g_assert_cmpint (lpad_config_identifier (config, "Number Three"), ==, LPAD_PROFILE_ID_ICCID);
  g_assert_true (lpad_config_removable (config, "Number Three", TRUE));
  g_assert_false (lpad_config_removable (config, "Number Three", FALSE));
  g_assert_false (lpad_config_removable (config, "/dev/cdc-wdm0 slot 1", TRUE));
  g_assert_true (lpad_config_removable (config, "/dev/cdc-wdm0 slot 2", TRUE));
}

static void
test_broken_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  write_file (fixture->path, "AllowedServers without a section\n");
  config = lpad_config_load (fixture->path, &error);
  g_assert_null (config);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
  g_assert_true (strstr (error->message, fixture->path) != NULL);
}

static void
test_provisioning (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadConfig) config = load_text (fixture, "", NULL);

  g_assert_cmpint (config->provisioning_use, ==, LPAD_PROVISIONING_ASK_CALLER);
  g_assert_null (config->provisioning_profile);
  g_assert_cmpuint (config->provisioning_wait_s, ==, 180);
  g_assert_null (config->first_boot_smdp);
  g_assert_false (config->first_boot_smds || config->first_boot_consent || config->first_boot_enable
                  || config->first_boot_accept_rules || config->first_boot_provisioning);
  lpad_config_free (config);

  config = load_text (fixture,
                      "[Provisioning]\nUse=no-route\nProfile=89014103211118510720\nWaitTime=20\n"
                      "[FirstBoot]\nSmdp=RSP.example.com\nSmds=true\nConsent=true\nEnable=true\n"
                      "AcceptPolicyRules=true\nUseProvisioning=true\nRetryAfter=5\n",
                      NULL);
  g_assert_cmpint (config->provisioning_use, ==, LPAD_PROVISIONING_NO_ROUTE);
  g_assert_cmpstr (config->provisioning_profile, ==, "89014103211118510720");
  g_assert_cmpuint (config->provisioning_wait_s, ==, 20);
  g_assert_cmpstr (config->first_boot_smdp, ==, "rsp.example.com");
  g_assert_true (config->first_boot_smds && config->first_boot_consent && config->first_boot_enable
                 && config->first_boot_accept_rules && config->first_boot_provisioning);
  g_assert_cmpuint (config->first_boot_retry_s, ==, 5);
}

static void
test_provisioning_mistakes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadConfig) use = load_text (fixture,
                                          "[Provisioning]\nUse=always\n",
                                          "2: [Provisioning] Use: must be never, ask-caller or no-route");
  g_autoptr (LpadConfig) iccid = NULL;
  g_autoptr (LpadConfig) boot = NULL;

  g_assert_cmpint (use->provisioning_use, ==, LPAD_PROVISIONING_ASK_CALLER);
  write_file (fixture->path, "[Provisioning]\nProfile=8901\n");
  iccid = load (fixture);
  g_assert_null (iccid->provisioning_profile);
  g_assert_cmpuint (iccid->warnings->len, ==, 1);
  boot = load_text (fixture, "[FirstBoot]\nSmdp=default\n", NULL);
  g_assert_cmpstr (boot->first_boot_smdp, ==, "default");
  write_file (fixture->path, "[FirstBoot]\nSmdp=no host\n");
  lpad_config_free (boot);
  boot = load (fixture);
  g_assert_null (boot->first_boot_smdp);
  g_assert_cmpuint (boot->warnings->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add ("/config/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("no-file", test_no_file);
  ADD ("every-key", test_every_key);
  ADD ("warnings", test_warnings);
  ADD ("allowed-servers-fail-closed", test_allowed_servers_fail_closed);
  ADD ("drop-ins", test_drop_ins);
  ADD ("readers", test_readers);
  ADD ("broken-file", test_broken_file);
  ADD ("provisioning", test_provisioning);
  ADD ("provisioning/mistakes", test_provisioning_mistakes);
#undef ADD
  return g_test_run ();
}
