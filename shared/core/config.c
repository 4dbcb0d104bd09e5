/* Configuration from the environment: read once at start, all faults at once, constant afterwards. */
#include "core/config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/str.h"

#define SECRET_MIN 32
#define SECRET_MAX 4096

struct value {
    const struct config_item *item;
    char *text;
};

static struct value *values;
static size_t value_count;
static int faults;

__attribute__((format(printf, 2, 3))) static void fault(const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "config: %s ", name);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    faults++;
}

static bool parse_bool(const char *s, bool *out)
{
    if (str_eq(s, "on") || str_eq(s, "true") || str_eq(s, "1"))
        *out = true;
    else if (str_eq(s, "off") || str_eq(s, "false") || str_eq(s, "0"))
        *out = false;
    else
        return false;
    return true;
}

static void check(const struct config_item *item, const char *text)
{
    long number;
    bool flag;
    if (!utf8_valid(text, strlen(text)))
        fault(item->name, "is not valid UTF-8");
    else if (item->type == CONFIG_INT && !str_to_long(text, &number))
        fault(item->name, "must be a whole number");
    else if (item->type == CONFIG_COUNT && (!str_to_long(text, &number) || number < 1 || number > INT_MAX))
        fault(item->name, "must be a whole number from 1");
    else if (item->type == CONFIG_BOOL && !parse_bool(text, &flag))
        fault(item->name, "must be on or off");
    else if (item->type == CONFIG_PATH && !item->def && !*text)
        fault(item->name, "must name a path");
}

/* Reads an open secret file into `out`, without a final newline. False after telling the fault; never the content. */
static bool read_secret(const char *name, int fd, char out[SECRET_MAX + 1])
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fault(name, "does not name a regular file"), false;
    if (st.st_mode & (S_IWGRP | S_IRWXO))
        return fault(name, "names a file that others can read or the group can write"), false;
    ssize_t n = read(fd, out, SECRET_MAX + 1);
    if (n < 0 || n > SECRET_MAX)
        return fault(name, "names a file that cannot be read or is over %d bytes", SECRET_MAX), false;
    if (n > 0 && out[n - 1] == '\n')
        n--;
    out[n] = '\0';
    if (n < SECRET_MIN || strlen(out) != (size_t)n)
        return fault(name, "names a file with fewer than %d bytes or with a NUL in it", SECRET_MIN), false;
    return true;
}

/* Where a secret lies: <name>_FILE, or a file of its name in the directory of all secrets. */
static bool secret_path(const char *name, char *path, size_t size)
{
    char variable[128];
    snprintf(variable, sizeof variable, "%s_FILE", name);
    const char *file = getenv(variable), *dir = getenv("DASTERN_SECRETS_DIR");
    if (file)
        return snprintf(path, size, "%s", file) < (int)size;
    if (!dir || !str_starts(name, "DASTERN_"))
        return false;
    int n = snprintf(path, size, "%s/%s", dir, name + strlen("DASTERN_"));
    if (n < 0 || n >= (int)size)
        return false;
    for (char *p = path + strlen(dir); *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return access(path, F_OK) == 0;
}

static char *load_secret(const struct config_item *item)
{
    char path[1024];
    if (getenv(item->name))
        fault(item->name, "must not be in the environment; give %s_FILE", item->name);
    if (!secret_path(item->name, path, sizeof path)) {
        if (item->def)
            return xstrdup(item->def);
        return fault(item->name, "has no file (%s)", item->help), NULL;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fault(item->name, "has a file that cannot be opened"), NULL;
    char secret[SECRET_MAX + 1];
    char *text = read_secret(item->name, fd, secret) ? xstrdup(secret) : NULL;
    explicit_bzero(secret, sizeof secret);
    close(fd);
    return text;
}

static char *load_plain(const struct config_item *item)
{
    const char *text = getenv(item->name);
    if (!text)
        text = item->def;
    if (!text)
        return fault(item->name, "is missing (%s)", item->help), NULL;
    check(item, text);
    return xstrdup(text);
}

static void load_items(const struct config_item *items)
{
    for (; items && items->name; items++) {
        values = xrealloc(values, (value_count + 1) * sizeof *values);
        values[value_count++] = (struct value){
            .item = items,
            .text = items->type == CONFIG_SECRET ? load_secret(items) : load_plain(items),
        };
    }
}

static void print_items(const struct config_item *items)
{
    static const char *const types[] = {"text", "number", "number from 1", "on/off", "path", "secret file"};
    for (; items && items->name; items++) {
        bool secret = items->type == CONFIG_SECRET;
        printf("  %s%s (%s, %s%s)\n      %s\n", items->name, secret ? "_FILE" : "", types[items->type],
               items->def ? "default: " : "must be given", items->def ? items->def : "", items->help);
    }
}

static void unload(void)
{
    for (size_t i = 0; i < value_count; i++) {
        if (values[i].text)
            explicit_bzero(values[i].text, strlen(values[i].text));
        free(values[i].text);
    }
    free(values);
    values = NULL;
    value_count = 0;
    faults = 0;
}

void config_load(const struct config_item *common, const struct config_item *own, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!str_eq(argv[i], "--help"))
            continue;
        printf("%s is configured by environment variables:\n", argv[0]);
        print_items(common);
        print_items(own);
        exit(EX_OK);
    }
    unload();
    load_items(common);
    load_items(own);
    if (faults)
        exit(EX_CONFIG);
}

const char *config_text(const char *name)
{
    for (size_t i = 0; i < value_count; i++)
        if (str_eq(values[i].item->name, name))
            return values[i].text;
    fprintf(stderr, "config: %s is not in the table\n", name);
    abort();
}

long config_int(const char *name)
{
    long number;
    if (!str_to_long(config_text(name), &number))
        abort();
    return number;
}

bool config_bool(const char *name)
{
    bool flag;
    if (!parse_bool(config_text(name), &flag))
        abort();
    return flag;
}
