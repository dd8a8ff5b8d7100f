/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

typedef enum
{
  LPAD_SWITCH_ENABLE,
  LPAD_SWITCH_DISABLE,
  LPAD_SWITCH_DELETE,
} LpadSwitch;

/**
 * LpadOperationKinds: how the objects on the bus start what they are asked for. What each kind does stands
 * above them, in operations/; the daemon puts the table into #LpadCore. Whoever asks has been authorised.
 * @download: Euicc.Download: takes over @invocation and answers it
 * @discover: Euicc.Discover
 * @reset: Euicc.Reset
 * @notify: Euicc.SendNotifications, and Notification.Send for the notification @only
 * @change: Profile.Enable, Disable and Delete
 */
typedef struct _LpadOperationKinds
{
  void (*download) (LpadEuicc *euicc, GDBusMethodInvocation *invocation, GVariant *options);
  LpadOperation *(*discover) (LpadEuicc *euicc, GVariant *options, const char *sender, GError **error);
  LpadOperation *(*reset) (LpadEuicc *euicc,
                           const char *const *what,
                           GVariant *options,
                           const char *sender,
                           GError **error);
  LpadOperation *(
      *notify) (LpadEuicc *euicc, const guint64 *only, GVariant *options, const char *sender, GError **error);
  LpadOperation *(*change) (LpadEuicc *euicc,
                            LpadSwitch what,
                            GBytes *iccid,
                            GVariant *options,
                            const char *sender,
                            GError **error);
} LpadOperationKinds;

G_END_DECLS
