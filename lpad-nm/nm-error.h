/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LPAD_NM_ERROR: what org.lpad.Nm1 fails with; names on the bus are org.lpad.Nm1.Error.*. */
#define LPAD_NM_ERROR lpad_nm_error_quark ()

/** lpad_nm_error_quark: the domain; asking for it registers the names on the bus. */
GQuark lpad_nm_error_quark (void);

typedef enum
{
  LPAD_NM_ERROR_FAILED,
  LPAD_NM_ERROR_INVALID_ARGUMENTS,
} LpadNmError;

G_END_DECLS
