/* Hostile input to every served route: refused as the contract says, soon, and without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "hostile.h"

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_refuses_what_does_not_fit),
        cmocka_unit_test(every_body_refuses_what_is_none),
        cmocka_unit_test(large_bodies_are_refused),
        cmocka_unit_test(many_keys_are_refused),
        cmocka_unit_test(bodies_in_pieces_and_cut_off_do_nothing),
        cmocka_unit_test(every_parameter_refuses_what_does_not_fit),
        cmocka_unit_test(every_query_refuses_what_is_none),
        cmocka_unit_test(paging_refuses_what_does_not_fit),
        cmocka_unit_test(other_methods_are_not_allowed),
        cmocka_unit_test(odd_paths_lead_nowhere),
    };
    return cmocka_run_group_tests_name("hostile input", tests, hostile_setup, hostile_teardown);
}
