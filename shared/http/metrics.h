/* Counters that all worker processes of a module share, as Prometheus text. */
#ifndef DASTERN_HTTP_METRICS_H
#define DASTERN_HTTP_METRICS_H

#include "core/str.h"
#include "http/serve.h"

/* Bytes of shared memory needed. */
size_t metrics_size(void);
/* Maps the shared memory behind `fd` (made by the parent). Without it counting does nothing. Counters begin at 0 when those
 * there are of another table of routes (an older file's), whose workers count no longer. */
void metrics_map(int fd, const struct area *area);
/* One answered request: `us` of work. route NULL: nothing matched. */
void metrics_count(const struct area *area, const struct route *route, int status, long us);
/* text/plain; version=0.0.4 */
void metrics_write(struct buf *out, const struct area *area);

#endif
