/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provisioning.h"

#include <string.h>

#include "error-details.h"

#define ICCID_SIZE 10
#define WAIT_S     10

/** A chip with the profiles that @text names, in this order: "O" operational, "P" provisioning, "T" test, "R"
 * provisioning that must not be disabled; "+" behind one: enabled. The last octet of an ICCID is its place.
 */
static LpadInventory *
chip_with (const char *text)
{
  LpadInventory *inventory = g_new0 (LpadInventory, 1);

  inventory->profiles = g_ptr_array_new ();
  for (; *text != '\0'; text++)
    {
      LpadProfile *profile;
      guint8 iccid[ICCID_SIZE] = { 0x98, 0x99 };

      if (*text == '+')
        {
          ((LpadProfile *) inventory->profiles->pdata[inventory->profiles->len - 1])->state
              = LPAD_PROFILE_ENABLED;
          continue;
        }
      profile = g_new0 (LpadProfile, 1);
      iccid[ICCID_SIZE - 1] = (guint8) inventory->profiles->len;
      profile->iccid = g_bytes_new (iccid, sizeof iccid);
      profile->state = LPAD_PROFILE_DISABLED;
      profile->profile_class = *text == 'O'   ? LPAD_PROFILE_CLASS_OPERATIONAL
                               : *text == 'T' ? LPAD_PROFILE_CLASS_TEST
                                              : LPAD_PROFILE_CLASS_PROVISIONING;
      profile->policy_rules = *text == 'R' ? LPAD_PPR1 : 0;
      g_ptr_array_add (inventory->profiles, profile);
    }
  return inventory;
}

static void
chip_free (LpadInventory *inventory)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      LpadProfile *profile = inventory->profiles->pdata[i];

      g_bytes_unref (profile->iccid);
      g_free (profile);
    }
  g_ptr_array_unref (inventory->profiles);
  g_free (inventory);
}

static GBytes *
iccid_at (int place)
{
  guint8 iccid[ICCID_SIZE] = { 0x98, 0x99 };

  if (place < 0)
    return NULL;
  iccid[ICCID_SIZE - 1] = (guint8) place;
  return g_bytes_new (iccid, sizeof iccid);
}

static void
test_find (void)
{
  static const struct
  {
    const char *chip;
    const char *iccid;
    int place; /* -1: @code */
    LpadError code;
  } cases[] = {
    { "OPP", NULL, 1, 0 },
    { "OPP", "89990000000000000020", 2, 0 },
    { "OT", NULL, -1, LPAD_ERROR_NOT_FOUND },
    { "", NULL, -1, LPAD_ERROR_NOT_FOUND },
    { "OPP", "89990000000000000070", -1, LPAD_ERROR_NOT_FOUND },
    { "OPP", "89990000000000000000", -1, LPAD_ERROR_WRONG_STATE },
    { "OTP", "89990000000000000010", -1, LPAD_ERROR_WRONG_STATE },
    { "OR", NULL, -1, LPAD_ERROR_POLICY_VIOLATION },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LpadInventory *chip = chip_with (cases[i].chip);
      g_autoptr (GError) error = NULL;
      const LpadProfile *found = lpad_provisioning_find (chip, cases[i].iccid, &error);

      if (cases[i].place >= 0)
        {
          g_assert_no_error (error);
          g_assert_true (found == chip->profiles->pdata[cases[i].place]);
        }
      else
        {
          g_assert_null (found);
          g_assert_error (error, LPAD_ERROR, (int) cases[i].code);
          g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
        }
      chip_free (chip);
    }
}

static GError *
new_error (LpadError code, LpadOrder order, LpadRetry retry, guint http_status)
{
  GError *error = NULL;

  g_set_error_literal (&error, LPAD_ERROR, (int) code, "It failed");
  lpad_error_details (error)->order = order;
  lpad_error_details (error)->retry = retry;
  lpad_error_details (error)->http_status = http_status;
  return error;
}

