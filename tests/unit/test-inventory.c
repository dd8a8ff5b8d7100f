/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory.h"

#include "error-details.h"
#include "fake-chip.h"

typedef struct
{
  FakeChip *fake;
  LpadChip *chip;
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->fake = fake_chip_new ();
  f->chip = fake_chip_connect (f->fake);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  lpad_chip_free (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  fake_chip_free (f->fake);
}

static LpadInventory *
read_well (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  LpadInventory *inventory = lpad_inventory_read (f->chip, NULL, &error);

  g_assert_no_error (error);
  return inventory;
}

static void
expect_warning (const char *pattern)
{
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, pattern);
}

static void
assert_sequence (const LpadInventory *inventory, const guint64 *numbers, guint count)
{
  g_assert_cmpuint (inventory->notifications->len, ==, count);
  for (guint i = 0; i < count; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);

      g_assert_cmpuint (info->sequence_number, ==, numbers[i]);
    }
}

static void
test_read (Fixture *f, gconstpointer unused)
{
  static const guint64 sorted[] = { 0, 2, 7, G_GUINT64_CONSTANT (0x123456789) };
  g_autoptr (LpadInventory) inventory = NULL;

  fake_chip_add_notification (f->fake, 7, LPAD_EVENT_ENABLE, FAKE_ADDRESS);
  fake_chip_add_notification (f->fake, 0, LPAD_EVENT_INSTALL, FAKE_ADDRESS);
  fake_chip_add_notification (f->fake, sorted[3], LPAD_EVENT_DISABLE, FAKE_ADDRESS);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_DELETE, FAKE_ADDRESS);
  inventory = read_well (f);

  g_assert_cmpstr (inventory->eid, ==, FAKE_EID);
  g_assert_cmpstr (inventory->info->spec_version, ==, "2.5.0");
  g_assert_cmpstr (inventory->default_smdp_address, ==, FAKE_SMDP);
  g_assert_cmpstr (inventory->root_smds_address, ==, "smds.example.test");
  g_assert_cmpuint (inventory->profiles->len, ==, 1);
  assert_sequence (inventory, sorted, G_N_ELEMENTS (sorted));
  g_assert_cmpuint (fake_chip_count (f->fake, "open"), ==, 1);
}

static void
test_find (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) iccid = fake_iccid ();
  g_autoptr (GBytes) shorter = g_bytes_new_from_bytes (iccid, 0, 9);
  g_autoptr (LpadInventory) inventory = NULL;
  const LpadProfile *profile;

  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, "Work");
  inventory = read_well (f);
  profile = lpad_inventory_find_profile (inventory, iccid);
  g_assert_nonnull (profile);
  g_assert_cmpint (profile->state, ==, LPAD_PROFILE_ENABLED);
  g_assert_cmpstr (profile->nickname, ==, "Work");
  g_assert_null (lpad_inventory_find_profile (inventory, shorter));
}

/* What a chip need not have, and says so: by status word or by result */
static void
test_addresses_refused (Fixture *f, gconstpointer unused)
{
  g_autoptr (LpadInventory) inventory = NULL;

  fake_chip_on (f->fake, "bf3c", "sw 6a88");
  expect_warning ("*does not tell its addresses*");
  inventory = read_well (f);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (inventory->default_smdp_address, ==, "");
  g_assert_cmpstr (inventory->root_smds_address, ==, "");
}

static void
test_notifications_refused (Fixture *f, gconstpointer answer)
{
  g_autoptr (LpadInventory) inventory = NULL;

  fake_chip_on (f->fake, "bf28", answer);
  expect_warning ("*does not list its notifications*");
  inventory = read_well (f);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (inventory->notifications->len, ==, 0);
}

