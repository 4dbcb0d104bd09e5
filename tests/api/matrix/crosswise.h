/* Tests that mix what belongs to two patients. They run in the scene of matrix_test.c. */
#ifndef DASTERN_TESTS_CROSSWISE_H
#define DASTERN_TESTS_CROSSWISE_H

/* Cmocka tests: ids of a stranger in path, query and body beside one's own; the same in a form; in a batch; cursors of
 * somebody else's lists; Idempotency-Keys of somebody else. */
void things_of_two_patients_do_not_mix(void **state);
void a_picture_for_a_stranger_is_refused(void **state);
void a_batch_reaches_nothing_foreign(void **state);
void a_cursor_carries_no_rights(void **state);
void an_idempotency_key_carries_no_rights(void **state);

#endif
