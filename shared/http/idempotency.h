/* Idempotency-Key: same key and same request give the first answer again. */
#ifndef DASTERN_HTTP_IDEMPOTENCY_H
#define DASTERN_HTTP_IDEMPOTENCY_H

#include <stdbool.h>

#include "db/pool.h"
#include "http/request.h"

/* Takes the header of an authenticated POST; E_INVALID when it is not 1..128 visible ASCII characters. */
enum err idempotency_read(struct request *r) MUST_CHECK;
/* Claims the key inside the request's transaction; a request still running under it is a conflict. */
struct db_call idempotency_begin_call(struct request *r, struct rows *rows);
/* True when `rows` holds a stored answer: it has become the reply. */
bool idempotency_replay(struct request *r, const struct rows *rows);
/* Stores the reply, to be sent with COMMIT. */
struct db_call idempotency_finish_call(struct request *r);

#endif
