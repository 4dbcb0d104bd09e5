/* Several schedulers at once, killed at random moments: every dose is told exactly once, and in time. */
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/random.h"
#include "course.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

#define SCHEDULERS 3 /* beside the stack's own */
#define DOSES 600
#define SPREAD_MS 10 /* between two doses */
#define KILLS 20

static char program[PATH_MAX], database[PATH_MAX + 100];
static pid_t running[SCHEDULERS];

/* build/tests/api/reminders/schedulers_test stands beside build/bin/scheduler_worker. */
static int find_program(void **state)
{
    char self[PATH_MAX - 64] = "";
    (void)state;
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(program, sizeof program, "%s/../../../bin/scheduler_worker", dirname(self));
    assert_int_equal(access(program, X_OK), 0);
    snprintf(database, sizeof database, "%s user=dastern_scheduler_worker", owner_conninfo());
    return 0;
}

static pid_t scheduler_start(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("DASTERN_DB", database, 1);
        setenv("DASTERN_LOG_LEVEL", "error", 1);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    return child;
}

static void scheduler_kill(int which)
{
    int status = 0;
    assert_int_equal(waitpid(running[which], &status, WNOHANG), 0); /* it was alive: it does not end by itself */
    kill(running[which], SIGKILL);
    waitpid(running[which], &status, 0);
}

/* Doses due one after the other from in a second's time on. */
static void doses_spread(const char *reminder)
{
    char count[16], step[16];
    snprintf(count, sizeof count, "%d", DOSES);
    snprintf(step, sizeof step, "%d", SPREAD_MS);
    owner_sql("INSERT INTO medication_reminder_logs (id, reminder_id, medication_id, patient_id, scheduled_date, scheduled_time,"
              "            time_slot, timezone, due_at, fire_at, grace_until, dose_amount)"
              " SELECT dose_uuid(w.wall::date, w.wall::time), r.id, r.medication_id, r.patient_id, w.wall::date, w.wall::time,"
              "        r.time_slot, r.timezone, d.at, d.at, d.at + interval '1 hour', 1"
              "   FROM medication_reminders r, generate_series(1, $2::int) AS n,"
              "        LATERAL (SELECT now() + interval '1 second' + n * $3::int * interval '1 millisecond' AS at) AS d,"
              "        LATERAL (SELECT d.at AT TIME ZONE r.timezone AS wall) AS w"
              "  WHERE r.id = $1::uuid", reminder, count, step, NULL);
}

static void every_dose_is_told_once(void **state)
{
    (void)state;
    struct person patient;
    char medication[37], reminder[37];
    person_new(&patient, "patient");
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    doses_spread(reminder);
    for (int i = 0; i < SCHEDULERS; i++)
        running[i] = scheduler_start();
    for (int i = 0; i < KILLS; i++) {
        unsigned char chance;
        random_bytes(&chance, sizeof chance);
        nanosleep(&(struct timespec){.tv_nsec = (200 + chance % 200) * 1000000L}, NULL);
        scheduler_kill(chance % SCHEDULERS);
        running[chance % SCHEDULERS] = scheduler_start();
    }
    nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    for (int i = 0; i < SCHEDULERS; i++)
        scheduler_kill(i);
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid AND fire_count = 1"
                                 " AND fired_at >= due_at", reminder, NULL), DOSES);
    assert_int_equal(owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'dose.due'", patient.id, NULL), DOSES);
    assert_int_equal(owner_count("SELECT count(DISTINCT data ->> 'dose_id') FROM notifications WHERE user_id = $1::uuid AND type = 'dose.due'",
                                 patient.id, NULL), DOSES);
    long late_ms = owner_count("SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - due_at) * 1000)::int"
                               " FROM medication_reminder_logs WHERE reminder_id = $1::uuid", reminder, NULL);
    print_message("%d doses, %d kills: p99 late by %ld ms\n", DOSES, KILLS, late_ms);
    assert_true(late_ms < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_dose_is_told_once)};
    return cmocka_run_group_tests_name("several schedulers", tests, find_program, NULL);
}
