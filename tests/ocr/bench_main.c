/* Reads generated pages and prints the figures:
 *   bench [--seeds 1000-1199] [--kind tables|borderless|unreadable] [--list] [--jobs N] [--dump DIR]
 * The reader runs in this process (one per job), pages are photographed in another, so that times and memory are the reader's. */
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

static void run(const struct task *task, int job, struct score *score)
{
    struct ocr_reader *reader = ocr_reader_new(&task->reader);
    static struct ocr_draft draft;
    static struct page page;
    if (!reader) { fputs("bench: the models are missing\n", stderr); exit(1); }
    for (long seed = task->from + job; seed <= task->to; seed += task->jobs) {
        struct ocr_pictures pictures;
        size_t size = 0;
        page_make(&page, (uint64_t)seed, task->choice);
        unsigned char *jpeg = photograph_apart(&page, &size);
        double start = cpu_seconds();
        ocr_read(reader, jpeg, size, &draft, &pictures, NULL, NULL);
        if (score->timed < SCORE_PAGES_MAX) score->seconds[score->timed++] = cpu_seconds() - start;
        score_add(score, &page, &draft, task->list ? stdout : NULL);
        if (task->dump) dump(task, &page, &pictures, &draft);
        ocr_pictures_free(&pictures);
        free(jpeg);
    }
    ocr_reader_free(reader);
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

struct outcome { struct score score; double rss_mb; };

static void run_jobs(const struct task *task, struct outcome *all)
{
    for (int job = 0; job < task->jobs; job++) {
        int ends[2];
        if (pipe(ends) != 0) exit(1);
        if (fork() == 0) {
            static struct outcome mine;
            run(task, job, &mine.score);
            mine.rss_mb = peak_mb();
            fflush(stdout);
            for (size_t done = 0; done < sizeof mine;) {
                ssize_t n = write(ends[1], (const char *)&mine + done, sizeof mine - done);
                if (n <= 0) _exit(1);
                done += (size_t)n;
            }
            _exit(0);
        }
        close(ends[1]);
        /* ends[0] is kept open until all jobs are started; the pipes are read in order below */
        dup2(ends[0], 100 + job);
        close(ends[0]);
    }
    for (int job = 0; job < task->jobs; job++) {
        static struct outcome one;
        size_t done = 0;
        for (ssize_t n; done < sizeof one && (n = read(100 + job, (char *)&one + done, sizeof one - done)) > 0;) done += (size_t)n;
        close(100 + job);
        if (done != sizeof one) { fputs("bench: a job died\n", stderr); exit(1); }
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
