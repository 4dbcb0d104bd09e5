/* What the scenarios of several files have in common. */
#ifndef DASTERN_TESTS_FAULTS_H
#define DASTERN_TESTS_FAULTS_H

#include <stdbool.h>
#include <sys/types.h>

/* Says what did not hold, and makes the program fail in the end. */
void must(bool holds, const char *what);

/* Counts as not held when there is no such process. */
void send_signal(pid_t pid, int number);

/* Every module replaces its processes; false when that takes longer than the time. */
bool roll_all(double seconds);

/* pictures.c */
void kill_readers(int times);
void crash_readings(int times);
void stall_readings(int times);
void fill_disks(int times);

/* streams.c */
void break_streams(int times);

/* calls.c */
void fail_calls(int points);

#endif
