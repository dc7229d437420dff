/* All that raises SIGPIPE. Each word of the command line is a step, and each step that
 * is survived prints one line. Those of the name to-socket-... write to a socket
 * whose peer is gone, to-pipe-... to a pipe without a reader, all others send it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* There a pipe's SIGPIPE that waits has an si_errno of its own: libsockshim(7). */
enum { IS_32_BIT = sizeof(long) == 4 };

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            exit(3);                                                                               \
        }                                                                                          \
    } while (0)

static volatile sig_atomic_t caught;
static sigjmp_buf back;

static void say(const char *step, long result, int err)
{
    char line[200];
    int len = snprintf(line, sizeof line, "%s: %ld %s, caught %d\n", step, result,
                       result < 0 ? strerror(err) : "", (int)caught);
    CHECK(syscall(SYS_write, 2, line, len) == len);
}

#define SAY(step, call)                                                                            \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result = (long)(call);                                                                \
        say(step, result, errno);                                                                  \
    } while (0)

static int dead_socket(void)
{
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    close(pair[1]);
    return pair[0];
}

static int dead_pipe(void)
{
    int pair[2];
    CHECK(pipe(pair) == 0);
    close(pair[0]);
    return pair[1];
}

static int a_file(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    CHECK(fd >= 0);
    return fd;
}

static int full_pipe(void)
{
    int pair[2];
    CHECK(pipe(pair) == 0 && write(pair[1], "full", 4) == 4);
    return pair[0];
}

/* Writes of each kind. */

static long by_write(int fd)
{
    return write(fd, "x", 1);
}

static long by_writev(int fd)
{
    struct iovec parts[2] = {{"ab", 2}, {"c", 1}};
    return writev(fd, parts, 2);
}

static long by_number(int fd)
{
    return syscall(SYS_write, fd, "x", 1);
}

static long by_dprintf(int fd)
{
    return dprintf(fd, "%d", 12);
}

static long by_stdio(int fd)
{
    FILE *stream = fdopen(fd, "w");
    CHECK(stream && fputs("text", stream) >= 0);
    return fflush(stream);
}

static long by_sendfile(int fd)
{
    return sendfile(fd, a_file(), NULL, 100);
}

/* Its second argument is 0, as splice's is. */
static long by_sendfile_from_0(int fd)
{
    CHECK(dup2(a_file(), 0) == 0);
    return sendfile(fd, 0, NULL, 100);
}

static long by_splice(int fd)
{
    return splice(full_pipe(), NULL, fd, NULL, 4, 0);
}

static long by_send(int fd)
{
    return send(fd, "x", 1, 0);
}

static long by_sendmsg(int fd)
{
    struct iovec part = {"ab", 2};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(fd, &message, 0);
}

static long by_sendmmsg(int fd)
{
    struct iovec part = {"ab", 2};
    struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}},
                                  {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}}};
    return sendmmsg(fd, messages, 2, 0);
}

/* With a pipe as descriptor 0. */
static long by_empty_send(int fd)
{
    CHECK(dup2(full_pipe(), 0) == 0);
    return send(fd, NULL, 0, 0);
}

static const struct {
    const char *name;
    long (*write)(int fd);
    int into; /* 1: sockets, 3: pipes, too */
} ways[] = {
    {"write", by_write, 3},
    {"writev", by_writev, 3},
    {"number", by_number, 3},
    {"dprintf", by_dprintf, 3},
    {"stdio", by_stdio, 3},
    {"sendfile", by_sendfile, 3},
    {"sendfile-from-0", by_sendfile_from_0, 3},
    {"splice", by_splice, 3},
    {"send", by_send, 1},
    {"sendmsg", by_sendmsg, 1},
    {"sendmmsg", by_sendmmsg, 1},
    {"empty-send", by_empty_send, 1},
};

