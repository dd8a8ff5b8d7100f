/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "match.h"

/* NMDeviceState: from here on the device can be used. */
#define DEVICE_STATE_DISCONNECTED 30

static gboolean
is_for (const LpadNmConnection *connection, const char *iccid)
{
  return g_str_equal (connection->sim_id, iccid);
}

static gboolean
is_for_any_sim (const LpadNmConnection *connection)
{
  return *connection->sim_id == '\0';
}

/* Whether NetworkManager would take @a rather than @b. */
static gboolean
goes_before (const LpadNmConnection *a, const LpadNmConnection *b)
{
  if (a->autoconnect != b->autoconnect)
    return a->autoconnect;
  if (a->priority != b->priority)
    return a->priority > b->priority;
  return a->timestamp > b->timestamp;
}

const LpadNmConnection *
lpad_nm_match_choose (GPtrArray *connections, const char *iccid)
{
  const LpadNmConnection *chosen = NULL;

  for (guint i = 0; i < connections->len; i++)
    {
      const LpadNmConnection *connection = g_ptr_array_index (connections, i);

      if (is_for (connection, iccid) && (chosen == NULL || goes_before (connection, chosen)))
        chosen = connection;
    }
  return chosen;
}

static gboolean
has_one_for_any_sim (GPtrArray *connections)
{
  for (guint i = 0; i < connections->len; i++)
    if (is_for_any_sim (g_ptr_array_index (connections, i)))
      return TRUE;
  return FALSE;
}

static void
add_change (GPtrArray *plan, const LpadNmConnection *connection, int priority, gboolean autoconnect)
{
  LpadNmChange *change = g_new0 (LpadNmChange, 1);

  change->connection = connection;
  change->priority = priority;
  change->autoconnect = autoconnect;
  g_ptr_array_add (plan, change);
}

static gboolean
is_for_another_sim (const LpadNmConnection *connection, const char *iccid)
{
  return !is_for_any_sim (connection) && !is_for (connection, iccid);
}

static void
plan_to_hold_back (GPtrArray *plan, GPtrArray *connections, const char *iccid)
{
  for (guint i = 0; i < connections->len; i++)
    {
      const LpadNmConnection *other = g_ptr_array_index (connections, i);

      if (other->autoconnect && is_for_another_sim (other, iccid))
        add_change (plan, other, other->priority, FALSE);
    }
}

/* Whether NetworkManager could take @other instead of @own. */
static gboolean
is_rival (const LpadNmConnection *other, const LpadNmConnection *own)
{
  return other != own && other->autoconnect && !is_for_another_sim (other, own->sim_id);
}

static void
plan_to_go_first (GPtrArray *plan, GPtrArray *connections, const LpadNmConnection *own)
{
  int highest = G_MININT;

  for (guint i = 0; i < connections->len; i++)
    {
      const LpadNmConnection *other = g_ptr_array_index (connections, i);

      if (is_rival (other, own))
        highest = MAX (highest, other->priority);
    }
  for (guint i = 0; highest >= LPAD_NM_PRIORITY_MAX && i < connections->len; i++)
    {
      const LpadNmConnection *other = g_ptr_array_index (connections, i);

      if (is_rival (other, own) && other->priority >= LPAD_NM_PRIORITY_MAX)
        add_change (plan, other, LPAD_NM_PRIORITY_MAX - 1, TRUE);
    }
  if (own->priority <= highest && own->priority < LPAD_NM_PRIORITY_MAX)
    add_change (plan, own, MIN (highest + 1, LPAD_NM_PRIORITY_MAX), TRUE);
}

GPtrArray *
lpad_nm_match_plan (GPtrArray *connections, const char *iccid, gboolean may_make)
{
  GPtrArray *plan = g_ptr_array_new_with_free_func (g_free);
  const LpadNmConnection *own = lpad_nm_match_choose (connections, iccid);

  plan_to_hold_back (plan, connections, iccid);
  if (own != NULL && own->autoconnect)
    plan_to_go_first (plan, connections, own);
  else if (own == NULL && may_make && !has_one_for_any_sim (connections))
    add_change (plan, NULL, 0, TRUE);
  return plan;
}

static const LpadNmDevice *
find_device (const LpadNmNetwork *network, const char *udi)
{
  for (guint i = 0; i < network->devices->len; i++)
    {
      const LpadNmDevice *device = g_ptr_array_index (network->devices, i);

      if (g_str_equal (device->udi, udi))
        return device;
    }
  return NULL;
}

static const LpadNmActive *
find_active (const LpadNmNetwork *network, const char *device)
{
  for (guint i = 0; i < network->actives->len; i++)
    {
      const LpadNmActive *active = g_ptr_array_index (network->actives, i);

      if (g_str_equal (active->device, device) && active->state != LPAD_NM_ACTIVE_DEACTIVATED)
        return active;
    }
  return NULL;
}

