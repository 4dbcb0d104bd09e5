/* Reading validated input by name. */
#include <stdio.h>
#include <stdlib.h>

#include "http/request.h"

static const struct input *find(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->input_count; i++)
        if (str_eq(r->inputs[i].name, name))
            return &r->inputs[i];
    fprintf(stderr, "input: the route has no field %s\n", name);
    abort();
}

const char *input(const struct request *r, const char *name)
{
    return find(r, name)->value;
}

bool input_present(const struct request *r, const char *name)
{
    return find(r, name)->present;
}

bool input_bool(const struct request *r, const char *name)
{
    return str_eq(input(r, name), "true");
}

long input_long(const struct request *r, const char *name)
{
    const char *value = input(r, name);
    return value ? strtol(value, NULL, 10) : 0;
}
