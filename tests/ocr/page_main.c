/* Writes one generated prescription photo: page --seed N --out FILE.jpg [--truth FILE.json] [--clean] [--borderless | --unreadable] */
#include "page.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static int usage(void)
{
    fputs("usage: page --seed N --out FILE.jpg [--truth FILE.json] [--clean] [--borderless | --unreadable]\n", stderr);
    return 2;
}

static int save(const char *path, const unsigned char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) { perror(path); return 1; }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "seed", 1, NULL, 's' }, { "out", 1, NULL, 'o' }, { "truth", 1, NULL, 't' },
        { "clean", 0, NULL, 'c' }, { "borderless", 0, NULL, 'b' }, { "unreadable", 0, NULL, 'u' }, { NULL, 0, NULL, 0 } };
    const char *out = NULL, *truth = NULL;
    enum page_choice choice = CHOOSE_TABLES;
    bool clean = false, seeded = false;
    uint64_t seed = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 's') { seed = strtoull(optarg, NULL, 10); seeded = true; }
        else if (c == 'o') out = optarg;
        else if (c == 't') truth = optarg;
        else if (c == 'c') clean = true;
        else if (c == 'b') choice = CHOOSE_BORDERLESS;
        else if (c == 'u') choice = CHOOSE_UNREADABLE;
        else return usage();
    }
    if (!out || !seeded) return usage();
    static struct page page;
    page_make(&page, seed, choice);
    size_t size = 0;
    unsigned char *jpeg = page_photograph(&page, clean, &size);
    int failed = save(out, jpeg, size);
    free(jpeg);
    if (truth && !failed) {
        FILE *file = fopen(truth, "w");
        if (!file) { perror(truth); return 1; }
        page_write_truth(&page, file);
        fclose(file);
    }
    return failed;
}