/* The connection is @active, or another one, or none (NULL) is. */
static LpadNmVerdict
judge_own (const LpadNmConnection *own, const LpadNmActive *active, gboolean switched)
{
  if (active != NULL && g_str_equal (active->uuid, own->uuid))
    return active->state == LPAD_NM_ACTIVE_ACTIVATED ? LPAD_NM_VERDICT_DONE : LPAD_NM_VERDICT_WAIT;
  if (!own->autoconnect)
    return LPAD_NM_VERDICT_LEAVE;
  if (active == NULL && !switched)
    return LPAD_NM_VERDICT_WAIT;
  return LPAD_NM_VERDICT_ACTIVATE;
}

const LpadNmModem *
lpad_nm_match_modem (const LpadNmNetwork *network, const char *physical_device)
{
  for (guint i = 0; i < network->modems->len; i++)
    {
      const LpadNmModem *modem = g_ptr_array_index (network->modems, i);

      if (g_str_equal (modem->device, physical_device))
        return modem;
    }
  return NULL;
}

LpadNmDecision
lpad_nm_match_decide (const LpadNmNetwork *network,
                      const char *physical_device,
                      const char *iccid,
                      gboolean switched)
{
  LpadNmDecision decision = { .verdict = LPAD_NM_VERDICT_WAIT };
  const LpadNmActive *active;

  decision.modem = lpad_nm_match_modem (network, physical_device);
  if (decision.modem == NULL || !g_str_equal (decision.modem->iccid, iccid))
    return decision;
  decision.device = find_device (network, decision.modem->path);
  if (decision.device == NULL || decision.device->state < DEVICE_STATE_DISCONNECTED)
    return decision;
  active = find_active (network, decision.device->path);
  decision.connection = lpad_nm_match_choose (network->connections, iccid);
  if (decision.connection != NULL)
    decision.verdict = judge_own (decision.connection, active, switched);
  else if (has_one_for_any_sim (network->connections) || !switched)
    decision.verdict = LPAD_NM_VERDICT_LEAVE;
  else
    decision.verdict = LPAD_NM_VERDICT_MAKE;
  return decision;
}

gboolean
lpad_nm_match_has_device (const LpadNmNetwork *network, const char *physical_device)
{
  const LpadNmModem *modem = lpad_nm_match_modem (network, physical_device);

  return modem != NULL && find_device (network, modem->path) != NULL;
}

static const char *
state_name (LpadNmActiveState state)
{
  switch (state)
    {
    case LPAD_NM_ACTIVE_ACTIVATING:
      return "activating";
    case LPAD_NM_ACTIVE_ACTIVATED:
      return "activated";
    case LPAD_NM_ACTIVE_DEACTIVATING:
      return "deactivating";
    case LPAD_NM_ACTIVE_UNKNOWN:
    case LPAD_NM_ACTIVE_DEACTIVATED:
    default:
      return "inactive";
    }
}

static void
add_entry (GVariantBuilder *list,
           const LpadNmConnection *connection,
           const char *iccid,
           LpadNmActiveState state)
{
  GVariantDict entry;

  g_variant_dict_init (&entry, NULL);
  g_variant_dict_insert (&entry, "iccid", "s", iccid);
  g_variant_dict_insert (&entry, "id", "s", connection->id);
  g_variant_dict_insert (&entry, "uuid", "s", connection->uuid);
  g_variant_dict_insert (&entry, "state", "s", state_name (state));
  g_variant_builder_add_value (list, g_variant_dict_end (&entry));
}

static LpadNmActiveState
state_of (const LpadNmNetwork *network, const LpadNmConnection *connection)
{
  for (guint i = 0; i < network->actives->len; i++)
    {
      const LpadNmActive *active = g_ptr_array_index (network->actives, i);

      if (g_str_equal (active->uuid, connection->uuid))
        return active->state;
    }
  return LPAD_NM_ACTIVE_UNKNOWN;
}

/* The connections for any SIM that modems use now. */
static void
list_users (const LpadNmNetwork *network, GVariantBuilder *list)
{
  for (guint i = 0; i < network->modems->len; i++)
    {
      const LpadNmModem *modem = g_ptr_array_index (network->modems, i);
      const LpadNmDevice *device = find_device (network, modem->path);
      const LpadNmActive *active = device != NULL ? find_active (network, device->path) : NULL;
      const LpadNmConnection *connection
          = active != NULL ? lpad_nm_network_find (network, active->uuid) : NULL;

      if (connection != NULL && is_for_any_sim (connection) && *modem->iccid != '\0')
        add_entry (list, connection, modem->iccid, active->state);
    }
}

GVariant *
lpad_nm_match_list (const LpadNmNetwork *network)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < network->connections->len; i++)
    {
      const LpadNmConnection *connection = g_ptr_array_index (network->connections, i);

      if (!is_for_any_sim (connection))
        add_entry (&list, connection, connection->sim_id, state_of (network, connection));
    }
  list_users (network, &list);
  return g_variant_builder_end (&list);
}
