/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "match.h"

#include "nm-sketch.h"

#define OLD   "8988000000000000001"
#define NEW   "8988000000000000002"
#define MODEM "/sys/devices/usb1/1-1"

/* Connections as "UUID SIM-ID AUTOCONNECT PRIORITY TIMESTAMP", SIM-ID "-": for any. */
typedef struct
{
  const char *connections;
  const char *chosen; /* NULL: none */
  const char *plan;   /* "UUID:AUTOCONNECT:PRIORITY", a blank after each; UUID "new": one that is made */
} Case;

static void
test_plans (void)
{
  const Case cases[] = {
    { "", NULL, "new:1:0 " },
    { "o OLD 1 0 9", NULL, "o:0:0 new:1:0 " },
    { "o OLD 1 -5 9", NULL, "o:0:-5 new:1:0 " },
    { "o OLD 0 999 9", NULL, "new:1:0 " },
    { "o OLD 1 0 9;n NEW 1 0 0", "n", "o:0:0 " },
    { "o OLD 0 999 9;n NEW 1 0 0", "n", "" },
    { "o OLD 1 999 9;p OTHER 1 3 9;n NEW 1 0 0", "n", "o:0:999 p:0:3 " },
    { "n NEW 1 0 0", "n", "" },
    { "n NEW 0 0 0", "n", "" },
    /* others of the same SIM: the one that NetworkManager would take */
    { "a NEW 1 0 5;b NEW 1 0 6", "b", "b:1:1 " },
    { "a NEW 1 1 5;b NEW 1 0 6", "a", "" },
    { "a NEW 0 9 9;b NEW 1 0 6;o OLD 1 0 9", "b", "o:0:0 " },
    /* those for any SIM, also at the maximum */
    { "g - 1 0 9;n NEW 1 0 0", "n", "n:1:1 " },
    { "g - 1 -7 9;n NEW 1 -7 0", "n", "n:1:-6 " },
    { "g - 1 3 9;n NEW 1 4 0", "n", "" },
    { "g - 0 9 9;n NEW 1 0 0", "n", "" },
    { "g - 1 999 9;n NEW 1 0 0", "n", "g:1:998 n:1:999 " },
    { "g - 1 999 9;n NEW 1 999 0", "n", "g:1:998 " },
    { "g - 1 0 0;o OLD 1 0 9;n NEW 1 0 0", "n", "o:0:0 n:1:1 " },
    /* the user wants it only by hand: nor must another SIM's come up instead */
    { "o OLD 1 0 9;n NEW 0 0 0", "n", "o:0:0 " },
    { "o OLD 0 0 9;n NEW 0 0 0", "n", "" },
    { "o OLD 1 4 9;g - 1 0 0;n NEW 0 0 0", "n", "o:0:4 " },
    /* the user's own for any SIM is that of the profile */
    { "g - 1 0 9", NULL, "" },
    { "g - 1 0 0;o OLD 1 0 9", NULL, "o:0:0 " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LpadNmNetwork) network = lpad_nm_network_new ();
      g_autoptr (GPtrArray) plan = NULL;
      g_autoptr (GString) text = g_string_new (NULL);
      const LpadNmConnection *chosen;

      sketch_connections (network, cases[i].connections, OLD, NEW);
      chosen = lpad_nm_match_choose (network->connections, NEW);
      g_assert_cmpstr (chosen != NULL ? chosen->uuid : NULL, ==, cases[i].chosen);
      plan = lpad_nm_match_plan (network->connections, NEW, TRUE);
      for (guint j = 0; j < plan->len; j++)
        {
          const LpadNmChange *change = g_ptr_array_index (plan, j);

          g_string_append_printf (text,
                                  "%s:%d:%d ",
                                  change->connection != NULL ? change->connection->uuid : "new",
                                  change->autoconnect,
                                  change->priority);
        }
      if (!g_str_equal (text->str, cases[i].plan))
        g_error ("%s: %s rather than %s", cases[i].connections, text->str, cases[i].plan);
    }
}