/* More than a pipe holds, to a reader that goes after the first byte: returns a count. */
static void partial(const char *step)
{
    static char much[1 << 20];
    int pair[2];
    CHECK(pipe(pair) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(pair[1]);
        _exit(read(pair[0], &byte, 1) != 1);
    }
    close(pair[0]);
    SAY(step, write(pair[1], much, sizeof much) > 0);
    waitpid(child, NULL, 0);
}

static void from_socket_to_pipe(const char *step)
{
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && write(pair[0], "full", 4) == 4);
    SAY(step, splice(pair[1], NULL, dead_pipe(), NULL, 4, 0));
}

static void *kill_process(void *argument)
{
    (void)argument;
    kill(getpid(), SIGPIPE);
    return NULL;
}

static void kill_from_thread(const char *step)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, kill_process, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    SAY(step, 0);
}

static void kill_from_child(const char *step)
{
    pid_t child = fork();
    if (child == 0) {
        kill(getppid(), SIGPIPE);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SAY(step, 0);
}

static void by_timer(const char *step)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPIPE};
    struct itimerspec once = {.it_value = {0, 1000000}};
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &once, NULL) == 0);
    do {
        CHECK(timer_gettime(timer, &once) == 0);
    } while (once.it_value.tv_nsec > 0);
    SAY(step, 0);
}

static void mask(int how, int sig)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, sig);
    CHECK(sigprocmask(how, &set, NULL) == 0);
}

static void blocked(const char *step, void (*raise_it)(void))
{
    mask(SIG_BLOCK, SIGPIPE);
    raise_it();
    mask(SIG_UNBLOCK, SIGPIPE);
    SAY(step, 0);
}

static void raise_it(void)
{
    raise(SIGPIPE);
}

static void write_it(void)
{
    CHECK(by_write(dead_socket()) == -1 && errno == EPIPE);
}

static void write_to_pipe(void)
{
    CHECK(by_write(dead_pipe()) == -1 && errno == EPIPE);
}

static void splice_to_pipe(void)
{
    CHECK(by_splice(dead_pipe()) == -1 && errno == EPIPE);
}

static void write_to_both(void)
{
    write_to_pipe();
    write_it();
}

static void write_to_both_the_other_way_round(void)
{
    write_it();
    write_to_pipe();
}

static void write_by_stdio(void)
{
    CHECK(by_stdio(dead_socket()) == EOF && errno == EPIPE);
}

/* Taken by the program, which natively finds it pending. */
static void wait_for_it(void)
{
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    CHECK(sigwaitinfo(&set, &info) == SIGPIPE);
    CHECK(info.si_code == SI_USER && info.si_pid == getpid());
    CHECK(IS_32_BIT || (info.si_errno == 0 && info.si_value.sival_ptr == NULL));
}

static void write_and_wait(void)
{
    write_it();
    wait_for_it();
}

static void write_to_pipe_and_wait(void)
{
    write_to_pipe();
    wait_for_it();
}

static void write_to_pipe_and_read(void)
{
    struct signalfd_siginfo info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    write_to_pipe();
    CHECK(read(signalfd(-1, &set, 0), &info, sizeof info) == sizeof info);
    CHECK(info.ssi_signo == SIGPIPE && info.ssi_pid == (uint32_t)getpid());
    CHECK(IS_32_BIT || (info.ssi_errno == 0 && info.ssi_ptr == 0));
}

static void raise_and_write_to_pipe(void)
{
    raise(SIGPIPE);
    write_to_pipe();
}

