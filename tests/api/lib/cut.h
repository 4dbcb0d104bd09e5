/* Requests that are cut off half-way. The owner holds something that the request has to wait for in the database, so that the moment
 * is certain; then one of its two connections breaks, and what was held is let go. */
#ifndef DASTERN_TESTS_CUT_H
#define DASTERN_TESTS_CUT_H

#include "client.h"

/* `hold` is a statement that takes the lock, with at most the one parameter `id` (NULL: none), and is undone afterwards. The call
 * comes from a module of `role`. A request that never waits there fails the test. */
struct cut {
    const char *role;      /* of PostgreSQL: "dastern_auth" */
    const char *hold, *id;
};

/* Ends the module's connection to PostgreSQL while it waits. The answer the client gets. */
struct answer *cut_from_database(const struct cut *cut, const struct call *call);
/* The client, with `body` (JSON text) on its way, goes while the module waits. Returns when the module is done with it. */
void cut_from_client(const struct cut *cut, const char *token, const char *path, const char *body);

#endif
