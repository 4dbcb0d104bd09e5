/* Makes reports. Everything happens in one statement, with the rights that the asker has at that moment. */
#include "jobs/worker.h"
#include "reports_sql.h"

static enum err make_report(struct job *job)
{
    struct rows rows = {0};
    return job_query(job->mem, &SQL_make_report, &rows, "job_id", job->id, "worker", job->worker, "attempt",
                     arena_printf(job->mem, "%ld", job->attempt), NULL);
}

static const struct worker report_worker = {
    .name = "report_worker",
    .queue = "jobs",
    .kinds = "{report_prescription_history,report_medication_adherence}",
    .lease_s = 30,
    .run = make_report,
    .self_completing = true,
    .statements = SQL_ALL_reports,
};

int main(int argc, char **argv)
{
    return worker_main(&report_worker, argc, argv);
}