/* Nothing is raised. */
static void write_to_pipe_and_quietly(void)
{
    write_to_pipe();
    CHECK(send(dead_socket(), "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
}

static void nothing(int sig)
{
    (void)sig;
}

/* SIGUSR1 has the lower number, and its handler's frame comes between: the registers
 * that SIGPIPE's handler sees are no write's. */
static void with_another(const char *step)
{
    struct sigaction act = {.sa_handler = nothing};
    CHECK(sigaction(SIGUSR1, &act, NULL) == 0);
    mask(SIG_BLOCK, SIGPIPE);
    mask(SIG_BLOCK, SIGUSR1);
    write_it();
    raise(SIGUSR1);
    sigset_t none;
    sigemptyset(&none);
    CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
    SAY(step, 0);
}

static void *write_in_thread(void *argument)
{
    SAY(argument, by_write(dead_socket()));
    return NULL;
}

static void in_thread(const char *step, void *(*function)(void *))
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, (void *)step) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void *pipe_in_thread(void *argument)
{
    SAY(argument, by_write(dead_pipe()));
    return NULL;
}

/* Handlers of the program's own. */

static void count(int sig)
{
    (void)sig;
    caught++;
}

static void raise_again(int sig)
{
    if (++caught > 3) {
        _exit(99);
    }
    raise(sig);
}

static void jump(int sig)
{
    (void)sig;
    caught++;
    if (syscall(SYS_gettid) == getpid()) { /* where sigsetjmp() was */
        siglongjmp(back, 1);
    }
}

static void on(void (*handler)(int), int flags)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(SIGPIPE, &act, NULL) == 0);
}

static void alternate_stack(void)
{
    stack_t stack = {.ss_size = 16384};
    stack.ss_sp = malloc(stack.ss_size);
    CHECK(stack.ss_sp && sigaltstack(&stack, NULL) == 0);
}

static void a_signal(void)
{
    union sigval value = {.sival_int = 7};
    CHECK(sigqueue(getpid(), SIGPIPE, value) == 0);
}