static void
test_may_help (void)
{
  static const struct
  {
    LpadProvisioningUse use;
    LpadProvisioningWish wish;
    const char *chip;
    LpadError code;
    LpadOrder order;
    LpadRetry retry;
    guint http_status;
    gboolean may;
  } cases[] = {
#define NO_WAY LPAD_ERROR_SERVER_UNREACHABLE, LPAD_ORDER_USABLE, LPAD_RETRY_LATER, 0
    { LPAD_PROVISIONING_NO_ROUTE, LPAD_PROVISIONING_NOT_SAID, "P", NO_WAY, TRUE },
    { LPAD_PROVISIONING_NO_ROUTE, LPAD_PROVISIONING_NOT_SAID, "OP", NO_WAY, TRUE },
    { LPAD_PROVISIONING_NO_ROUTE, LPAD_PROVISIONING_NOT_SAID, "OP+", NO_WAY, TRUE },
    { LPAD_PROVISIONING_NO_ROUTE, LPAD_PROVISIONING_UNWANTED, "P", NO_WAY, FALSE },
    { LPAD_PROVISIONING_ASK_CALLER, LPAD_PROVISIONING_NOT_SAID, "P", NO_WAY, FALSE },
    { LPAD_PROVISIONING_NEVER, LPAD_PROVISIONING_NOT_SAID, "P", NO_WAY, FALSE },
    /* A subscription that is in use is not taken away. */
    { LPAD_PROVISIONING_NO_ROUTE, LPAD_PROVISIONING_NOT_SAID, "O+P", NO_WAY, FALSE },
    { LPAD_PROVISIONING_NO_ROUTE, LPAD_PROVISIONING_NOT_SAID, "T+P", NO_WAY, FALSE },
    { LPAD_PROVISIONING_NO_ROUTE, LPAD_PROVISIONING_NOT_SAID, "O", NO_WAY, FALSE },
    /* The server is there, not allowed, or not what is missing. */
    { LPAD_PROVISIONING_NO_ROUTE,
      LPAD_PROVISIONING_NOT_SAID,
      "P",
      LPAD_ERROR_SERVER_UNREACHABLE,
      LPAD_ORDER_USABLE,
      LPAD_RETRY_LATER,
      503,
      FALSE },
    { LPAD_PROVISIONING_NO_ROUTE,
      LPAD_PROVISIONING_NOT_SAID,
      "P",
      LPAD_ERROR_SERVER_UNREACHABLE,
      LPAD_ORDER_USABLE,
      LPAD_RETRY_USELESS,
      0,
      FALSE },
    { LPAD_PROVISIONING_NO_ROUTE,
      LPAD_PROVISIONING_NOT_SAID,
      "P",
      LPAD_ERROR_SERVER_UNREACHABLE,
      LPAD_ORDER_UNKNOWN,
      LPAD_RETRY_LATER,
      0,
      FALSE },
    { LPAD_PROVISIONING_NO_ROUTE,
      LPAD_PROVISIONING_NOT_SAID,
      "P",
      LPAD_ERROR_SERVER_NOT_TRUSTED,
      LPAD_ORDER_USABLE,
      LPAD_RETRY_LATER,
      0,
      FALSE },
#undef NO_WAY
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LpadInventory *chip = chip_with (cases[i].chip);
      g_autoptr (GError) error
          = new_error (cases[i].code, cases[i].order, cases[i].retry, cases[i].http_status);

      if (lpad_provisioning_may_help (cases[i].use, cases[i].wish, chip, error) != cases[i].may)
        g_error ("case %" G_GSIZE_FORMAT, i);
      chip_free (chip);
    }
}

