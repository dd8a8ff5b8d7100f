/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** lpad_modem_conf_folder_list: paths of the files *.conf in @folder, by name; none if it is not there. */
GPtrArray *lpad_modem_conf_folder_list (const char *folder);

G_END_DECLS
