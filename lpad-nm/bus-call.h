/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * lpad_nm_call: calls a method of another service, which is not started for it, and waits for the answer for
 * at most two seconds. lpad-nm has nothing else to do meanwhile.
 * @arguments: (nullable): taken if floating
 * @reply: type of the answer, or NULL: any
 * Returns: (transfer full): the answer; NULL with the error of the service, or of the bus
 */
GVariant *lpad_nm_call (GDBusConnection *bus,
                        const char *name,
                        const char *path,
                        const char *interface,
                        const char *method,
                        GVariant *arguments,
                        const GVariantType *reply,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_nm_get_objects: the objects below @path of the service @name, with their properties
 * Returns: (transfer full): a{oa{sa{sv}}}
 */
GVariant *lpad_nm_get_objects (GDBusConnection *bus, const char *name, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_is_absent: whether @error says that there is no such service on the bus. */
gboolean lpad_nm_is_absent (const GError *error);

/**
 * lpad_nm_is_gone: whether @error says that an object was called, or named in a call, that there is no more:
 * it has gone since it was shown. That is nobody's fault, and a signal tells of it.
 */
gboolean lpad_nm_is_gone (const GError *error);

/**
 * lpad_nm_dup_string: the text @key of the dictionary @values; the empty text when it is missing or no text.
 * @values: (nullable): an a{sv}
 */
char *lpad_nm_dup_string (GVariant *values, const char *key);

G_END_DECLS
