/* What programs do with descriptors that might hurt the log, or be hurt.
 *
 *     descriptors daemonise     as daemon(7) has it; waits for the daemon
 *     descriptors numbers       prints the numbers that it gets until none is left
 *     descriptors over LOG      takes the log's number by every call
 *     descriptors table         prints the size of the kernel's table, here and in a child */
#include "harm.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void wait_for_all(void)
{
    for (int status = 0; wait(&status) > 0;) {
        CHECK(status == 0);
    }
}

/* ---- A daemon ---- */

static void be_daemon(void)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int fd = 0; fd < (int)limit.rlim_cur; fd++) {
        close(fd);
    }
    CHECK(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
    umask(0);
    CHECK(chdir("/") == 0);
    open_quiet();
    CHECK(quiet[0] == 3 && quiet[1] == 4);
    leave_record(2);
    leave_record(3);
}

static void daemonise(void)
{
    open_quiet();
    leave_record(1);
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); /* to wait for the daemon */
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            be_daemon();
        }
        _exit(0);
    }
    wait_for_all();
}

/* ---- The numbers ---- */

static void say_numbers(void)
{
    int fds[64];
    int count = 0;
    open_quiet();
    leave_record(1);
    while (count < 64 && (fds[count] = open("/dev/null", O_RDONLY)) >= 0) {
        printf("%d\n", fds[count++]);
    }
    leave_record(2);
    /* Every number may be had by dup2, the log's, too. */
    int mine = fds[0];
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int fd = mine; fd < 64 && fd < (int)limit.rlim_cur; fd++) {
        CHECK(dup2(quiet[1], fd) == fd && close(fd) == 0);
    }
    leave_record(3);
}

/* ---- Over the log's number ---- */

static char stranger[] = "stranger.XXXXXX";

static int open_stranger(void)
{
    int fd = mkstemp(stranger);
    CHECK(fd >= 0);
    return fd;
}

static void stranger_is_empty(int fd)
{
    struct stat st;
    CHECK(fstat(fd, &st) == 0 && st.st_size == 0);
}

/* A failed dup2 or dup3 leaves the number free, as it was for the program. */
static void failed_dup(const char *path)
{
    int log = descriptor_of(path);
    CHECK(dup2(1000, log) == -1 && errno == EBADF && fcntl(log, F_GETFD) == -1);
    log = descriptor_of(path);
    CHECK(dup3(1000, log, O_CLOEXEC) == -1 && errno == EBADF && fcntl(log, F_GETFD) == -1);
    log = descriptor_of(path);
    CHECK(dup3(1, log, 12345) == -1 && errno == EINVAL && fcntl(log, F_GETFD) == -1);
    log = descriptor_of(path);
    CHECK(dup3(log, log, 0) == -1 && errno == EINVAL);
}

/* Closing it succeeds, and it is there, under its number. */
static void close_is_no_loss(const char *path)
{
    int log = descriptor_of(path);
    CHECK(close(log) == 0 && descriptor_of(path) == log);
    CHECK(close_range((unsigned)log, (unsigned)log, 0) == 0 && descriptor_of(path) == log);
    CHECK(close_range((unsigned)log - 2, ~0U, 0) == 0 && descriptor_of(path) == log);
    closefrom(log - 2);
    CHECK(descriptor_of(path) == log);
    CHECK(close_range((unsigned)log, (unsigned)log, 12345) == -1 && errno == EINVAL);
    CHECK(close_range((unsigned)log - 1, (unsigned)log, 12345) == -1 && errno == EINVAL);
    CHECK(descriptor_of(path) == log);
}

/* Above the program's limit nothing can be put: it stays, rather than come back
 * among the few numbers that are left to the program. */
static void above_the_limit(const char *path)
{
    struct rlimit limit;
    int log = descriptor_of(path);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    struct rlimit lower = {16, limit.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &lower) == 0);
    CHECK(dup2(0, log) == -1 && errno == EBADF && dup3(0, log, O_CLOEXEC) == -1);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(descriptor_of(path) == log);
}

/* By a call that nobody sees, for it is made by its instruction. */
static long unseen(long number, long a, long b, long c)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__i386__)
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
#else
    return syscall(number, a, b, c);
#endif
}

/* What was put there by a call that nobody sees is the program's: it can be
 * closed and replaced. */
static void stranger_under_its_number(int fd, const char *path)
{
    int log = descriptor_of(path);
    CHECK(unseen(SYS_dup3, fd, log, 0) == log);
    CHECK(close(log) == 0 && fcntl(log, F_GETFD) == -1 && errno == EBADF);
    CHECK(close(log) == -1 && errno == EBADF);
    CHECK(unseen(SYS_dup3, fd, log, 0) == log);
    CHECK(dup2(0, log) == log && fcntl(log + 1, F_GETFD) == -1);
    CHECK(close(log) == 0);
}

static void take_over(const char *path)
{
    int fd = open_stranger();
    size_t number = 1;
    open_quiet();
    leave_record(number++);
    failed_dup(path);
    leave_record(number++);
    close_is_no_loss(path);
    above_the_limit(path);
    stranger_under_its_number(fd, path);
    leave_record(number++);
    CHECK(dup2(fd, descriptor_of(path)) >= 0);
    leave_record(number++);
    CHECK(dup3(fd, descriptor_of(path), O_CLOEXEC) >= 0);
    leave_record(number++);
    CHECK(fcntl(fd, F_DUPFD, 200) >= 200);
    leave_record(number++);
    /* Where nobody sees it. */
    CHECK(unseen(SYS_dup3, fd, descriptor_of(path), 0) >= 0);
    leave_record(number++);
    CHECK(unseen(SYS_close, descriptor_of(path), 0, 0) == 0);
    leave_record(number++);
    int log = descriptor_of(path);
    CHECK(unseen(SYS_close, log, 0, 0) == 0 && fcntl(fd, F_DUPFD, log) == log);
    leave_record(number++);
    CHECK(unseen(SYS_close_range, 3, ~0U, 0) == 0);
    open_quiet();
    leave_record(number++);
    /* The log's own file, opened by the program, is the program's. */
    fd = open(path, O_RDWR);
    CHECK(close(fd) == 0 && fcntl(fd, F_GETFD) == -1);
    leave_record(number++);
    fd = open(stranger, O_RDWR);
    stranger_is_empty(fd);
    CHECK(unlink(stranger) == 0);
    printf("%zu\n", number - 1);
}

/* ---- The table ---- */

static void say_table_size(void)
{
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status)) {
        if (strncmp(line, "FDSize:", 7) == 0) {
            printf("%d\n", atoi(line + 7));
        }
    }
    fclose(status);
    fflush(stdout);
}

static void table(void)
{
    open_quiet();
    leave_record(1);
    say_table_size();
    if (fork() == 0) {
        leave_record(2);
        say_table_size();
        _exit(0);
    }
    wait_for_all();
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    if (strcmp(argv[1], "daemonise") == 0) {
        daemonise();
    } else if (strcmp(argv[1], "numbers") == 0) {
        say_numbers();
    } else if (strcmp(argv[1], "over") == 0) {
        take_over(argv[2]);
    } else {
        table();
    }
    return 0;
}
