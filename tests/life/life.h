/* A long random life of a program with sockets: the same seed makes the same
 * calls, under every name that the C library has for them, with arguments that
 * are right, odd and wrong. Each step prints what was called, the result, errno
 * (which had another value before) and a sum over all memory that the call may
 * have written to, and what lies around it. So runs with and without the shim
 * can be compared.
 *
 *     transparent SEED STEPS native|shim SIGPIPE NODELAY LOG
 *     transparent show|show-all
 *
 * SIGPIPE is off (sockets and watch, too, for the program guards itself against writes
 * that raise it), ignore or always, NODELAY on or off, LOG yes if the log has a
 * descriptor of its own. What they force on a program (libsockshim(7), SOCKSHIM_SIGPIPE and
 * SOCKSHIM_NODELAY) is played by this one where it runs natively, so that nothing
 * of what was seen need be left out. */
#ifndef LIFE_H
#define LIFE_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* sigset and its like */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wclobbered"
#endif

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

extern char **environ;

/* ---- Names that not every C library has, or that headers hide ---- */

#define OTHER_NAME(result, name, parameters)                                                       \
    extern result x_##name parameters __asm__(#name) __attribute__((weak))

OTHER_NAME(ssize_t, __read, (int, void *, size_t));
OTHER_NAME(ssize_t, __write, (int, const void *, size_t));
OTHER_NAME(ssize_t, __send, (int, const void *, size_t, int));
OTHER_NAME(int, __connect, (int, const struct sockaddr *, socklen_t));
OTHER_NAME(int, __close, (int));
OTHER_NAME(int, __dup2, (int, int));
OTHER_NAME(ssize_t, __read_chk, (int, void *, size_t, size_t));
OTHER_NAME(ssize_t, __recv_chk, (int, void *, size_t, size_t, int));
OTHER_NAME(ssize_t, __recvfrom_chk,
           (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *));
OTHER_NAME(int, __dprintf_chk, (int, int, const char *, ...));
OTHER_NAME(int, __vdprintf_chk, (int, int, const char *, va_list));
OTHER_NAME(ssize_t, preadv2, (int, const struct iovec *, int, off_t, int));
OTHER_NAME(ssize_t, pwritev2, (int, const struct iovec *, int, off_t, int));
OTHER_NAME(ssize_t, preadv64v2, (int, const struct iovec *, int, int64_t, int));
OTHER_NAME(ssize_t, pwritev64v2, (int, const struct iovec *, int, int64_t, int));
OTHER_NAME(ssize_t, sendfile64, (int, int, int64_t *, size_t));
OTHER_NAME(int, close_range, (unsigned, unsigned, int));
OTHER_NAME(void, closefrom, (int));
OTHER_NAME(int, __sigaction, (int, const struct sigaction *, struct sigaction *));
OTHER_NAME(sighandler_t, bsd_signal, (int, sighandler_t));
OTHER_NAME(sighandler_t, ssignal, (int, sighandler_t));
OTHER_NAME(sighandler_t, sysv_signal, (int, sighandler_t));
OTHER_NAME(sighandler_t, __sysv_signal, (int, sighandler_t));
OTHER_NAME(int, setrlimit, (int, const void *));
OTHER_NAME(int, prlimit, (pid_t, int, const void *, void *));
OTHER_NAME(int, setrlimit64, (int, const void *));
OTHER_NAME(int, prlimit64, (pid_t, int, const void *, void *));
OTHER_NAME(int, __clone, (int (*)(void *), void *, int, void *, ...));
OTHER_NAME(pid_t, __vfork, (void));
/* 32-bit glibc's second set, for a 64-bit time_t. */
OTHER_NAME(ssize_t, __recvmsg64, (int, struct msghdr *, int));
OTHER_NAME(ssize_t, __sendmsg64, (int, const struct msghdr *, int));
OTHER_NAME(int, __recvmmsg64, (int, struct mmsghdr *, unsigned, int, void *));
OTHER_NAME(int, __sendmmsg64, (int, struct mmsghdr *, unsigned, int));
OTHER_NAME(int, __getsockopt64, (int, int, int, void *, socklen_t *));
OTHER_NAME(int, __setsockopt64, (int, int, int, const void *, socklen_t));
OTHER_NAME(int, __prctl_time64, (int, unsigned long, unsigned long, unsigned long, unsigned long));

/* ---- life.c: what this run is ---- */

enum mode { OFF, IGNORE, ALWAYS };
extern bool native, nodelay, has_log;
extern enum mode mode;
extern const char *self;

/* One of the steps, chosen by chance. */
void random_step(void);

/* ---- said.c: chance, which the seed alone decides, and what is printed ---- */

