/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LPAD_MODEM_RECOVER_*: steps of recovery, a bit for each. */
typedef enum
{
  LPAD_MODEM_RECOVER_POWER_CYCLE = 1 << 0,
  LPAD_MODEM_RECOVER_INHIBIT = 1 << 1,
  LPAD_MODEM_RECOVER_RESET = 1 << 2,
} LpadModemRecover;

/** LpadModemQuirks: what is known of a modem. One that nothing is known of has the values of
 * LPAD_MODEM_QUIRKS_NONE. */
typedef struct
{
  const char *transport; /* the port to use where there are two, "qmi" or "mbim"; NULL: any */
  guint channel_group;   /* of MBIM */
  guint select_p2;       /* of MBIM, to be tried first: 0x04 or 0x0C */
  gboolean refresh;      /* whether its word of a refresh is to be believed */
  guint refresh_wait;    /* seconds in which that word comes */
  guint settle_wait;     /* seconds after the card's reset until the new profile is seen */
  guint segment;         /* most octets of data in a command */
  guint recover;         /* steps that help: bits of LpadModemRecover */
} LpadModemQuirks;

extern const LpadModemQuirks LPAD_MODEM_QUIRKS_NONE;

/** LpadModemQuirkTable: quirks of many modems, from files; see lpad-modem(8) for their form. */
typedef struct _LpadModemQuirkTable LpadModemQuirkTable;

LpadModemQuirkTable *lpad_modem_quirk_table_new (void);
void lpad_modem_quirk_table_free (LpadModemQuirkTable *table);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadModemQuirkTable, lpad_modem_quirk_table_free)

/** LpadModemQuirkWarning: something in a file is wrong, and left out. @message says where and what. */
typedef void (*LpadModemQuirkWarning) (const char *message, gpointer user_data);

/**
 * lpad_modem_quirk_table_read: adds what the text @text of the file @name says; what comes later counts more.
 */
void lpad_modem_quirk_table_read (LpadModemQuirkTable *table,
                                  const char *name,
                                  const char *text,
                                  gsize size,
                                  LpadModemQuirkWarning warning,
                                  gpointer user_data);

/** lpad_modem_quirk_table_load: the same with the file @path, if it is there. */
void lpad_modem_quirk_table_load (LpadModemQuirkTable *table,
                                  const char *path,
                                  LpadModemQuirkWarning warning,
                                  gpointer user_data);

/** lpad_modem_quirk_table_load_folder: the same with each file *.conf of @path, by name. */
void lpad_modem_quirk_table_load_folder (LpadModemQuirkTable *table,
                                         const char *path,
                                         LpadModemQuirkWarning warning,
                                         gpointer user_data);

/**
 * lpad_modem_quirk_table_find: what is known of a modem.
 * @driver: of its port in the kernel
 * @usb: vendor and product, "05c6:9025"; "" if it is no USB device
 * @revision: of its firmware; "" while that is not known
 * Valid as long as the table.
 */
LpadModemQuirks lpad_modem_quirk_table_find (const LpadModemQuirkTable *table,
                                             const char *driver,
                                             const char *usb,
                                             const char *revision);

/** lpad_modem_quirks_to_variant: those that concern a caller, as the property Quirks of org.lpad.Modem1.Slot
 * has them (floating). */
GVariant *lpad_modem_quirks_to_variant (const LpadModemQuirks *quirks);

G_END_DECLS
