/* What a program sees of SIGPIPE. Each word of the command line is a step; each
 * step prints one line, so that runs with and without the shim can be compared. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* sigset */

extern char **environ;
extern int __sigaction(int, const struct sigaction *, struct sigaction *);
extern sighandler_t bsd_signal(int, sighandler_t);
extern sighandler_t __sysv_signal(int, sighandler_t);
extern sighandler_t sysv_signal(int, sighandler_t);
extern sighandler_t ssignal(int, sighandler_t);

static volatile sig_atomic_t caught;

static void handler(int sig)
{
    (void)sig;
    caught++;
}

static void handler_with_info(int sig, siginfo_t *info, void *context)
{
    (void)context;
    caught += info->si_signo == sig;
}

static const char *name(sighandler_t disposition)
{
    void *with_info = (void *)handler_with_info;
    return disposition == SIG_DFL                                       ? "default"
           : disposition == SIG_IGN                                     ? "ignored"
           : disposition == SIG_ERR                                     ? "error"
           : disposition == SIG_HOLD                                    ? "hold"
           : disposition == handler || (void *)disposition == with_info ? "handler"
                                                                        : "?";
}

static void show(const char *step, const struct sigaction *act)
{
    printf("%s: %s flags=%x mask=", step, name(act->sa_handler), (unsigned)act->sa_flags);
    for (int sig = 1; sig < 65; sig++) {
        if (sigismember(&act->sa_mask, sig) == 1) {
            printf("%d,", sig);
        }
    }
    printf("\n");
}

static void query(const char *step)
{
    struct sigaction now;
    sigaction(SIGPIPE, NULL, &now);
    show(step, &now);
}

static void set(const char *step,
                int (*set_action)(int, const struct sigaction *, struct sigaction *),
                sighandler_t disposition, int flags)
{
    struct sigaction act = {.sa_handler = disposition, .sa_flags = flags};
    struct sigaction old;
    sigaddset(&act.sa_mask, SIGUSR1);
    printf("%s: %d\n", step, set_action(SIGPIPE, &act, &old));
    show("  before", &old);
    query("  after");
}

static void by(const char *step, sighandler_t (*function)(int, sighandler_t), sighandler_t to)
{
    printf("%s: before %s\n", step, name(function(SIGPIPE, to)));
    query("  after");
}

/* Writes into a connection that the peer has reset. */
static void write_to_the_dead(const char *step)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    struct linger at_once = {1, 0};
    char byte;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&addr, sizeof addr);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&addr, &len);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *)&addr, sizeof addr);
    int peer = accept(listener, NULL, NULL);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer);
    int first = (int)recv(fd, &byte, 1, 0); /* waits for the RST */
    int second = (int)send(fd, "x", 1, 0);
    printf("%s: recv %d, send %d %s, caught %d\n", step, first, second, strerror(errno), caught);
    close(fd);
    close(listener);
}

static void write_to_a_pipe(const char *step)
{
    int ends[2];
    if (pipe(ends) == 0) {
        close(ends[0]);
        printf("%s: %d\n", step, (int)write(ends[1], "x", 1));
        close(ends[1]);
    }
}

/* What a child sees, each made in another way: the shell command prints the
 * signals that it was started with as ignored and as caught. */
static void children(void)
{
    static char *const argv[] = {"sh", "-c", "grep -E 'SigIgn|SigCgt' /proc/self/status", NULL};
    char line[100];
    pid_t child;
    fflush(stdout);
    if (system(argv[2]) != 0) {
        exit(1);
    }
    FILE *pipe = popen(argv[2], "r");
    while (fgets(line, sizeof line, pipe)) {
        fputs(line, stdout);
    }
    pclose(pipe);
    fflush(stdout);
    posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ);
    waitpid(child, NULL, 0);
    child = fork();
    if (child == 0) {
        execv("/bin/sh", argv);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    child = vfork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        execv("/bin/sh", argv);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    query("parent");
}

/* A child on this memory sets its own disposition before it becomes another program. */
static void set_in_vfork(const char *step, sighandler_t disposition, int flags)
{
    struct sigaction act = {.sa_handler = disposition, .sa_flags = flags};
    pid_t child = vfork();
    if (child == 0) {
        _exit(sigaction(SIGPIPE, &act, NULL));
    }
    waitpid(child, NULL, 0);
    query(step);
}