/* A lost card is an error at each step, and what has been read until then is no inventory. */
static void
test_lost (Fixture *f, gconstpointer request)
{
  g_autoptr (GError) error = NULL;

  fake_chip_once (f->fake, request, "! removed");
  g_assert_null (lpad_inventory_read (f->chip, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

/* Without these there is nothing to show. */
static void
test_refused (Fixture *f, gconstpointer request)
{
  g_autoptr (GError) error = NULL;

  fake_chip_on (f->fake, request, "sw 6985");
  g_assert_null (lpad_inventory_read (f->chip, NULL, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6985);
}

static void
test_update (Fixture *f, gconstpointer unused)
{
  g_autoptr (LpadInventory) before = read_well (f);
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadInventory) after = NULL;

  fake_chip_set_no_profile (f->fake);
  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_DELETE, FAKE_ADDRESS);
  after = lpad_inventory_update (f->chip, before, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (after->eid, ==, before->eid);
  g_assert_cmpstr (after->default_smdp_address, ==, before->default_smdp_address);
  g_assert_cmpuint (after->profiles->len, ==, 0);
  g_assert_cmpuint (after->notifications->len, ==, 1);
  g_assert_cmpuint (before->profiles->len, ==, 1);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf3e"), ==, 1);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf3c"), ==, 1);
}

static void
cancel (gpointer request, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

static void
test_cancelled (Fixture *f, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  fake_chip_on_request (f->fake, "bf22", cancel, cancellable);
  g_assert_null (lpad_inventory_read (f->chip, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf2d"), ==, 0);
}

static void
test_reread (Fixture *f, gconstpointer fault)
{
  g_autoptr (LpadInventory) before = read_well (f);
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadInventory) after = NULL;

  fake_chip_once (f->fake, "bf2d", fault);
  after = lpad_inventory_reread (f->chip, before, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (after->profiles->len, ==, 1);
  g_assert_cmpuint (fake_chip_count (f->fake, "reset"), ==, 1);
}

static void
test_reread_without_need (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadInventory) inventory = lpad_inventory_reread (f->chip, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (inventory->eid, ==, FAKE_EID);
  g_assert_cmpuint (fake_chip_count (f->fake, "reset"), ==, 0);
}

static void
test_reread_in_vain (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fake_chip_on (f->fake, "bf2d", "! timeout");
  g_assert_null (lpad_inventory_reread (f->chip, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_TIMEOUT);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf2d"), ==, 2);
}

static void
test_icon (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) iccid = fake_iccid ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) icon = NULL;
  LpadIconType type = LPAD_ICON_NONE;

  fake_chip_on (f->fake, "bf2d", "bf2d18a016e3145a0a" FAKE_ICCID "9301019403010203");
  icon = lpad_inventory_icon (f->chip, iccid, &type, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (type, ==, LPAD_ICON_PNG);
  g_assert_cmpmem (g_bytes_get_data (icon, NULL), g_bytes_get_size (icon), "\1\2\3", 3);
}

#define ADD(name, func, data) g_test_add ("/inventory/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("read", test_read, NULL);
  ADD ("find", test_find, NULL);
  ADD ("addresses-refused", test_addresses_refused, NULL);
  ADD ("notifications-refused/status-word", test_notifications_refused, "sw 6a88");
  ADD ("notifications-refused/result", test_notifications_refused, "bf280381017f");
  ADD ("lost/eid", test_lost, "bf3e");
  ADD ("lost/addresses", test_lost, "bf3c");
  ADD ("lost/info", test_lost, "bf22");
  ADD ("lost/profiles", test_lost, "bf2d");
  ADD ("lost/notifications", test_lost, "bf28");
  ADD ("refused/eid", test_refused, "bf3e");
  ADD ("refused/info", test_refused, "bf22");
  ADD ("refused/profiles", test_refused, "bf2d");
  ADD ("update", test_update, NULL);
  ADD ("cancelled", test_cancelled, NULL);
  ADD ("reread/silent", test_reread, "! timeout");
  ADD ("reread/removed", test_reread, "! removed");
  ADD ("reread/status-word", test_reread, "sw 6985");
  ADD ("reread/without-need", test_reread_without_need, NULL);
  ADD ("reread/in-vain", test_reread_in_vain, NULL);
  ADD ("icon", test_icon, NULL);
  return g_test_run ();
}
