/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "error-details.h"

G_BEGIN_DECLS

/** lpad_bus_error_name: the name on the bus of @error; static. Errors of other domains are "…Error.Failed".
 */
const char *lpad_bus_error_name (const GError *error);

/** lpad_bus_error_return: answers @invocation, which it takes over, with @error. */
void lpad_bus_error_return (GDBusMethodInvocation *invocation, const GError *error);

/** lpad_bus_error_describe: adds to @result what Operation.Result says of a failure. */
void lpad_bus_error_describe (GError *error, GVariantDict *result);

G_END_DECLS
