/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-failure.h"
#include "lui-operation.h"
#include "lui-output.h"
#include "lui-session.h"

G_BEGIN_DECLS

/**
 * LuiVerb: what the first argument of lui-cli can be.
 * @arguments: as in the usage line, such as "PROFILE"
 * @run: gets the arguments after the verb's name (which is argv[0]); returns the exit status
 */
typedef struct _LuiVerb LuiVerb;
struct _LuiVerb
{
  const char *name;
  const char *arguments;
  const char *summary;
  LuiExit (*run) (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
};

/**
 * lui_parse: reads the options of a verb (and those of every verb), wherever they stand, and leaves the other
 * arguments in @argv from 1 on. Prints the help and exits when that is asked for.
 * @minimum, @maximum: how many other arguments there must be
 * Returns: FALSE with %LPAD_ERROR_INVALID_ARGUMENTS or an error of %G_OPTION_ERROR
 */
gboolean lui_parse (LuiSession *session,
                    const LuiVerb *verb,
                    const GOptionEntry *options,
                    int *argc,
                    char ***argv,
                    int minimum,
                    int maximum,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_begin: lui_parse(), then lui_session_connect(). */
gboolean lui_begin (LuiSession *session,
                    const LuiVerb *verb,
                    const GOptionEntry *options,
                    int *argc,
                    char ***argv,
                    int minimum,
                    int maximum,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_empty_options: no options for a call on the bus. (transfer floating) */
GVariant *lui_empty_options (void);

/** lui_add_global_options: the options that every verb has. */
void lui_add_global_options (LuiSession *session, GOptionContext *context);

/** lui_look_for_json: reads --json alone, of arguments that could not be read as a whole. */
void lui_look_for_json (LuiSession *session, int argc, char **argv);

/** lui_done: prints @sentence for people, {"ok": true, ...members of @result} for programs. @result:
 * nullable.
 */
LuiExit lui_done (LuiSession *session, const char *sentence, GVariant *result);

/** lui_follow: follows the operation at @path without questions and reports its end; @sentence on success. */
LuiExit lui_follow (LuiSession *session, const char *path, const char *sentence);

/** lui_profile_title: how sentences call a profile: its nickname, name, provider or ICCID. Free with
 * g_free().
 */
char *lui_profile_title (LpadBusProfile *profile);

/** LuiProfileCall: a method of a profile that starts an operation, as gdbus-codegen makes it. */
typedef gboolean (*LuiProfileCall) (LpadBusProfile *profile,
                                    GVariant *options,
                                    GDBusCallFlags flags,
                                    int timeout_msec,
                                    char **operation,
                                    GCancellable *cancellable,
                                    GError **error);

/** lui_change_profile: makes @call with @options (floating) and follows its operation; @done says what is
 * true of the profile then. */
LuiExit lui_change_profile (LuiSession *session,
                            LpadBusProfile *profile,
                            LuiProfileCall call,
                            GVariant *options,
                            const char *done);

/** LUI_ROLLBACK_NONE: --rollback-timeout was not given. */
#define LUI_ROLLBACK_NONE G_MININT

/** LUI_ROLLBACK_OPTION: the option --rollback-timeout, whose value goes to @seconds, an int that is
 * %LUI_ROLLBACK_NONE at first. */
#define LUI_ROLLBACK_OPTION(seconds)                                                                         \
  {                                                                                                          \
    "rollback-timeout", 0, 0, G_OPTION_ARG_INT, (seconds),                                                   \
        "Go back to the profile before unless this one registers, or is confirmed, in time", "SECONDS"       \
  }

/** lui_add_rollback: puts the option into @options (a{sv}) if it was given; FALSE: it is no number of
 * seconds. */
gboolean lui_add_rollback (GVariantBuilder *options, int seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** The verbs, one in each cmd-VERB.c: read the arguments, do it, report it; see LuiVerb.run and lui-cli(1).
 */
LuiExit lui_cmd_status (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_list (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_info (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_download (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_discover (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_address (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_enable (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_disable (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_delete (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_rename (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_reset (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_notifications (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_issuer (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_provision (LuiSession *session, const LuiVerb *verb, int argc, char **argv);
LuiExit lui_cmd_monitor (LuiSession *session, const LuiVerb *verb, int argc, char **argv);

G_END_DECLS
