/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LPAD_OPTION_TEXT_MAX 1024 /* octets of an option's text */

/**
 * LpadOption: an option that a method of the bus knows.
 * @type: its GVariant type: "s", "b", "u" or that of a container
 * @value: char ** (transfer full), gboolean *, guint * or GVariant ** (transfer full); stays as it is when
 * the option is not given
 * @given: (nullable): whether it was
 */
typedef struct
{
  const char *name;
  const char *type;
  gpointer value;
  gboolean *given;
} LpadOption;

/**
 * lpad_options_read: reads @options (a{sv}) by the table @table.
 * Returns: FALSE with %LPAD_ERROR_INVALID_ARGUMENTS that names the option that is unknown, given twice, too
 * long or of the wrong type. The values read until then stay: the caller owns them either way
 */
gboolean lpad_options_read (GVariant *options, const LpadOption *table, gsize n_table, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_options_none: lpad_options_read() of a method that knows no options. */
gboolean lpad_options_none (GVariant *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
