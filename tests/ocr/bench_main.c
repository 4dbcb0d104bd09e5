/* Reads generated pages and prints the figures:
 *   bench [--seeds 1000-1199] [--kind tables|borderless|unreadable] [--list] [--jobs N] [--dump DIR]
 * As in service, each page is read by a child of its own of a warm process; times and memory (the largest of the children, pages
 * that are shared with the warm process included) are those of the children. Pages are photographed in yet another process. */
#include "bench_score.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct task { long from, to; enum page_choice choice; bool list; const char *dump; int jobs; struct ocr_reader_options reader; };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The page's JPEG, made by a child so that its memory is not ours. */
static unsigned char *photograph_apart(const struct page *page, size_t *size)
{
    int ends[2];
    if (pipe(ends) != 0) return NULL;
    pid_t child = fork();
    if (child == 0) {
        size_t length;
        unsigned char *jpeg = page_photograph(page, false, &length);
        for (size_t done = 0; done < length;) {
            ssize_t n = write(ends[1], jpeg + done, length - done);
            if (n <= 0) _exit(1);
            done += (size_t)n;
        }
        _exit(0);
    }
    close(ends[1]);
    size_t room = 1 << 20;
    unsigned char *data = malloc(room);
    *size = 0;
    for (ssize_t n; data && (n = read(ends[0], data + *size, room - *size)) > 0;) {
        *size += (size_t)n;
        if (*size == room) data = realloc(data, room *= 2);
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    return data;
}

static void dump(const struct task *task, const struct page *page, const struct ocr_pictures *pictures, const struct ocr_draft *draft)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%llu.jpg", task->dump, (unsigned long long)page->seed);
    const struct ocr_picture *picture = pictures->rectified.size ? &pictures->rectified : &pictures->image;
    FILE *file = fopen(path, "wb");
    if (file) { fwrite(picture->data, 1, picture->size, file); fclose(file); }
    snprintf(path, sizeof path, "%s/%llu.json", task->dump, (unsigned long long)page->seed);
    char *json = ocr_draft_json(draft);
    if ((file = fopen(path, "w"))) { fputs(json, file); fclose(file); }
    free(json);
}

struct reading { struct ocr_draft draft; double seconds, rss_mb; };

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static bool move_all(int fd, void *data, size_t size, bool out)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = out ? write(fd, (char *)data + done, size - done) : read(fd, (char *)data + done, size - done);
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

static _Noreturn void read_in_child(const struct task *task, struct ocr_reader *reader, const struct page *page, const unsigned char *jpeg,
                                    size_t size, int pipe)
{
    static struct reading reading;
    struct ocr_pictures pictures;
    double start = cpu_seconds();
    ocr_read(reader, jpeg, size, &reading.draft, &pictures, NULL, NULL);
    reading.seconds = cpu_seconds() - start;
    reading.rss_mb = peak_mb();
    if (task->dump) dump(task, page, &pictures, &reading.draft);
    _exit(move_all(pipe, &reading, sizeof reading, true) ? 0 : 1);
}

/* As in service: a warm process, and a child of it for each picture. */
static void read_page(const struct task *task, struct ocr_reader *reader, const struct page *page, struct reading *reading)
{
    int ends[2];
    size_t size = 0;
    unsigned char *jpeg = photograph_apart(page, &size);
    fflush(stdout);
    if (pipe(ends) != 0) exit(1);
    pid_t child = fork();
    if (child == 0) read_in_child(task, reader, page, jpeg, size, ends[1]);
    close(ends[1]);
    if (!move_all(ends[0], reading, sizeof *reading, false)) {
        fprintf(stderr, "bench: the reader died on page %llu\n", (unsigned long long)page->seed);
        exit(1);
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    free(jpeg);
}

struct outcome { struct score score; double rss_mb; };

static void run(const struct task *task, int job, struct outcome *out)
{
    struct ocr_reader *reader = ocr_reader_new(&task->reader);
    static struct reading reading;
    static struct page page;
    if (!reader) { fputs("bench: the models are missing\n", stderr); exit(1); }
    for (long seed = task->from + job; seed <= task->to; seed += task->jobs) {
        page_make(&page, (uint64_t)seed, task->choice);
        read_page(task, reader, &page, &reading);
        if (out->score.timed < SCORE_PAGES_MAX) out->score.seconds[out->score.timed++] = reading.seconds;
        if (reading.rss_mb > out->rss_mb) out->rss_mb = reading.rss_mb;
        score_add(&out->score, &page, &reading.draft, task->list ? stdout : NULL);
    }
    ocr_reader_free(reader);
}

static void run_jobs(const struct task *task, struct outcome *all)
{
    for (int job = 0; job < task->jobs; job++) {
        int ends[2];
        if (pipe(ends) != 0) exit(1);
        if (fork() == 0) {
            static struct outcome mine;
            run(task, job, &mine);
            fflush(stdout);
            _exit(move_all(ends[1], &mine, sizeof mine, true) ? 0 : 1);
        }
        close(ends[1]);
        /* ends[0] is kept open until all jobs are started; the pipes are read in order below */
        dup2(ends[0], 100 + job);
        close(ends[0]);
    }
    for (int job = 0; job < task->jobs; job++) {
        static struct outcome one;
        bool whole = move_all(100 + job, &one, sizeof one, false);
        close(100 + job);
        if (!whole) { fputs("bench: a job died\n", stderr); exit(1); }
        score_merge(&all->score, &one.score);
        if (one.rss_mb > all->rss_mb) all->rss_mb = one.rss_mb;
    }
    while (wait(NULL) > 0) continue;
}

static void parse_seeds(const char *text, struct task *task)
{
    char *end;
    task->from = strtol(text, &end, 10);
    task->to = *end == '-' ? strtol(end + 1, NULL, 10) : task->from;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "seeds", 1, NULL, 's' }, { "kind", 1, NULL, 'k' }, { "list", 0, NULL, 'l' },
        { "jobs", 1, NULL, 'j' }, { "dump", 1, NULL, 'd' }, { NULL, 0, NULL, 0 } };
    struct task task = { .from = 1, .to = 30, .jobs = 1, .reader = { NULL, getenv("DASTERN_OCR_ENG_BEST"), getenv("DASTERN_OCR_LEXICON") } };
    ocr_single_thread(argv);
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 's') parse_seeds(optarg, &task);
        else if (c == 'k') task.choice = optarg[0] == 'b' ? CHOOSE_BORDERLESS : optarg[0] == 'u' ? CHOOSE_UNREADABLE : CHOOSE_TABLES;
        else if (c == 'l') task.list = true;
        else if (c == 'j') task.jobs = (int)strtol(optarg, NULL, 10);
        else if (c == 'd') task.dump = optarg;
        else return 2;
    }
    if (task.jobs < 1 || task.jobs > 16) return 2;
    static struct outcome all;
    run_jobs(&task, &all);
    score_print(&all.score, all.rss_mb, stdout);
    return 0;
}
