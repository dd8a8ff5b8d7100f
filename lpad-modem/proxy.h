/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lpad_modem_proxy_runs: whether a proxy listens at the abstract socket @name. The libraries ask nobody
 * before they start one as a child of ours, which would end with us and take others with it.
 */
gboolean lpad_modem_proxy_runs (const char *name);

G_END_DECLS