extern uint64_t chance;
unsigned below(unsigned n);
bool one_in(unsigned n);
void flush(void);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#define ANY(...)                                                                                   \
    (((const long[]){__VA_ARGS__})[below(sizeof((const long[]){__VA_ARGS__}) / sizeof(long))])

/* ---- arena.c: the memory that calls are given, and its sum ---- */

enum { PAGE = 4096, OUT = 0, IN = 3 * PAGE, READ_ONLY = 6 * PAGE, ALL = 8 * PAGE };
extern unsigned char *const arena;
void map_arena(void);
void clean(void);
uint64_t sum_of(const unsigned char *at, size_t len);
void *bad_pointer(void);
void *room(size_t len);
void *given(const void *from, size_t len);
bool in_arena(const void *at, size_t len);
void hide_port(void *at);

/* ---- promise.c: what the shim does to SIGPIPE, TCP_NODELAY and the log's descriptor,
 * done here where there is no shim ---- */

extern bool forced; /* SIGPIPE is swallowed by now */
extern uint64_t const sigpipe_bit;
/* The log's descriptor is 239: closing it answers success and keeps it, a
 * duplicate over it moves it down. */
extern int log_fd;
uint64_t mask_by(int how, uint64_t set);
uint64_t pending(void);
bool sigpipe_is(sighandler_t disposition);
void guard(void);
void unguard(void);
void let_through(void);
long ask(int fd, int level, int option);
bool is_tcp(int fd);
void force_nodelay(int fd);
void has_socket(void);

/* ---- step.c: one call, and what was seen of it ---- */

enum { POISON = 0x5a5a, TABLE = 260 };
extern sigjmp_buf crashed;
extern unsigned number; /* of the step */
extern bool in_child;
void on_crash(int sig);
void handler(int sig);
void other_handler(int sig);
void handler_with_info(int sig, siginfo_t *info, void *context);
void settle(void);
void finish(long result, int err, bool crash);
void hide(void *at);
void to_hide(void);

/* CALL(expression, "format of what is said", ...) */
#define CALL_AS(before, after, expression, ...)                                                    \
    ({                                                                                             \
        volatile long result_ = -1;                                                                \
        volatile int err_ = 0;                                                                     \
        say("%u ", number);                                                                        \
        say(__VA_ARGS__);                                                                          \
        before;                                                                                    \
        int crash_ = sigsetjmp(crashed, 1);                                                        \
        if (crash_ == 0) {                                                                         \
            errno = POISON;                                                                        \
            result_ = (long)(expression);                                                          \
            err_ = errno;                                                                          \
        }                                                                                          \
        after;                                                                                     \
        to_hide();                                                                                 \
        finish(result_, err_, crash_ != 0);                                                        \
        result_;                                                                                   \
    })

#define CALL(expression, ...) CALL_AS(guard(), unguard(), expression, __VA_ARGS__)
/* One that changes or tells the mask or the dispositions. */
#define SIGNAL_CALL(expression, ...) CALL_AS((void)0, (void)0, expression, __VA_ARGS__)

/* A name that this C library does not have. */
#define HAS(name) (x_##name || (say("%u no " #name "\n", number), false))

/* ---- arguments.c: right, odd and wrong ones ---- */

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    char room[160];
};

int descriptor(void);
int any_descriptor(void);
bool is_file(int fd);
bool is_pipe(int fd);
int descriptor_that(bool is_so(int));
int source(void);
int sink(void);
size_t length(void);
int message_flags(int fd);
struct sockaddr *address_given(socklen_t *len);
struct sockaddr *address_room(socklen_t **len);
struct iovec *vector(int *count, bool to_write_to);
struct msghdr message(bool to_write_to);
void opened(long fd);

/* ---- The steps, a file a kind ---- */

/* receive.c */
void receive(void);
void receive_vector(void);
void receive_message(void);
void receive_messages(void);

/* send.c */
void send_bytes(void);
void send_vector(void);
void send_message(void);
void send_messages(void);
void send_file(void);
void send_splice(void);
void send_printed(void);

/* open.c */
void open_socket(void);
void open_pair(void);
void open_connection(void);
void name_socket(void);
void open_other(void);

/* resolve.c */
void resolve(void);

/* options.c */
void get_option(void);
void set_option(void);

/* signals.c */
const char *name_of(sighandler_t disposition);
void query(void);
void set_action(void);
void set_handler(void);
void other_signal_call(void);

/* descriptors.c */
void play_with_numbers(void);

/* events.c */
void wait_for_events(void);
void by_number(void);

/* processes.c */
int show(bool all);
void start_program(void);
void make_child(void);
void set_limit(void);
void make_by_clone(void);
void make_by_vfork(void);

/* threads.c */
void make_thread(void);
void cancel_thread(void);
void load_cancellation(void);
void wait_for_signal(void);
void take_own_signal(void);

#endif
