/* counter COMMAND...: runs it, and prints how often it made which system call,
 * "NAME COUNT" one a line. COMMAND's own output goes nowhere. */
#include "bench.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { MOST = 1024 };

/* Those that a record may take; any other is printed as its number. */
static const struct {
    long number;
    const char *name;
} names[] = {
    {SYS_getsockopt, "getsockopt"},
    {SYS_getsockname, "getsockname"},
    {SYS_getpeername, "getpeername"},
    {SYS_fcntl, "fcntl"},
#ifdef SYS_fcntl64
    {SYS_fcntl64, "fcntl64"},
#endif
    {SYS_ioctl, "ioctl"},
#ifdef SYS_poll
    {SYS_poll, "poll"},
#endif
    {SYS_ppoll, "ppoll"},
    {SYS_rt_sigprocmask, "rt_sigprocmask"},
    {SYS_rt_sigaction, "rt_sigaction"},
    {SYS_rt_sigreturn, "rt_sigreturn"},
    {SYS_getpid, "getpid"},
    {SYS_getppid, "getppid"},
    {SYS_gettid, "gettid"},
    {SYS_fstat, "fstat"},
#ifdef SYS_newfstatat
    {SYS_newfstatat, "newfstatat"},
#endif
    {SYS_statx, "statx"},
    {SYS_prlimit64, "prlimit64"},
#ifdef SYS_getrlimit
    {SYS_getrlimit, "getrlimit"},
#endif
    {SYS_clock_gettime, "clock_gettime"},
    {SYS_write, "write"},
    {SYS_sendto, "sendto"},
    {SYS_recvfrom, "recvfrom"},
};

static long counts[MOST];

static void count(pid_t pid)
{
    struct __ptrace_syscall_info info;
    long size = ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info);
    must(size > 0, "PTRACE_GET_SYSCALL_INFO");
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < MOST) {
        counts[info.entry.nr]++;
    }
}

static void watch(pid_t pid)
{
    int status = 0;
    int pass_on = 0;
    must(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "ptrace");
    must(ptrace(PTRACE_SETOPTIONS, pid, NULL,
                (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == 0,
         "PTRACE_SETOPTIONS");
    while (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)pass_on) == 0 &&
           waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        pass_on = 0;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            count(pid);
        } else if (WSTOPSIG(status) != SIGTRAP) {
            pass_on = WSTOPSIG(status);
        }
    }
    must(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the program");
}

static const char *name_of(long number)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == number) {
            return names[i].name;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    must(argc > 1, "counter COMMAND...");
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        must(freopen("/dev/null", "w", stdout) && ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0,
             "PTRACE_TRACEME");
        execvp(argv[1], argv + 1);
        must(false, argv[1]);
    }
    watch(pid);
    for (long i = 0; i < MOST; i++) {
        const char *name = name_of(i);
        if (counts[i] > 0 && name) {
            printf("%s %ld\n", name, counts[i]);
        } else if (counts[i] > 0) {
            printf("syscall-%ld %ld\n", i, counts[i]);
        }
    }
    return 0;
}