/* When NetworkManager does not have the modem, nothing is made; other SIMs are held back all the same. */
static void
test_a_plan_that_makes_nothing (void)
{
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_new ();
  g_autoptr (GPtrArray) plan = NULL;

  sketch_connections (network, "o OLD 1 0 9", OLD, NEW);
  plan = lpad_nm_match_plan (network->connections, NEW, FALSE);
  g_assert_cmpuint (plan->len, ==, 1);
  g_assert_false (((LpadNmChange *) g_ptr_array_index (plan, 0))->autoconnect);
}

typedef struct
{
  const char *connections;
  const char *iccid; /* in ModemManager; NULL: no modem */
  guint state;       /* of the device; 0: there is none */
  const char *active;
  LpadNmActiveState active_state;
  LpadNmVerdict switched, looked;
} Decision;

static void
check (const Decision *one, gboolean switched, LpadNmVerdict verdict)
{
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_new ();
  LpadNmDecision decision;

  sketch_connections (network, one->connections, OLD, NEW);
  sketch_modem (network, "/m/0", "/sys/other", NEW);
  if (one->iccid != NULL)
    sketch_modem (network, "/m/1", MODEM, one->iccid);
  sketch_device (network, "/d/0", "/m/0", 100);
  if (one->state != 0)
    sketch_device (network, "/d/1", "/m/1", one->state);
  sketch_active (network, "n", "/d/0", LPAD_NM_ACTIVE_ACTIVATED);
  if (one->active != NULL)
    sketch_active (network, one->active, "/d/1", one->active_state);
  decision = lpad_nm_match_decide (network, MODEM, NEW, switched);
  if (decision.verdict != verdict)
    g_error (
        "%s, device %u, active %s: %d", one->connections, one->state, one->active, (int) decision.verdict);
  if (verdict == LPAD_NM_VERDICT_ACTIVATE || verdict == LPAD_NM_VERDICT_MAKE)
    g_assert_cmpstr (decision.device->path, ==, "/d/1");
}

