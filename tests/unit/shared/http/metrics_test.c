/* Counters in shared memory: what they are attributed to when workers of another file, with other routes, take over. */
#include "unit.h"
#undef fail /* cmocka's, in the way of request.h's */

#include "core/str.h"
#include "http/metrics.h"

static const struct route old_routes[] = {{.method = GET, .path = "/a"}, {.method = POST, .path = "/b"}, {0}};
static const struct route new_routes[] = {{.method = GET, .path = "/fresh"}, {.method = GET, .path = "/a"}, {.method = POST, .path = "/b"}, {0}};
static const struct area old_area = {.name = "test", .routes = old_routes}, new_area = {.name = "test", .routes = new_routes};
static int fd;

static int begin(void **state)
{
    fd = memfd_create("counters", MFD_CLOEXEC);
    return fd >= 0 && ftruncate(fd, (off_t)metrics_size()) == 0 ? unit_setup(state) : -1;
}

static int end(void **state)
{
    close(fd);
    return unit_teardown(state);
}

static const char *text_of(const struct area *area)
{
    struct buf text = {.mem = mem};
    metrics_write(&text, area);
    return text.data;
}

static void workers_of_one_file_add_up(void **state)
{
    (void)state;
    metrics_map(fd, &old_area);
    metrics_count(&old_area, &old_routes[1], 201, 1500);
    metrics_map(fd, &old_area); /* the next worker */
    metrics_count(&old_area, &old_routes[1], 409, 700);
    metrics_count(&old_area, NULL, 404, 10);
    const char *text = text_of(&old_area);
    assert_non_null(strstr(text, "dastern_requests_total{area=\"test\",method=\"POST\",route=\"/b\",status=\"2xx\"} 1\n"));
    assert_non_null(strstr(text, "dastern_requests_total{area=\"test\",method=\"POST\",route=\"/b\",status=\"4xx\"} 1\n"));
    assert_non_null(strstr(text, "dastern_request_seconds_bucket{area=\"test\",method=\"POST\",route=\"/b\",le=\"0.001\"} 1\n"));
    assert_non_null(strstr(text, "dastern_request_seconds_sum{area=\"test\",method=\"POST\",route=\"/b\"} 0.002200\n"));
    assert_non_null(strstr(text, "dastern_requests_total{area=\"test\",method=\"\",route=\"none\",status=\"4xx\"} 1\n"));
    assert_null(strstr(text, "route=\"/a\",status"));
}

static void counters_of_other_routes_are_not_taken_over(void **state)
{
    (void)state;
    metrics_map(fd, &old_area);
    for (int i = 0; i < 7; i++)
        metrics_count(&old_area, &old_routes[0], 200, 1500);
    metrics_map(fd, &new_area);
    assert_null(strstr(text_of(&new_area), "status="));
    metrics_count(&new_area, &new_routes[1], 200, 1500);
    const char *text = text_of(&new_area);
    assert_non_null(strstr(text, "route=\"/a\",status=\"2xx\"} 1\n"));
    assert_null(strstr(text, "route=\"/fresh\",status"));
}

/* A worker of the old file goes on serving for some seconds. */
static void a_worker_that_is_being_replaced_counts_no_longer(void **state)
{
    (void)state;
    int begun[2], replaced[2], status;
    char byte = 0;
    assert_int_equal(pipe(begun) | pipe(replaced), 0);
    pid_t old = fork();
    if (old == 0) {
        metrics_map(fd, &old_area);
        bool ok = write(begun[1], &byte, 1) == 1 && read(replaced[0], &byte, 1) == 1;
        metrics_count(&old_area, &old_routes[0], 200, 1500);
        _exit(ok && !strstr(text_of(&old_area), "status=") ? 0 : 1);
    }
    assert_int_equal(read(begun[0], &byte, 1), 1);
    metrics_map(fd, &new_area);
    assert_int_equal(write(replaced[1], &byte, 1), 1);
    assert_int_equal(waitpid(old, &status, 0), old);
    assert_int_equal(status, 0);
    assert_null(strstr(text_of(&new_area), "status="));
    for (int i = 0; i < 2; i++) {
        close(begun[i]);
        close(replaced[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(workers_of_one_file_add_up, begin, end),
        cmocka_unit_test_setup_teardown(counters_of_other_routes_are_not_taken_over, begin, end),
        cmocka_unit_test_setup_teardown(a_worker_that_is_being_replaced_counts_no_longer, begin, end),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
