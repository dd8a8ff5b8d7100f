/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>
#include <unistd.h>

#include "lui-provision.h"
#include "names.h"

#define LINES_MAX 12 /* of what runs, on a terminal */

typedef struct
{
  char *report;
  int jobs;
  gboolean wait;
  gboolean dry_run;
} Options;

typedef struct
{
  gsize of[LUI_REPORT_FAILED + 1];
} Counts;

/* What a person sees: a line for each row that has ended, and on a terminal below them what runs now. */
typedef struct
{
  GPtrArray *plan;
  LuiReport *report;
  gboolean live;
  char **running; /* a line for each row that runs, else NULL */
  LuiReportStatus *shown;
  guint drawn; /* lines below */
} View;

static Counts
count (LuiReport *report, GPtrArray *plan)
{
  Counts counts = { { 0 } };

  for (guint i = 0; i < plan->len; i++)
    counts.of[lui_report_row (report, i)->status]++;
  return counts;
}

static char *
summary (LuiReport *report, GPtrArray *plan)
{
  Counts counts = count (report, plan);

  return g_strdup_printf ("%" G_GSIZE_FORMAT " done, %" G_GSIZE_FORMAT " failed, %" G_GSIZE_FORMAT
                          " running, %" G_GSIZE_FORMAT " waiting",
                          counts.of[LUI_REPORT_DONE],
                          counts.of[LUI_REPORT_FAILED],
                          counts.of[LUI_REPORT_RUNNING],
                          counts.of[LUI_REPORT_WAITING]);
}

static void
erase (View *view)
{
  if (view->drawn > 0)
    printf ("\033[%uA\r\033[J", view->drawn);
  view->drawn = 0;
}

static void
draw (View *view)
{
  g_autofree char *line = summary (view->report, view->plan);

  for (guint i = 0; i < view->plan->len && view->drawn < LINES_MAX; i++)
    {
      if (view->running[i] == NULL)
        continue;
      printf ("%s\n", view->running[i]);
      view->drawn++;
    }
  printf ("%s\n", line);
  view->drawn++;
  fflush (stdout);
}

static char *
title (const LuiReportRow *row)
{
  g_autofree char *text = *row->eid != '\0' ? g_strdup_printf ("EID %s", row->eid) : g_strdup (row->reader);
  g_autofree char *clean = lui_clean (text);

  return g_strdup_printf ("line %u, %s", row->line, clean);
}

static char *
running_line (const LuiReportRow *row, LpadBusOperation *operation)
{
  g_autofree char *name = title (row);
  g_autofree char *stage = lui_clean (operation == NULL ? NULL : lpad_bus_operation_get_stage (operation));
  double part = operation == NULL ? 0 : lpad_bus_operation_get_progress (operation);

  return g_strdup_printf (
      "  %s: %3.0f %% %s", name, CLAMP (part, 0, 1) * 100, *stage != '\0' ? stage : "queued");
}

static void
print_ended (const LuiReportRow *row)
{
  g_autofree char *name = title (row);
  g_autofree char *message = lui_sentence (row->message);
  g_autofree char *iccid = lui_clean (row->iccid);
  const char *order = lui_order_sentence (row->order);

  if (row->status == LUI_REPORT_DONE)
    printf ("%s: profile %s is installed.%s%s\n", name, iccid, *message != '\0' ? " " : "", message);
  else
    printf ("%s: failed. %s%s%s\n", name, message, order != NULL ? " " : "", order != NULL ? order : "");
}

static void
on_changed (LuiProvision *provision, guint index, LpadBusOperation *operation, gpointer user_data)
{
  View *view = user_data;
  const LuiReportRow *row = lui_report_row (view->report, index);

  g_clear_pointer (&view->running[index], g_free);
  if (view->live)
    erase (view);
  if (row->status == LUI_REPORT_RUNNING)
    view->running[index] = running_line (row, operation);
  if (row->status == LUI_REPORT_RUNNING && view->shown[index] != row->status && !view->live)
    {
      g_autofree char *name = title (row);

      printf ("%s: begun\n", name);
    }
  if ((row->status == LUI_REPORT_DONE || row->status == LUI_REPORT_FAILED)
      && view->shown[index] != row->status)
    print_ended (row);
  view->shown[index] = row->status;
  if (view->live)
    draw (view);
  fflush (stdout);
}

static void
view_init (View *view, GPtrArray *plan, LuiReport *report)
{
  view->plan = plan;
  view->report = report;
  view->live = isatty (STDOUT_FILENO) == 1;
  view->running = g_new0 (char *, plan->len);
  view->shown = g_new0 (LuiReportStatus, plan->len);
}

static void
view_clear (View *view)
{
  for (guint i = 0; i < view->plan->len; i++)
    g_free (view->running[i]);
  g_free (view->running);
  g_free (view->shown);
}

