/* How much stack calls take that leave records, in bytes: each on a stack that was
 * painted before, or in a handler of SIGPIPE on a painted alternate stack.
 *
 *     stack CALL...
 *
 * Prints a line for each: its name and how far down it went. With LD_BIND_NOW, or the
 * dynamic linker's own use of the stack is among it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <ucontext.h>
#endif

enum { SIZE = 65536, PAINT = 0xa5 };

static unsigned char *stack; /* shared with children */

static char room[4096];
static struct sockaddr_in address; /* of a listener */
static int listener;

/* ---- What is prepared, before the painting ---- */

static int fd, other;

static void nothing(void)
{
}

static void make_pair(void)
{
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    fd = pair[0];
    other = pair[1];
}

static void make_dead_pair(void)
{
    make_pair();
    close(other);
}

static void make_listener(int backlog)
{
    socklen_t len = sizeof address;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, backlog);
    getsockname(listener, (struct sockaddr *)&address, &len);
}

static void make_connection(void)
{
    make_listener(1);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *)&address, sizeof address);
    other = accept(listener, NULL, NULL);
}

static void make_reset(void)
{
    struct linger at_once = {1, 0};
    make_connection();
    setsockopt(other, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(other);
}

static void make_ended(void)
{
    make_connection();
    send(fd, room, 10, 0);
    recv(other, room, 10, MSG_WAITALL);
    close(other);
}

static void make_dead(void)
{
    make_reset();
    recv(fd, room, sizeof room, 0);
    recv(fd, room, sizeof room, 0);
}

static void make_unread(void)
{
    make_connection();
    send(other, room, 100, 0);
    recv(fd, room, 1, MSG_PEEK);
}

static void *wait_for_ever(void *unused)
{
    pause();
    return unused;
}

static void make_unread_and_threads(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    make_unread();
}

static void make_unanswered(void)
{
    make_connection();
    send(fd, room, 100, 0);
}

static void make_refusing(void)
{
    make_connection();
    close(listener);
    fd = socket(AF_INET, SOCK_STREAM, 0);
}

static void make_refused(void)
{
    make_refusing();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    connect(fd, (struct sockaddr *)&address, sizeof address);
    usleep(10000);
}

/* The longest addresses that two ends can have, and the state is asked for. */
static void make_refused_6(void)
{
    struct sockaddr_in6 there = {.sin6_family = AF_INET6};
    socklen_t len = sizeof there;
    inet_pton(AF_INET6, "::ffff:127.100.100.100", &there.sin6_addr);
    listener = socket(AF_INET6, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&there, sizeof there);
    getsockname(listener, (struct sockaddr *)&there, &len);
    fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(fd, (struct sockaddr *)&there, sizeof there);
    usleep(10000);
}

/* To a listener whose queue is full: the SYN is not answered. */
static void make_unanswering(void)
{
    make_listener(0);
    other = socket(AF_INET, SOCK_STREAM, 0);
    connect(other, (struct sockaddr *)&address, sizeof address);
    fd = socket(AF_INET, SOCK_STREAM, 0);
}

/* Of the side that closes first; its listener allowed what is to be asked for. */
static void make_time_wait(void)
{
    socklen_t len = sizeof address;
    int on = 1;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&address, &len);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *)&address, sizeof address);
    other = accept(listener, NULL, NULL);
    close(other);
    close(fd);
    close(listener);
    fd = socket(AF_INET, SOCK_STREAM, 0);
}

static void make_limited(void)
{
    struct rlimit limit;
    make_connection();
    fd = dup(listener);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)fd + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void make_removed(void)
{
    make_pair();
    recv(fd, room, 1, MSG_DONTWAIT);
    unlink(getenv("SOCKSHIM_LOG"));
}

/* ---- What is measured ---- */

static void handler(int sig)
{
    (void)sig;
}

static void receive_now(void)
{
    recv(fd, room, 1, MSG_DONTWAIT);
}

static volatile ssize_t received;

static __attribute__((noinline)) void receive(void)
{
    received = recv(fd, room, sizeof room, 0); /* comes back to here */
}

static void receive_message(void)
{
    struct iovec buffer = {room, sizeof room};
    struct msghdr message = {.msg_iov = &buffer, .msg_iovlen = 1};
    recvmsg(fd, &message, MSG_DONTWAIT);
}

static void receive_blocking_message(void)
{
    struct iovec buffer = {room, sizeof room};
    struct msghdr message = {.msg_iov = &buffer, .msg_iovlen = 1};
    recvmsg(fd, &message, 0);
}

static void send_quietly(void)
{
    send(fd, room, 10, MSG_NOSIGNAL);
}

static void send_messages(void)
{
    struct iovec buffer = {room, 10};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &buffer, .msg_iovlen = 1}};
    sendmmsg(fd, &message, 1, MSG_NOSIGNAL);
}

static void send_to_the_end(void)
{
    while (send(fd, room, sizeof room, MSG_DONTWAIT) > 0) {
    }
}

static void end_reading(void)
{
    shutdown(fd, SHUT_RD);
    shutdown(listener, SHUT_RDWR);
    recv(fd, room, 1, 0);
}

static void connect_to(void)
{
    connect(fd, (struct sockaddr *)&address, sizeof address);
}

static void connect_to_path(void)
{
    static struct sockaddr_un longest = {.sun_family = AF_UNIX};
    memset(longest.sun_path, 1, sizeof longest.sun_path);
    connect(fd, (struct sockaddr *)&longest, sizeof longest);
}