static void
test_begin (void)
{
  static const struct
  {
    const char *chip;
    int before;
    LpadProvisioningStep step;
  } cases[] = {
    { "OP", -1, LPAD_PROVISIONING_ENABLE },
    { "O+P", 0, LPAD_PROVISIONING_ENABLE },
    { "OP+", 1, LPAD_PROVISIONING_TRY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LpadInventory *chip = chip_with (cases[i].chip);
      LpadProvisioningPlan plan = { 0 };
      g_autoptr (GBytes) before = iccid_at (cases[i].before);

      g_assert_cmpint (
          lpad_provisioning_plan_begin (&plan, chip, chip->profiles->pdata[1], WAIT_S), ==, cases[i].step);
      g_assert_true (before == NULL ? plan.before == NULL : g_bytes_equal (plan.before, before));
      lpad_provisioning_plan_set_before (&plan, NULL);
      g_assert_null (plan.before);
      lpad_provisioning_plan_clear (&plan);
      chip_free (chip);
    }
}

/* Pauses grow, and never lead past the end of the time. */
static void
test_wait (void)
{
  LpadProvisioningPlan plan = { .wait_s = WAIT_S };
  g_autoptr (GError) no_way
      = new_error (LPAD_ERROR_SERVER_UNREACHABLE, LPAD_ORDER_USABLE, LPAD_RETRY_LATER, 0);
  gint64 now = 5000;
  guint last = 0, tries = 0;

  while (lpad_provisioning_plan_tried (&plan, no_way, now) == LPAD_PROVISIONING_PAUSE)
    {
      g_assert_cmpuint (plan.pause_ms, >, 0);
      g_assert_true (plan.pause_ms > last || now + plan.pause_ms == plan.end_ms);
      last = plan.pause_ms;
      now += plan.pause_ms;
      tries++;
    }
  g_assert_cmpint (now, ==, 5000 + WAIT_S * 1000);
  g_assert_cmpuint (tries, >=, 4);
  g_assert_cmpint (lpad_provisioning_plan_tried (&plan, NULL, now), ==, LPAD_PROVISIONING_DOWNLOAD);
}

static void
test_errors (void)
{
  static const struct
  {
    LpadError code;
    LpadProvisioningStep step;
  } cases[] = {
    { LPAD_ERROR_SERVER_UNREACHABLE, LPAD_PROVISIONING_PAUSE },
    { LPAD_ERROR_CLOCK_INVALID, LPAD_PROVISIONING_PAUSE },
    { LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_PROVISIONING_GO_BACK },
    { LPAD_ERROR_CANCELLED, LPAD_PROVISIONING_GO_BACK },
    { LPAD_ERROR_CARD_REMOVED, LPAD_PROVISIONING_GO_BACK },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LpadProvisioningPlan plan = { .wait_s = WAIT_S };
      g_autoptr (GError) error = new_error (cases[i].code, LPAD_ORDER_USABLE, LPAD_RETRY_LATER, 0);

      g_assert_cmpint (lpad_provisioning_plan_tried (&plan, error, 0), ==, cases[i].step);
    }
}

static void
test_undo (void)
{
  /* The provisioning profile is the second one; places: -1 none. */
  static const struct
  {
    const char *chip;
    int before;
    LpadProvisioningUndo undo;
    int place;
  } cases[] = {
    { "OP+O", -1, LPAD_UNDO_DISABLE, 1 },
    { "OP+O", 0, LPAD_UNDO_ENABLE, 0 },
    { "OP+O", 1, LPAD_UNDO_NOTHING, -1 }, /* it was in use before */
    { "OP+O", 7, LPAD_UNDO_DISABLE, 1 },  /* what was in use is not there any more */
    { "OPO", -1, LPAD_UNDO_NOTHING, -1 },
    { "OPO", 0, LPAD_UNDO_ENABLE, 0 }, /* a switch that went half the way */
    { "OPO", 1, LPAD_UNDO_ENABLE, 1 },
    { "OPO", 7, LPAD_UNDO_NOTHING, -1 },
    { "OPO+", 0, LPAD_UNDO_NOTHING, -1 }, /* the new one */
    { "OPO+", -1, LPAD_UNDO_NOTHING, -1 },
    { "O+PO", 0, LPAD_UNDO_NOTHING, -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LpadInventory *chip = chip_with (cases[i].chip);
      g_autoptr (GBytes) profile = iccid_at (1);
      g_autoptr (GBytes) before = iccid_at (cases[i].before);
      g_autoptr (GBytes) wanted = iccid_at (cases[i].place);
      GBytes *iccid = NULL;

      g_assert_cmpint (lpad_provisioning_undo (chip, profile, before, &iccid), ==, cases[i].undo);
      g_assert_true (wanted == NULL ? iccid == NULL : g_bytes_equal (iccid, wanted));
      chip_free (chip);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/provisioning/find", test_find);
  g_test_add_func ("/provisioning/may-help", test_may_help);
  g_test_add_func ("/provisioning/begin", test_begin);
  g_test_add_func ("/provisioning/wait", test_wait);
  g_test_add_func ("/provisioning/errors", test_errors);
  g_test_add_func ("/provisioning/undo", test_undo);
  return g_test_run ();
}