static void
test_decisions (void)
{
#define ACTIVATING   LPAD_NM_ACTIVE_ACTIVATING
#define ACTIVATED    LPAD_NM_ACTIVE_ACTIVATED
#define DEACTIVATING LPAD_NM_ACTIVE_DEACTIVATING
#define DEACTIVATED  LPAD_NM_ACTIVE_DEACTIVATED
#define WAIT         LPAD_NM_VERDICT_WAIT
#define ACTIVATE     LPAD_NM_VERDICT_ACTIVATE
#define MAKE         LPAD_NM_VERDICT_MAKE
#define DONE         LPAD_NM_VERDICT_DONE
#define LEAVE        LPAD_NM_VERDICT_LEAVE
  const char *const both = "o OLD 1 0 9;n NEW 1 0 0";
  const Decision decisions[] = {
    { both, NULL, 0, NULL, 0, WAIT, WAIT },
    { both, "", 30, NULL, 0, WAIT, WAIT },
    { both, OLD, 100, "o", ACTIVATED, WAIT, WAIT },
    { both, NEW, 0, NULL, 0, WAIT, WAIT },
    { both, NEW, 20, NULL, 0, WAIT, WAIT },
    { both, NEW, 30, NULL, 0, ACTIVATE, WAIT },
    { both, NEW, 40, "o", ACTIVATING, ACTIVATE, ACTIVATE },
    { both, NEW, 100, "o", ACTIVATED, ACTIVATE, ACTIVATE },
    { both, NEW, 100, "o", DEACTIVATED, ACTIVATE, WAIT },
    { both, NEW, 40, "n", ACTIVATING, WAIT, WAIT },
    { both, NEW, 110, "n", DEACTIVATING, WAIT, WAIT },
    { both, NEW, 100, "n", ACTIVATED, DONE, DONE },
    { "n NEW 0 0 0", NEW, 30, NULL, 0, LEAVE, LEAVE },
    { "n NEW 0 0 0", NEW, 100, "n", ACTIVATED, DONE, DONE },
    { "g - 1 0 0;o OLD 1 0 9", NEW, 30, NULL, 0, LEAVE, LEAVE },
    { "g - 1 0 0", NEW, 100, "g", ACTIVATED, LEAVE, LEAVE },
    { "g - 1 0 0;n NEW 1 0 0", NEW, 100, "g", ACTIVATED, ACTIVATE, ACTIVATE },
    { "", NEW, 30, NULL, 0, MAKE, LEAVE },
    { "o OLD 1 0 9", NEW, 100, "o", ACTIVATED, MAKE, LEAVE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (decisions); i++)
    {
      check (&decisions[i], TRUE, decisions[i].switched);
      check (&decisions[i], FALSE, decisions[i].looked);
    }
}

static void
test_list (void)
{
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_new ();
  g_autoptr (GVariant) list = NULL;
  g_autofree char *text = NULL;

  sketch_connections (network, "o OLD 1 0 9;g - 1 0 0;h - 1 0 0", OLD, NEW);
  sketch_modem (network, "/m/1", MODEM, NEW);
  sketch_device (network, "/d/1", "/m/1", 100);
  sketch_active (network, "g", "/d/1", ACTIVATED);
  list = g_variant_ref_sink (lpad_nm_match_list (network));
  g_assert_cmpuint (g_variant_n_children (list), ==, 2);
  text = g_variant_print (list, FALSE);
  g_assert_nonnull (g_strstr_len (text, -1, "'iccid': <'" OLD "'>"));
  g_assert_nonnull (g_strstr_len (text, -1, "'iccid': <'" NEW "'>"));
  g_assert_nonnull (g_strstr_len (text, -1, "'state': <'inactive'>"));
  g_assert_nonnull (g_strstr_len (text, -1, "'state': <'activated'>"));
  g_assert_nonnull (g_strstr_len (text, -1, "'uuid': <'g'>"));
  g_assert_null (g_strstr_len (text, -1, "'uuid': <'h'>"));
}

static void
test_what_the_services_show (void)
{
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_new ();
  g_autoptr (GVariant) modems = g_variant_ref_sink (
      g_variant_new_parsed ("@a{oa{sa{sv}}} {'/m/1': {'org.freedesktop.ModemManager1.Modem':"
                            " {'Device': <'/sys/a'>, 'Sim': <objectpath '/sim/1'>},"
                            " 'org.freedesktop.ModemManager1.Modem.Modem3gpp':"
                            " {'InitialEpsBearerSettings': <{'apn': <'lte.example'>}>}},"
                            " '/m/2': {'org.freedesktop.ModemManager1.Modem': {'Device': <5>}},"
                            " '/other': {'x.y': {}}}"));
  g_autoptr (GVariant) objects = g_variant_ref_sink (g_variant_new_parsed (
      "@a{oa{sa{sv}}} {'/d/1': {'org.freedesktop.NetworkManager.Device':"
      " {'DeviceType': <uint32 8>, 'Udi': <'/m/1'>, 'State': <uint32 30>}},"
      " '/d/2': {'org.freedesktop.NetworkManager.Device': {'DeviceType': <uint32 1>}},"
      " '/a/1': {'org.freedesktop.NetworkManager.Connection.Active':"
      " {'Uuid': <'u'>, 'State': <uint32 2>, 'Devices': <[objectpath '/d/1']>}},"
      " '/a/2': {'org.freedesktop.NetworkManager.Connection.Active': {'Devices': <@ao []>}}}"));

  lpad_nm_network_take_modems (network, modems);
  lpad_nm_network_take_objects (network, objects);
  g_assert_cmpuint (network->modems->len, ==, 2);
  g_assert_cmpstr (lpad_nm_match_modem (network, "/sys/a")->path, ==, "/m/1");
  g_assert_cmpstr (lpad_nm_match_modem (network, "/sys/a")->sim, ==, "/sim/1");
  g_assert_cmpstr (lpad_nm_match_modem (network, "/sys/a")->initial_apn, ==, "lte.example");
  g_assert_cmpstr (lpad_nm_match_modem (network, "")->initial_apn, ==, "");
  g_assert_null (lpad_nm_match_modem (network, "/sys/b"));
  g_assert_cmpuint (network->devices->len, ==, 1);
  g_assert_true (lpad_nm_match_has_device (network, "/sys/a"));
  g_assert_false (lpad_nm_match_has_device (network, ""));
  g_assert_cmpuint (network->actives->len, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nm-match/plans", test_plans);
  g_test_add_func ("/nm-match/makes-nothing", test_a_plan_that_makes_nothing);
  g_test_add_func ("/nm-match/decisions", test_decisions);
  g_test_add_func ("/nm-match/list", test_list);
  g_test_add_func ("/nm-match/services", test_what_the_services_show);
  return g_test_run ();
}
