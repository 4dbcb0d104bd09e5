/* The lane that password hashing goes through: one at a time per process, and of all processes together only as many at once as
 * leave processors free, on a thread of low priority. So a crowd of sign-ins takes neither the request threads nor the
 * processors away from everybody else. */
#ifndef DASTERN_AUTH_HASH_LANE_H
#define DASTERN_AUTH_HASH_LANE_H

#include "core/err.h"
#include "http/request.h"

/* Starts the thread. Once per process, before the first request. The processes that share `lock_path` (made when absent) hash at
 * most `lanes` passwords at once; 0: half as many as there are processors. E_INTERNAL: no such file, no thread. */
enum err hash_lane_start(const char *lock_path, int lanes) MUST_CHECK;

/* OK: the lane is ours until hash_lane_leave. E_LATER: the request is parked and its handler runs again, so enter before
 * anything that must not happen twice. E_UNAVAILABLE (503, Retry-After): too many wait, or this one has waited too long. */
enum err hash_lane_enter(struct request *r) MUST_CHECK;
void hash_lane_leave(void);

/* Runs work(arg) on the lane's thread and waits for it. Only between enter and leave. */
void hash_lane_run(void (*work)(void *arg), void *arg);

#endif
