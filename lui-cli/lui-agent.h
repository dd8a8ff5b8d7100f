/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * lui_agent_start: lets polkit ask for a password on the terminal, for as long as this program runs, when
 * nobody else does: over ssh there is no dialog of a desktop. It is pkttyagent of polkit, as systemctl
 * uses it; where it is not installed, or there is no terminal, nothing happens. A user's own agent goes
 * first. Returns: (transfer full) (nullable)
 */
GSubprocess *lui_agent_start (void);

/** lui_agent_stop: ends @agent (nullable, taken over). */
void lui_agent_stop (GSubprocess *agent);

G_END_DECLS
