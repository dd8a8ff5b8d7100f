/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-report.h"

#include <glib/gstdio.h>
#include <string.h>

#include "lpad-error.h"

#define PLAN                                                                                                 \
  "eid,activation_code,confirmation_code\n89049032000000000000000000000163,LPA:1$a.example$SECRET,PIN9\n"    \
  "89049032000000000000000000000260,LPA:1$a.example$HIDDEN,PIN9\n"

typedef struct
{
  char *folder;
  char *path;
  GPtrArray *plan;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer name)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);

  fixture->folder = g_dir_make_tmp ("lui-report-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, name, NULL);
  fixture->plan = lui_plan_parse (PLAN, strlen (PLAN), FALSE, problems);
  g_assert_nonnull (fixture->plan);
}

static void
tear_down (Fixture *fixture, gconstpointer name)
{
  (void) g_remove (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_ptr_array_unref (fixture->plan);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static LuiReport *
open_report (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  LuiReport *report = lui_report_open (fixture->path, fixture->plan, &error);

  g_assert_no_error (error);
  return report;
}

static void
test_goes_on (Fixture *fixture, gconstpointer name)
{
  LuiReport *report = open_report (fixture);
  LuiReportRow *row = lui_report_row (report, 1);
  g_autofree char *text = NULL;

  g_assert_cmpint (row->status, ==, LUI_REPORT_WAITING);
  row->status = LUI_REPORT_FAILED;
  row->attempts = 2;
  lui_report_set (&row->message, "It said \"no\", twice.");
  lui_report_set (&row->order, "usable");
  g_assert_true (lui_report_save (report, NULL));
  lui_report_free (report);

  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  g_assert_null (strstr (text, "SECRET"));
  g_assert_null (strstr (text, "PIN9"));
  report = open_report (fixture);
  row = lui_report_row (report, 1);
  g_assert_cmpint (row->status, ==, LUI_REPORT_FAILED);
  g_assert_cmpuint (row->attempts, ==, 2);
  g_assert_cmpstr (row->message, ==, "It said \"no\", twice.");
  g_assert_cmpint (lui_report_row (report, 0)->status, ==, LUI_REPORT_WAITING);
  lui_report_free (report);
}

/* A file that is something else is not overwritten. */
static void
test_not_a_report (Fixture *fixture, gconstpointer name)
{
  static const char *const texts[]
      = { "", "my notes", "[1]", "a,b\n1,2\n", "row,status\nx,lost\n", "[{\"row\": {}}]" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (fixture->path, texts[i], -1, NULL));
      g_assert_null (lui_report_open (fixture->path, fixture->plan, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
    }
}

static void
test_cannot_write (Fixture *fixture, gconstpointer name)
{
  g_autoptr (LuiReport) report = NULL;
  g_autoptr (GError) error = NULL;

  g_free (fixture->path);
  fixture->path = g_build_filename (fixture->folder, "none", name, NULL);
  report = open_report (fixture);
  g_assert_false (lui_report_save (report, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_FAILED);
}

static void
test_may_run (Fixture *fixture, gconstpointer name)
{
  static const struct
  {
    LuiReportStatus status;
    const char *order;
    const char *retry;
    gboolean may;
  } cases[] = {
    { LUI_REPORT_WAITING, "", "", TRUE },
    { LUI_REPORT_RUNNING, "", "", TRUE },
    { LUI_REPORT_DONE, "ended", "", FALSE },
    { LUI_REPORT_FAILED, "usable", "now", TRUE },
    { LUI_REPORT_FAILED, "unknown", "", TRUE },
    { LUI_REPORT_FAILED, "ended", "unknown", FALSE },
    { LUI_REPORT_FAILED, "usable", "useless", FALSE },
  };
  g_autoptr (LuiReport) report = open_report (fixture);
  LuiReportRow *row = lui_report_row (report, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      row->status = cases[i].status;
      lui_report_set (&row->order, cases[i].order);
      lui_report_set (&row->retry, cases[i].retry);
      g_assert_cmpint (lui_report_may_run (row), ==, cases[i].may);
    }
}

#define ADD(path, function, name) g_test_add (path, Fixture, name, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/lui-report/goes-on/csv", test_goes_on, "report.csv");
  ADD ("/lui-report/goes-on/json", test_goes_on, "report.json");
  ADD ("/lui-report/not-a-report/csv", test_not_a_report, "report.csv");
  ADD ("/lui-report/not-a-report/json", test_not_a_report, "report.json");
  ADD ("/lui-report/cannot-write", test_cannot_write, "report.csv");
  ADD ("/lui-report/may-run", test_may_run, "report.csv");
  return g_test_run ();
}