static void ask_for_error(void)
{
    int error;
    socklen_t len = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static void accept_one(void)
{
    accept(fd, NULL, NULL);
}

static void accept_one_4(void)
{
    accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

static void make_handler(void)
{
    struct sigaction act = {.sa_handler = handler};
    sigaction(SIGUSR1, &act, NULL);
}

static void listen_again(void)
{
    listen(listener, 1);
}

static void bind_there(void)
{
    bind(fd, (struct sockaddr *)&address, sizeof address);
}

static void end_keepalive(void)
{
    int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off);
}

static void bind_elsewhere(void)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr = {htonl(0x01020304)}};
    bind(fd, (struct sockaddr *)&there, sizeof there);
}

static void let_nagle(void)
{
    int off = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
}

static void let_sigpipe(void)
{
    signal(SIGPIPE, SIG_DFL);
}

static void let_sigpipe_act(void)
{
    struct sigaction act = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &act, NULL);
}

static void close_it(void)
{
    close(fd);
}

static void make_first(void)
{
    close(socket(AF_INET, SOCK_STREAM, 0));
}

static void receive_often(void)
{
    for (int i = 0; i < 400; i++) {
        recv(fd, room, 1, MSG_DONTWAIT);
    }
}

static void take_every_number(void)
{
    for (int number = 100; number < 256; number++) {
        dup2(fd, number);
    }
#ifdef __GLIBC__
    closefrom(100);
    close_range(100, ~0U, 0);
#else
    syscall(SYS_close_range, 100, ~0U, 0);
#endif
    recv(fd, room, 1, MSG_DONTWAIT);
}

static void raise_sigpipe(void)
{
    send(fd, room, 10, 0);
}

static const struct call {
    const char *name;
    void (*prepare)(void);
    void (*make)(void);
} calls[] = {
    {"first-socket", nothing, make_first},
    {"would-block", make_pair, receive_now},
    {"recvmsg", make_pair, receive_message},
    {"end-unix", make_dead_pair, receive},
    {"epipe-unix", make_dead_pair, send_quietly},
    {"full", make_pair, send_to_the_end},
    {"reset", make_reset, receive},
    {"end-tcp", make_ended, receive},
    {"epipe-tcp", make_dead, send_quietly},
    {"shut", make_connection, end_reading},
    {"refused", make_refusing, connect_to},
    {"so-error", make_refused, ask_for_error},
    {"so-error-6", make_refused_6, ask_for_error},
    {"sendmmsg", make_dead_pair, send_messages},
    {"path", make_pair, connect_to_path},
    {"bind", make_refusing, bind_elsewhere},
    {"nodelay", make_connection, let_nagle},
    {"sigpipe", make_pair, let_sigpipe},
    {"sigaction", make_pair, let_sigpipe_act},
    {"close-unread", make_unread, close_it},
    {"close-threads", make_unread_and_threads, close_it},
    {"close-unanswered", make_unanswered, close_it},
    {"accept-limit", make_limited, accept_one},
    {"accept4-limit", make_limited, accept_one_4},
    {"handler", make_pair, make_handler},
    {"listen", make_connection, listen_again},
    {"bind-again", make_time_wait, bind_there},
    {"keepalive", make_connection, end_keepalive},
    {"rotation", make_pair, receive_often},
    {"removed", make_removed, receive_often},
    {"numbers", make_pair, take_every_number},
    /* These wait for ever without a setting. */
    {"unanswered", make_unanswering, connect_to},
    {"waiting", make_connection, receive},
    {"waiting-message", make_connection, receive_blocking_message},
    /* These end the process, or not. */
    {"signal-pipe", make_dead_pair, raise_sigpipe},
    {"signal-tcp", make_dead, raise_sigpipe},
};

/* ---- Measuring ---- */

static int unpainted(const unsigned char *top)
{
    const unsigned char *deepest = stack;
    while (deepest < top && *deepest == PAINT) {
        deepest++;
    }
    return (int)(top - deepest);
}

static void (*make)(void);

#ifdef __GLIBC__

static ucontext_t home, there;

static void entry(void)
{
    make();
    swapcontext(&there, &home);
}

static void call_there(void)
{
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = SIZE;
    makecontext(&there, entry, 0);
    swapcontext(&home, &there);
}

#else /* musl has no swapcontext() */

static void call_there(void)
{
    __asm__ volatile("movq %%rsp, %%rbx\n"
                     "movq %0, %%rsp\n"
                     "call *%1\n"
                     "movq %%rbx, %%rsp"
                     :
                     : "r"(stack + SIZE), "r"(make)
                     : "rbx", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory",
                       "cc");
}

#endif

static int depth_of(void (*call)(void))
{
    make = call;
    memset(stack, PAINT, SIZE);
    call_there();
    return unpainted(stack + SIZE);
}

static void on_stack(const struct call *call)
{
    call->prepare();
    printf("%s %d\n", call->name, depth_of(call->make) - depth_of(nothing));
}

/* In a child, for it may end. The shim's handler for the default action runs on the
 * alternate stack; without it, ours there is the kernel's frame alone. */
static void on_signal(const struct call *call)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        stack_t alternate = {.ss_sp = stack, .ss_size = SIZE};
        struct sigaction act = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
        if (!getenv("SOCKSHIM")) {
            sigaction(SIGPIPE, &act, NULL);
        }
        call->prepare();
        memset(stack, PAINT, SIZE);
        sigaltstack(&alternate, NULL);
        call->make();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("%s %d\n", call->name, unpainted(stack + SIZE));
}

int main(int argc, char **argv)
{
    stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 1; i < argc; i++) {
        for (size_t at = 0; at < sizeof calls / sizeof *calls; at++) {
            if (strcmp(calls[at].name, argv[i]) == 0) {
                (strncmp(argv[i], "signal", 6) == 0 ? on_signal : on_stack)(&calls[at]);
            }
        }
    }
    return 0;
}