/* The child's wish is its own. */
static void vfork_child(void)
{
    pid_t child = vfork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        on(count, (int)SA_RESETHAND);
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
        _exit(1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    SAY("vfork-child", status);
}

static void child(const char *step, void (*function)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        function();
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    SAY(step, status);
}

static void query(void)
{
    struct sigaction now;
    CHECK(sigaction(SIGPIPE, NULL, &now) == 0);
    fprintf(stderr, "%s %x\n",
            now.sa_handler == SIG_DFL       ? "default"
            : now.sa_handler == SIG_IGN     ? "ignored"
            : now.sa_handler == count       ? "count"
            : now.sa_handler == raise_again ? "raise_again"
                                            : "?",
            (unsigned)now.sa_flags);
}

static int write_step(const char *step)
{
    int into = strncmp(step, "to-socket-", 10) == 0 ? 1 : strncmp(step, "to-pipe-", 8) == 0 ? 2 : 0;
    const char *way = into == 1 ? step + 10 : step + 8;
    for (size_t i = 0; into && i < sizeof ways / sizeof *ways; i++) {
        if (ways[i].into & into && strcmp(way, ways[i].name) == 0) {
            int fd = into == 1 ? dead_socket() : dead_pipe();
            SAY(step, ways[i].write(fd));
            return 1;
        }
    }
    return 0;
}

static void other_step(const char *step)
{
    if (strcmp(step, "to-pipe-partial") == 0) {
        partial(step);
    } else if (strcmp(step, "to-pipe-from-socket") == 0) {
        from_socket_to_pipe(step);
    } else if (strcmp(step, "to-socket-blocked") == 0) {
        blocked(step, write_it);
    } else if (strcmp(step, "to-socket-and-wait") == 0) {
        blocked(step, write_and_wait);
    } else if (strcmp(step, "to-pipe-blocked") == 0) {
        blocked(step, write_to_pipe);
    } else if (strcmp(step, "to-pipe-splice-blocked") == 0) {
        blocked(step, splice_to_pipe);
    } else if (strcmp(step, "to-pipe-and-quietly-blocked") == 0) {
        blocked(step, write_to_pipe_and_quietly);
    } else if (strcmp(step, "to-both-blocked") == 0) {
        blocked(step, write_to_both);
    } else if (strcmp(step, "to-both-reversed-blocked") == 0) {
        blocked(step, write_to_both_the_other_way_round);
    } else if (strcmp(step, "to-socket-stdio-blocked") == 0) {
        blocked(step, write_by_stdio);
    } else if (strcmp(step, "to-pipe-and-wait") == 0) {
        blocked(step, write_to_pipe_and_wait);
    } else if (strcmp(step, "to-pipe-and-signalfd") == 0) {
        blocked(step, write_to_pipe_and_read);
    } else if (strcmp(step, "raise-and-to-pipe-blocked") == 0) {
        blocked(step, raise_and_write_to_pipe);
    } else if (strcmp(step, "to-socket-with-another") == 0) {
        with_another(step);
    } else if (strcmp(step, "to-socket-thread") == 0) {
        in_thread(step, write_in_thread);
    } else if (strcmp(step, "to-pipe-thread") == 0) {
        in_thread(step, pipe_in_thread);
    } else if (strcmp(step, "raise") == 0) {
        SAY(step, raise(SIGPIPE));
    } else if (strcmp(step, "kill") == 0) {
        SAY(step, kill(getpid(), SIGPIPE));
    } else if (strcmp(step, "kill-group") == 0) {
        setpgid(0, 0); /* or it leads a session */
        SAY(step, kill(0, SIGPIPE));
    } else if (strcmp(step, "kill-from-thread") == 0) {
        kill_from_thread(step);
    } else if (strcmp(step, "kill-from-child") == 0) {
        kill_from_child(step);
    } else if (strcmp(step, "pthread_kill") == 0) {
        SAY(step, pthread_kill(pthread_self(), SIGPIPE));
    } else if (strcmp(step, "sigqueue") == 0) {
        a_signal();
        SAY(step, 0);
    } else if (strcmp(step, "timer") == 0) {
        by_timer(step);
    } else if (strcmp(step, "raise-blocked") == 0) {
        blocked(step, raise_it);
    } else if (strcmp(step, "count") == 0) {
        on(count, 0);
    } else if (strcmp(step, "count-once") == 0) {
        on(count, (int)SA_RESETHAND);
    } else if (strcmp(step, "count-once-nodefer") == 0) {
        on(count, (int)SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
    } else if (strcmp(step, "again-once") == 0) {
        on(raise_again, (int)SA_RESETHAND);
    } else if (strcmp(step, "again-once-nodefer") == 0) {
        on(raise_again, (int)SA_RESETHAND | SA_NODEFER);
    } else if (strcmp(step, "jump-once") == 0) {
        on(jump, (int)SA_RESETHAND);
    } else if (strcmp(step, "default") == 0) {
        on(SIG_DFL, 0);
    } else if (strcmp(step, "ignore") == 0) {
        on(SIG_IGN, 0);
    } else if (strcmp(step, "cage-refused") == 0) {
        CHECK(prctl(PR_SET_SECCOMP, 2, NULL) == -1);
    } else if (strcmp(step, "query") == 0) {
        query();
    } else if (strcmp(step, "altstack") == 0) {
        alternate_stack();
    } else if (strcmp(step, "socket") == 0) {
        close(socket(AF_UNIX, SOCK_STREAM, 0));
    } else if (strcmp(step, "vfork-child") == 0) {
        vfork_child();
    } else if (strcmp(step, "child-raise") == 0) {
        child(step, raise_it);
    } else if (strcmp(step, "child-socket") == 0) {
        child(step, write_it);
    } else {
        fprintf(stderr, "no such step: %s\n", step);
        exit(2);
    }
}

/* Where no step is given: the names of all writes. */
int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 1 && i < sizeof ways / sizeof *ways; i++) {
        printf("to-socket-%s\n", ways[i].name);
        if (ways[i].into & 2) {
            printf("to-pipe-%s\n", ways[i].name);
        }
    }
    for (int i = 1; i < argc; i++) {
        if (sigsetjmp(back, 1) == 0 && !write_step(argv[i])) {
            other_step(argv[i]);
        }
    }
    return 0;
}
