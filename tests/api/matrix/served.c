/* The routes that the executables serve. */
#include "served.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

static size_t area_count;

static void add_area(json_t *all, const char *bin, const char *area)
{
    char command[512];
    json_error_t error;
    size_t i;
    json_t *route;
    snprintf(command, sizeof command, "'%s/%s' --routes", bin, area);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    json_t *routes = json_loadf(pipe, 0, &error);
    if (pclose(pipe) != 0 || json_array_size(routes) == 0)
        fail_msg("%s tells no routes: %s", command, error.text);
    json_array_foreach(routes, i, route) {
        json_object_set_new(route, "area", json_string(area));
        json_array_append(all, route);
    }
    json_decref(routes);
}

/* Every executable but the workers is a module. */
static void add_all(json_t *all, const char *bin)
{
    struct dirent **entries;
    int n = scandir(bin, &entries, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        if (*name != '.' && !strchr(name, '.') && !strstr(name, "_worker")) {
            add_area(all, bin, name);
            area_count++;
        }
        free(entries[i]);
    }
    free(entries);
}

json_t *served_routes(void)
{
    static json_t *all;
    const char *bin = getenv("DASTERN_TEST_BIN");
    if (!all) {
        all = json_array();
        add_all(all, bin ? bin : "build/bin");
    }
    return all;
}

size_t served_area_count(void)
{
    served_routes();
    return area_count;
}

const char *served_text(const json_t *route, const char *name)
{
    return json_string_value(json_object_get(route, name));
}

bool served_has_body(const json_t *route)
{
    return strcmp(served_text(route, "method"), "GET") != 0;
}
