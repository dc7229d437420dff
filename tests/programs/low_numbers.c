/* Whether a number below 64 is ever taken in the table of a program of two threads that fails in
 * many ways: its tracer looks at the table whenever one of its system calls begins or ends.
 * Prints each number that was there; exits with 0 if none was. 77: nothing may be traced. */
#include "harm.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

enum { LOW = 64, KEEPS_PERSONALITY = -1 };

/* ---- The program ---- */

static void *wait_for_ever(void *unused)
{
    for (;;) {
        pause();
    }
    return unused;
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = port};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

/* pair[0] has something to read that it does not read. */
static void make_connection(int pair[2])
{
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&at, len) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&at, &len) == 0);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(pair[0], (struct sockaddr *)&at, len) == 0);
    pair[1] = accept(listener, NULL, NULL);
    CHECK(send(pair[1], "unread", 6, 0) == 6 && recv(pair[0], &len, 1, MSG_PEEK) == 1);
    CHECK(close(listener) == 0);
}

static void mark(void)
{
    personality((unsigned long)KEEPS_PERSONALITY);
}

static int program(void)
{
    pthread_t other;
    int pair[2];
    struct sockaddr_in nobody = loopback(htons(1));
    open_quiet();
    make_connection(pair);
    int stream = socket(AF_INET, SOCK_STREAM, 0);
    int later = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(pthread_create(&other, NULL, wait_for_ever, NULL) == 0);
    mark();
    leave_record(1);
    CHECK(connect(stream, (struct sockaddr *)&nobody, sizeof nobody) == -1);
    connect(later, (struct sockaddr *)&nobody, sizeof nobody);
    nobody.sin_addr.s_addr = inet_addr("192.0.2.1");
    CHECK(bind(stream, (struct sockaddr *)&nobody, sizeof nobody) == -1 && errno == EADDRNOTAVAIL);
    CHECK(close(pair[0]) == 0);
    leave_record(2);
    mark();
    return 0;
}

/* ---- Its tracer ---- */

static pid_t traced;

/* The numbers below LOW, a bit each. */
static uint64_t table(void)
{
    char path[64];
    uint64_t set = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)traced);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int fd = atoi(entry->d_name);
        set |= entry->d_name[0] != '.' && fd < LOW ? (uint64_t)1 << fd : 0;
    }
    if (folder) {
        closedir(folder);
    }
    return set;
}

static void compare(uint64_t before, uint64_t now, int *wrong)
{
    for (int fd = 0; fd < LOW; fd++) {
        if ((now & ~before) >> fd & 1) {
            printf("number %d was taken\n", fd);
            *wrong = 1;
        }
    }
}

static void look(pid_t task, int *wrong)
{
    static int marks;
    static uint64_t before;
    struct __ptrace_syscall_info info = {0};
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof info, &info) > 0);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_personality && marks++ == 0) {
        before = table();
    }
    if (marks == 1) {
        compare(before, table(), wrong);
    }
}

static int trace(void)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL;
    int status;
    int wrong = 0;
    CHECK(waitpid(traced, &status, 0) == traced);
    CHECK(ptrace(PTRACE_SETOPTIONS, traced, 0, options) == 0);
    for (pid_t task = traced; task > 0; task = waitpid(-1, &status, __WALL)) {
        if (task == traced && (WIFEXITED(status) || WIFSIGNALED(status))) {
            return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? wrong : 3;
        }
        if (!WIFSTOPPED(status)) {
            continue;
        }
        int sig = WSTOPSIG(status);
        if (sig == (SIGTRAP | 0x80)) {
            look(task, &wrong);
        }
        int passed = sig == SIGTRAP || sig == SIGSTOP || sig & 0x80 ? 0 : sig;
        ptrace(PTRACE_SYSCALL, task, 0, passed);
    }
    return 3;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return program();
    }
    traced = fork();
    if (traced == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0) {
            _exit(77);
        }
        raise(SIGSTOP);
        execl(argv[0], argv[0], "program", (char *)NULL);
        _exit(3);
    }
    return trace();
}
