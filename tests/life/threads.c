/* Steps in another thread than the first, which waits: so the order is the same each time. */
#include "life.h"

#include <pthread.h>

static bool in_thread;

static uint64_t mask_before;

static void *live_on(void *unused)
{
    (void)unused;
    mask_by(SIG_SETMASK, mask_before);
    for (int i = (int)below(10); i >= 0; i--) {
        clean();
        random_step();
    }
    if (one_in(4)) {
        pthread_exit(NULL);
    }
    return NULL;
}

/* A place where a thread that is cancelled is to end; nothing ever comes. */
static void *wait_in_vain(void *socket)
{
    char byte;
    long got = recv(*(int *)socket, &byte, 1, 0);
    say("   came back: %ld\n", got);
    return NULL;
}

static void cancel(pthread_t thread)
{
    void *result;
    say("   cancel %d", pthread_cancel(thread));
    pthread_join(thread, &result);
    say(" %d\n", result == PTHREAD_CANCELED);
}

/* The C library loads an object for it, which a low limit of descriptors would forbid later. */
void load_cancellation(void)
{
    int pair[2];
    void *result;
    pthread_t thread;
    if (syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
        pthread_create(&thread, NULL, wait_in_vain, &pair[0]) == 0) {
        pthread_cancel(thread);
        pthread_join(thread, &result);
        syscall(SYS_close, pair[0]);
        syscall(SYS_close, pair[1]);
    }
}

void make_thread(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    if (in_thread || in_child) {
        return;
    }
    in_thread = true;
    say("%u thread\n", number);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 262144);
    /* What is sent to the process is the new thread's. */
    mask_before = mask_by(SIG_BLOCK, sigpipe_bit);
    if (pthread_create(&thread, &attributes, live_on, NULL) == 0) {
        pthread_join(thread, NULL);
    }
    if (!(mask_before & sigpipe_bit) && sigpipe_is(SIG_DFL)) {
        let_through();
    }
    mask_by(SIG_SETMASK, mask_before);
    in_thread = false;
    pthread_attr_destroy(&attributes);
    query();
}

void cancel_thread(void)
{
    int pair[2] = {-1, -1};
    pthread_t thread;
    if (in_child || syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
        return;
    }
    say("%u thread that waits\n", number);
    if (pthread_create(&thread, NULL, wait_in_vain, &pair[0]) == 0) {
        cancel(thread);
    }
    syscall(SYS_close, pair[0]);
    syscall(SYS_close, pair[1]);
}

/* One signal, to the process or to a thread that has it blocked, and who gets it. */
static void *receive_signal(void *taken)
{
    sigset_t set;
    siginfo_t info = {0};
    struct timespec patience = {5, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    while (sigtimedwait(&set, &info, &patience) < 0 && errno == EINTR) {
    }
    memcpy(taken, &info, sizeof info);
    return NULL;
}

void wait_for_signal(void)
{
    pthread_t thread;
    siginfo_t taken = {0};
    int ends[2] = {-1, -1};
    unsigned which = below(4);
    if (in_child || in_thread || pending() & sigpipe_bit) {
        return;
    }
    uint64_t before = mask_by(SIG_BLOCK, sigpipe_bit);
    if (pthread_create(&thread, NULL, receive_signal, &taken) == 0) {
        if (which == 0) {
            kill(getpid(), SIGPIPE);
        } else if (which == 1 || syscall(SYS_pipe2, ends, 0) < 0) {
            pthread_kill(thread, SIGPIPE);
        } else {
            sigqueue(getpid(), SIGPIPE, (union sigval){.sival_int = 77});
        }
        pthread_join(thread, NULL);
        syscall(SYS_close, ends[0]);
        syscall(SYS_close, ends[1]);
    }
    mask_by(SIG_SETMASK, before);
    say("%u waited %u: %d %d %d %d %d\n", number, which, taken.si_signo, taken.si_code,
        sizeof(long) == 8 ? taken.si_errno : 0, taken.si_pid == getpid(), taken.si_value.sival_int);
}

/* A write while it is blocked, and what the same thread then takes. */
void take_own_signal(void)
{
    siginfo_t info = {0};
    struct timespec now = {0, 0};
    sigset_t set;
    int ends[2];
    bool by_socket = one_in(2);
    if (pending() & sigpipe_bit ||
        (by_socket ? syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends)
                   : syscall(SYS_pipe2, ends, 0)) < 0) {
        return;
    }
    syscall(SYS_close, ends[0]);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    uint64_t before = mask_by(SIG_BLOCK, sigpipe_bit);
    bool swallowed = sigpipe_is(SIG_IGN) || mode != OFF;
    long result = write(ends[1], "x", 1);
    int taken = sigtimedwait(&set, &info, &now);
    let_through();
    mask_by(SIG_SETMASK, before);
    syscall(SYS_close, ends[1]);
    say("%u wrote %ld, took %d %d %d %d %p\n", number, result, swallowed ? 0 : taken, info.si_code,
        sizeof(long) == 8 ? info.si_errno : 0, info.si_pid == getpid(),
        sizeof(long) == 8 ? info.si_value.sival_ptr : NULL);
}
