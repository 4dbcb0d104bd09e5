/* What an answer must be. A miss fails the cmocka test at the caller's line and shows the answer. */
#ifndef DASTERN_TESTS_EXPECT_H
#define DASTERN_TESTS_EXPECT_H

#include "client.h"

/* The status, and the headers every answer has. Returns the answer, so calls nest. */
#define expect(answer, wanted_status) expect_status_at((answer), (wanted_status), __FILE__, __LINE__)
/* RFC 9457 problem with this status and code, complete and with its request id. */
#define expect_problem(answer, wanted_status, wanted_code) \
    expect_problem_at((answer), (wanted_status), (wanted_code), __FILE__, __LINE__)
/* 422 whose errors[] names this pointer with this code. */
#define expect_fault(answer, pointer, wanted_code) expect_fault_at((answer), (pointer), (wanted_code), __FILE__, __LINE__)
/* Both are the same refusal: status, body but for request_id, and content type. For "404 as for a random id". */
#define expect_same_refusal(a, b) expect_same_refusal_at((a), (b), __FILE__, __LINE__)

struct answer *expect_status_at(struct answer *a, int status, const char *file, int line);
struct answer *expect_problem_at(struct answer *a, int status, const char *code, const char *file, int line);
struct answer *expect_fault_at(struct answer *a, const char *pointer, const char *code, const char *file, int line);
void expect_same_refusal_at(struct answer *a, struct answer *b, const char *file, int line);

#endif