/* A filter that forbids nothing. */
static void enter_cage(const char *step)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    printf("%s: %d\n", step, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

#define EACH_OF_TEN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)
#define ONE_OF_TEN(n)                                                                              \
    static void handler_##n(int sig)                                                               \
    {                                                                                              \
        caught += (n) + sig;                                                                       \
    }
EACH_OF_TEN(ONE_OF_TEN)

/* More one-shot handlers than anybody needs. */
static void run_ten_once(const char *step)
{
#define ADDRESS_OF_TEN(n) handler_##n,
    static const sighandler_t handlers[] = {EACH_OF_TEN(ADDRESS_OF_TEN)};
    struct sigaction old;
    for (int i = 0; i < 10; i++) {
        struct sigaction act = {.sa_handler = handlers[i], .sa_flags = (int)SA_RESETHAND};
        sigaction(SIGPIPE, &act, NULL);
        sigaction(SIGPIPE, NULL, &old);
        raise(SIGPIPE);
        printf("%s %d: %d %x, caught %d\n", step, i, old.sa_handler == handlers[i],
               (unsigned)old.sa_flags, caught);
        query("  after");
    }
}

static void step(const char *word)
{
    if (strcmp(word, "socket") == 0) {
        close(socket(AF_INET, SOCK_STREAM, 0));
    } else if (strcmp(word, "socketpair") == 0) {
        int pair[2];
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    } else if (strcmp(word, "query") == 0) {
        query(word);
    } else if (strcmp(word, "default") == 0) {
        set(word, sigaction, SIG_DFL, 0);
    } else if (strcmp(word, "default-flags") == 0) {
        set(word, sigaction, SIG_DFL, (int)SA_RESETHAND | SA_NODEFER);
    } else if (strcmp(word, "default-restart") == 0) {
        set(word, sigaction, SIG_DFL, SA_RESTART | SA_ONSTACK);
    } else if (strcmp(word, "__default") == 0) {
        set(word, __sigaction, SIG_DFL, 0);
    } else if (strcmp(word, "ignore") == 0) {
        set(word, sigaction, SIG_IGN, 0);
    } else if (strcmp(word, "handler") == 0) {
        set(word, sigaction, handler, 0);
    } else if (strcmp(word, "handler-once") == 0) {
        set(word, sigaction, handler, (int)SA_RESETHAND);
    } else if (strcmp(word, "handler-info") == 0) {
        set(word, sigaction, (sighandler_t)(void *)handler_with_info, SA_SIGINFO);
    } else if (strcmp(word, "signal-default") == 0) {
        by(word, signal, SIG_DFL);
    } else if (strcmp(word, "signal-handler") == 0) {
        by(word, signal, handler);
    } else if (strcmp(word, "bsd-default") == 0) {
        by(word, bsd_signal, SIG_DFL);
    } else if (strcmp(word, "ssignal-default") == 0) {
        by(word, ssignal, SIG_DFL);
    } else if (strcmp(word, "sysv-default") == 0) {
        by(word, sysv_signal, SIG_DFL);
    } else if (strcmp(word, "__sysv-default") == 0) {
        by(word, __sysv_signal, SIG_DFL);
    } else if (strcmp(word, "sysv-handler") == 0) {
        by(word, sysv_signal, handler);
    } else if (strcmp(word, "sigset-default") == 0) {
        by(word, sigset, SIG_DFL);
    } else if (strcmp(word, "sigset-hold") == 0) {
        by(word, sigset, SIG_HOLD);
    } else if (strcmp(word, "interrupt") == 0 || strcmp(word, "restart") == 0) {
        printf("%s: %d\n", word, siginterrupt(SIGPIPE, *word == 'i'));
        query("  after");
    } else if (strcmp(word, "signal-ignore") == 0) {
        by(word, signal, SIG_IGN);
    } else if (strcmp(word, "sigset-bad") == 0) {
        by(word, sigset, SIG_ERR);
    } else if (strcmp(word, "bad") == 0) {
        by(word, signal, SIG_ERR);
    } else if (strcmp(word, "dead") == 0) {
        write_to_the_dead(word);
    } else if (strcmp(word, "pipe") == 0) {
        write_to_a_pipe(word);
    } else if (strcmp(word, "raise") == 0) {
        raise(SIGPIPE);
        printf("%s: alive, caught %d\n", word, caught);
    } else if (strcmp(word, "children") == 0) {
        children();
    } else if (strcmp(word, "vfork-default") == 0) {
        set_in_vfork(word, SIG_DFL, SA_RESTART);
    } else if (strcmp(word, "vfork-once") == 0) {
        set_in_vfork(word, (sighandler_t)(void *)handler_with_info,
                     (int)SA_RESETHAND | SA_SIGINFO | SA_ONSTACK);
    } else if (strcmp(word, "cage") == 0) {
        enter_cage(word);
    } else if (strcmp(word, "ten-once") == 0) {
        run_ten_once(word);
    } else {
        fprintf(stderr, "no such step: %s\n", word);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    for (int i = 1; i < argc; i++) {
        step(argv[i]);
    }
    return 0;
}