static gboolean
parse (LuiSession *session, const LuiVerb *verb, Options *o, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "report",
      'R',
      0,
      G_OPTION_ARG_FILENAME,
      &o->report,
      "Keep the results in FILE, and go on from it",
      "FILE" },
    { "jobs", 'J', 0, G_OPTION_ARG_INT, &o->jobs, "At most N downloads at a time", "N" },
    { "wait", 'w', 0, G_OPTION_ARG_NONE, &o->wait, "Wait for chips that are not there yet", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &o->dry_run, "Only look whether the plan is good", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_parse (session, verb, entries, argc, argv, 1, 1, error))
    return FALSE;
  if (o->jobs >= 0)
    return TRUE;
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "--jobs needs a number.");
  return FALSE;
}

/* All mistakes at once: a plan of a thousand rows is not corrected one by one. */
static LuiExit
fail_plan (LuiSession *session, const char *path, GPtrArray *problems)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text,
                   "“%s” has %u %s; nothing was begun.",
                   path,
                   problems->len,
                   problems->len == 1 ? "mistake" : "mistakes");
  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *clean = lui_clean (problems->pdata[i]);

      if (session->json)
        g_string_append_printf (text, " %s", clean);
      else
        g_printerr ("%s\n", clean);
    }
  return lui_fail (session, g_error_new_literal (LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, text->str));
}

static void
print_json (LuiReport *report, GPtrArray *plan, gboolean ok)
{
  g_autofree char *text = lui_report_to_text (report, TRUE);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  Counts counts = count (report, plan);

  json_builder_begin_object (builder);
  lui_json_boolean (builder, "ok", ok);
  lui_json_integer (builder, "done", (gint64) counts.of[LUI_REPORT_DONE]);
  lui_json_integer (builder, "failed", (gint64) counts.of[LUI_REPORT_FAILED]);
  lui_json_integer (builder, "running", (gint64) counts.of[LUI_REPORT_RUNNING]);
  lui_json_integer (builder, "waiting", (gint64) counts.of[LUI_REPORT_WAITING]);
  json_builder_set_member_name (builder, "rows");
  json_builder_add_value (builder, json_from_string (text, NULL));
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static LuiExit
report_end (LuiSession *session, LuiReport *report, GPtrArray *plan, gboolean interrupted)
{
  Counts counts = count (report, plan);
  g_autofree char *line = summary (report, plan);
  gboolean ok = counts.of[LUI_REPORT_DONE] == plan->len;

  if (session->json)
    print_json (report, plan, ok);
  else
    printf ("%s.\n", line);
  if (ok)
    return LUI_EXIT_OK;
  if (interrupted)
    return LUI_EXIT_INTERRUPTED;
  return counts.of[LUI_REPORT_FAILED] > 0 ? LUI_EXIT_FAILED : LUI_EXIT_NOT_FOUND;
}

static gboolean
is_not_authorized (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (name, LPAD_BUS_ERROR_PREFIX "NotAuthorized") == 0;
}

static GError *
explain (GError *error)
{
  if (!is_not_authorized (error))
    return error;
  g_error_free (error);
  return g_error_new_literal (
      LPAD_ERROR,
      LPAD_ERROR_NOT_AUTHORIZED,
      "Provisioning consents in advance, for whoever will use the devices. That needs the polkit actions "
      "org.lpad.lpad1.download and org.lpad.lpad1.unattended: run it as an administrator, let a polkit rule "
      "permit it, or set Unattended=true in lpad.conf.");
}

static LuiExit
work (LuiSession *session, const Options *o, GPtrArray *plan, LuiReport *report)
{
  LuiProvision *provision = lui_provision_new (session, plan, report, (guint) o->jobs, o->wait);
  GError *error = NULL;
  gboolean complete, interrupted;
  View view = { 0 };

  view_init (&view, plan, report);
  if (!session->json)
    lui_provision_set_func (provision, on_changed, &view);
  complete = lui_provision_run (provision, &error);
  interrupted = lui_provision_was_interrupted (provision);
  erase (&view);
  view_clear (&view);
  lui_provision_free (provision);
  return complete ? report_end (session, report, plan, interrupted) : lui_fail (session, explain (error));
}

static LuiExit
provision (LuiSession *session, const Options *o, const char *path)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) plan = lui_plan_load (path, problems, &error);
  g_autoptr (LuiReport) report = NULL;

  if (error != NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (plan == NULL)
    return fail_plan (session, path, problems);
  report = lui_report_open (o->report, plan, &error);
  if (report == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (o->dry_run)
    {
      if (!session->json)
        printf ("The plan is good: %u %s. ", plan->len, plan->len == 1 ? "row" : "rows");
      (void) report_end (session, report, plan, FALSE);
      return LUI_EXIT_OK;
    }
  if (!lui_report_save (report, &error) || !lui_session_connect (session, &error))
    return lui_fail (session, g_steal_pointer (&error));
  return work (session, o, plan, report);
}

LuiExit
lui_cmd_provision (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Options options = { 0 };
  LuiExit status;

  if (parse (session, verb, &options, &argc, &argv, &error))
    status = provision (session, &options, argv[1]);
  else
    status = lui_fail (session, g_steal_pointer (&error));
  g_free (options.report);
  return status;
}
