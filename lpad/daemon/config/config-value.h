/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config-file.h"

G_BEGIN_DECLS

/**
 * LpadConfigBounds: of a number, both included.
 */
typedef struct
{
  guint minimum;
  guint maximum;
} LpadConfigBounds;

/**
 * LpadConfigRead: reads the value of @source into the field @value, whose type each function names. A value
 * that is not understood leaves @value as it is and adds a warning. Inside the configuration only.
 */
typedef void (*LpadConfigRead) (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_boolean: gboolean. */
void lpad_config_read_boolean (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_identifier: int, an LpadProfileIdKind. */
void lpad_config_read_identifier (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_number: guint within @bounds. */
void lpad_config_read_number (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_seconds: guint in milliseconds; the file and @bounds have seconds. */
void lpad_config_read_seconds (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_text: char *, trimmed, NULL when it is empty. */
void lpad_config_read_text (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_list: char **, the trimmed elements that are not empty. */
void lpad_config_read_list (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_aids: GPtrArray * of GBytes, application identifiers, at least one. */
void lpad_config_read_aids (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_servers: char **, normalised addresses; NULL when the value is empty. An entry that is
 * not understood names nothing, but the list stays one. */
void lpad_config_read_servers (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_use: LpadProvisioningUse. */
void lpad_config_read_use (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_iccid: char *, as lpad_iccid_to_string() writes it; NULL when it is empty. */
void lpad_config_read_iccid (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_smdp: char *, "default" or a normalised address; NULL when it is empty. */
void lpad_config_read_smdp (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_imei: char *, see lpad_imei_encode(); NULL when it is empty. */
void lpad_config_read_imei (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_tac: char *, see lpad_tac_encode(); NULL when it is empty. */
void lpad_config_read_tac (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

/** lpad_config_read_releases: guint8[LPAD_RELEASES], see LpadDevice. */
void lpad_config_read_releases (LpadConfigSource *source, const LpadConfigBounds *bounds, gpointer value);

G_END_DECLS
