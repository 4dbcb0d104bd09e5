/* rlimits, no_new_privs, Landlock where the kernel has it, and a seccomp allow-list. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SHADOW_MEMORY = 1 }; /* sanitizers reserve terabytes of address space and start helpers of their own */
#else
enum { SHADOW_MEMORY = 0 };
#endif

/* ---- descriptors ---------------------------------------------------------------------------------------------- */

/* Standard streams go to /dev/null, and all descriptors around the two kept ones are closed. */
static bool close_others(int keep_a, int keep_b)
{
    unsigned low = (unsigned)(keep_a < keep_b ? keep_a : keep_b), high = (unsigned)(keep_a < keep_b ? keep_b : keep_a);
    if (low < 3) return false;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return false;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0) return false;
    if (low > 3 && close_range(3, low - 1, 0) != 0) return false;
    if (high > low + 1 && close_range(low + 1, high - 1, 0) != 0) return false;
    return close_range(high + 1, ~0u, 0) == 0;
}

/* ---- resources ------------------------------------------------------------------------------------------------ */

static long address_space_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%ld", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool limit(__rlimit_resource_t what, rlim_t value) { return setrlimit(what, &(struct rlimit){ value, value }) == 0; }

static bool limit_resources(const struct sandbox_limits *limits)
{
    rlim_t memory = ((rlim_t)address_space_kb() + (rlim_t)limits->memory_mb * 1024) * 1024;
    if (!SHADOW_MEMORY && !limit(RLIMIT_AS, memory)) return false;
    return limit(RLIMIT_CPU, (rlim_t)limits->cpu_seconds) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, 0);
}

/* ---- Landlock ------------------------------------------------------------------------------------------------- */

/* Handles every file access the kernel knows and allows none. A kernel without Landlock still has the seccomp list. */
static bool forbid_files(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
    if (abi < 1) return true;
    uint64_t handled = ((uint64_t)1 << (abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13)) - 1;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (rules < 0) return false;
    bool held = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return held;
}

/* ---- seccomp -------------------------------------------------------------------------------------------------- */

static const int allowed[] = {
    SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat),
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(sched_yield),
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrusage), SCMP_SYS(times),
    SCMP_SYS(getrandom), SCMP_SYS(restart_syscall), SCMP_SYS(sigaltstack),
};

/* Asked for by libraries in passing; they take no for an answer. */
static const int refused[] = {
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(access), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(ioctl), SCMP_SYS(prctl), SCMP_SYS(sched_getaffinity), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getcwd),
};

static bool add_rules(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0) return false;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0) != 0) return false;
    /* memory may be mapped, never as code */
    struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code) == 0 &&
           seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code) == 0;
}

static bool forbid_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SHADOW_MEMORY ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
    bool loaded = filter && add_rules(filter) && seccomp_load(filter) == 0;
    if (filter) seccomp_release(filter);
    return loaded;
}

bool sandbox_enter(const struct sandbox_limits *limits, int keep_a, int keep_b)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 && close_others(keep_a, keep_b) &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && forbid_files() && limit_resources(limits) && forbid_calls();
}
