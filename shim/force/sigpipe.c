/* A handler stands where the default action would be, and lets it happen unless a
 * write to a socket raised the signal. Not SIG_IGN: that is inherited through exec,
 * by children that did not ask for it (signal(7)). The kernel keeps the disposition, for
 * each process its own; what our handler's flags cannot say of the program's wish is said
 * by which of its addresses it has. */
#include "force/sigpipe.h"

#include "base/ask.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "force/raiser.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

sigpipe_witness *sigpipe_tell;

/* ---- The addresses of our handlers ---- */

/* Instructions that do nothing, four bytes each, and lead to the function. */
#define ADDRESSES(name, count, function)                                                           \
    enum { name##_count = (count) };                                                               \
    extern hidden const char name[];                                                               \
    hidden __attribute__((used)) void function(int sig, siginfo_t *info, void *context);           \
    __asm__(".text\n"                                                                              \
            ".balign 4\n" #name ":\n"                                                              \
            ".cfi_startproc\n"                                                                     \
            ".rept " #count "\n" ARCH_LANDING "\n"                                                 \
            ".endr\n" ARCH_JUMP " " #function "\n"                                                 \
            ".cfi_endproc\n")

/* In the place of the default, for each combination of those of its flags that ours has
 * otherwise: SA_SIGINFO, which is 4, and three of the highest. All others, and the mask, do no
 * harm and stay in the kernel. */
ADDRESSES(defaults, 24, in_place_of_default);
enum {
    OUR_FLAGS = SA_RESTART | SA_ONSTACK | SA_SIGINFO,
    KEPT_FLAGS = OUR_FLAGS | (int)SA_RESETHAND,
    HIGHEST = 27, /* from SA_ONSTACK on */
    UNTOUCHED = 8 /* as it was when the program started */
};

/* In the place of handlers with SA_RESETHAND, one for each. They are never forgotten: a vfork
 * child on this memory may have put its own beside its parent's. */
ADDRESSES(one_shots, 8, run_once);
static _Atomic signal_handler handlers[one_shots_count];

static signal_handler address(const char *first, unsigned number)
{
    return (signal_handler)(void *)(first + (size_t)4 * number);
}

/* -1: it is none of them. */
static int number_of(const char *first, unsigned count, signal_handler handler)
{
    uintptr_t at = (uintptr_t)handler - (uintptr_t)first;
    return at < (size_t)4 * count ? (int)(at / 4) : -1;
}

#define NUMBER_OF(name, handler) number_of(name, name##_count, handler)

static signal_handler default_with(unsigned flags)
{
    flags &= (unsigned)KEPT_FLAGS;
    return address(defaults, flags >> HIGHEST | (flags & SA_SIGINFO));
}

static int flags_of_default(int flags, unsigned number)
{
    return (flags & ~KEPT_FLAGS) | (KEPT_FLAGS & (int)(number << HIGHEST | number));
}

/* ---- The handler in the place of the default ---- */

/* struct sigaction as the kernel has it (include/linux/signal_types.h). */
struct kernel_action {
    signal_handler handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

static long kernel_action(const struct kernel_action *act, struct kernel_action *old)
{
    return raw(SYS_rt_sigaction, SIGPIPE, act, old, sizeof act->mask);
}

static const uint64_t sigpipe_bit = (uint64_t)1 << (SIGPIPE - 1);

/* The default action, by the default action: the same signal once more, let through.
 * Whoever survives it is process 1 of a pid namespace, which the kernel spares
 * (pid_namespaces(7)), and goes on as it was. */
static void end_by_default(const siginfo_t *info)
{
    struct kernel_action ours;
    struct kernel_action standard;
    uint64_t mask;
    long pid = raw(SYS_getpid);
    long tid = raw(SYS_gettid);
    if (kernel_action(NULL, &ours) < 0) {
        return;
    }
    standard = ours;
    standard.handler = SIG_DFL;
    kernel_action(&standard, NULL);
    if (!info || raw(SYS_rt_tgsigqueueinfo, pid, tid, SIGPIPE, info) < 0) {
        raw(SYS_tgkill, pid, tid, SIGPIPE);
    }
    raw(SYS_rt_sigprocmask, SIG_UNBLOCK, &sigpipe_bit, &mask, sizeof mask);
    kernel_action(&ours, NULL);
    raw(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
}

#ifdef __aarch64__

#include "base/interrupted.h"

#include <link.h>

extern hidden const char object[] __asm__("__ehdr_start");

/* Where this object's code ends: it has one executable segment, the first. */
static uintptr_t end_of_code(void)
{
    const ElfW(Ehdr) *header = (const void *)object;
    const ElfW(Phdr) *segments = (const void *)(object + header->e_phoff);
    for (int n = 0; n < header->e_phnum; n++) {
        if (segments[n].p_type == PT_LOAD && segments[n].p_flags & PF_X) {
            return (uintptr_t)object + segments[n].p_vaddr + segments[n].p_memsz;
        }
    }
    return (uintptr_t)object;
}

/* Then it comes to sigpipe_after_write() in a moment. */
static bool is_left_to_wrapper(const void *context)
{
    struct interrupted i;
    arch_interrupted(context, &i);
    return i.result == -EPIPE && arch_called_from(context, (uintptr_t)object, end_of_code());
}

#else

static bool is_left_to_wrapper(const void *context)
{
    (void)context;
    return false;
}

#endif

/* ---- A signal that comes late ---- */

/* UNKNOWN where a filter forbids the question. */
static enum known sigpipe_is_blocked(void)
{
    uint64_t blocked = 0;
    if (raw(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked) != 0) {
        return UNKNOWN;
    }
    return blocked & sigpipe_bit ? YES : NO;
}

static bool is_our_turn(void)
{
    struct kernel_action now = {0};
    return kernel_action(NULL, &now) == 0 && NUMBER_OF(defaults, now.handler) >= 0;
}

/* Taken from this thread's pending signals and put back. Nobody else's can come in between,
 * for the one in the process's queue is taken after the thread's own (kernel/signal.c,
 * dequeue_signal()). */
static void mark_pending(void)
{
    siginfo_t info;
    struct timespec no_wait = {0, 0};
    if (raw(SYS_rt_sigtimedwait, &sigpipe_bit, &info, &no_wait, sizeof sigpipe_bit) == SIGPIPE) {
        raiser_mark_as_pipe(&info);
        raw(SYS_rt_tgsigqueueinfo, raw(SYS_getpid), raw(SYS_gettid), SIGPIPE, &info);
    }
}

bool sigpipe_mark_blocked(int fd)
{
    bool is_blocked =
        settings.sigpipe == SIGPIPE_SOCKETS && !process_is_caged() && sigpipe_is_blocked() == YES;
    if (is_blocked && raiser_is_pipe(fd) && is_our_turn()) {
        mark_pending();
    }
    return is_blocked;
}

void in_place_of_default(int sig, siginfo_t *info, void *context)
{
    enum call call;
    struct attempt attempt;
    bool watching = settings.sigpipe == SIGPIPE_WATCH;
    (void)sig;
    if (settings.sigpipe == SIGPIPE_IGNORE || settings.sigpipe == SIGPIPE_ALWAYS) {
        return;
    }
    enum raiser raiser = raiser_of(info, context, &call, &attempt);
    if (raiser == RAISED_UNKNOWN && (!watching || is_left_to_wrapper(context))) {
        return;
    }
    if (raiser == RAISED_BY_SOCKET) {
        if (!watching) {
            return;
        }
        sigpipe_tell(call, &attempt);
    }
    end_by_default(info);
}

/* SA_RESTORER: where the program's signal handlers return to. A default never
 * returns, so what the program says about it may be rubbish. Left to the C
 * library, which on x86-64 sets it in any case. */
enum { RESTORER = 0x04000000 };

/* ---- The handler in the place of one-shot handlers ---- */

/* Makes it the default, as the kernel would have. NULL: another thread was quicker. */
static signal_handler take_one_shot(void)
{
    struct kernel_action now = {0};
    struct kernel_action standard;
    int number = kernel_action(NULL, &now) < 0 ? -1 : NUMBER_OF(one_shots, now.handler);
    if (number < 0) {
        return NULL;
    }
    standard = now;
    standard.handler = default_with((unsigned)now.flags | SA_RESETHAND);
    standard.flags &= ARCH_NEEDS_RESTORER ? ~0UL : ~(unsigned long)RESTORER;
    standard.flags |= OUR_FLAGS;
    kernel_action(&standard, &now);
    if (NUMBER_OF(one_shots, now.handler) != number) {
        kernel_action(&now, NULL);
        return NULL;
    }
    return atomic_load(&handlers[number]);
}

/* What is there beside `sig` is the program's business: it chose SA_SIGINFO, or not. */
void run_once(int sig, siginfo_t *info, void *context)
{
    signal_handler handler = take_one_shot();
    if (handler) {
        ((void (*)(int, siginfo_t *, void *))(void *)handler)(sig, info, context);
    }
}

/* For the instant in which functions that choose the flags have not set ours: without
 * SA_SIGINFO nothing tells what raised the signal. */
static void stand_in(int sig)
{
    (void)sig;
}

/* A program that has had more of them than there are addresses keeps it as it is. */
static void put_one_shot(struct sigaction *act)
{
    for (unsigned i = 0; i < one_shots_count; i++) {
        signal_handler there = NULL;
        if (atomic_compare_exchange_strong(&handlers[i], &there, act->sa_handler) ||
            there == act->sa_handler) {
            act->sa_handler = address(one_shots, i);
            act->sa_flags &= ~(int)SA_RESETHAND;
            return;
        }
    }
}

void sigpipe_put_ours(struct sigaction *act)
{
    bool is_one_shot = act->sa_flags & (int)SA_RESETHAND && act->sa_handler != SIG_IGN;
    if (act->sa_handler == SIG_DFL || act->sa_handler == stand_in) {
        act->sa_handler = default_with((unsigned)act->sa_flags);
        act->sa_flags &= ~((int)SA_RESETHAND | RESTORER);
        act->sa_flags |= OUR_FLAGS;
    } else if (is_one_shot && !sigpipe_is_ours(act->sa_handler) && !process_is_caged()) {
        put_one_shot(act);
    }
}

signal_handler sigpipe_known_handler(signal_handler handler)
{
    int number = NUMBER_OF(one_shots, handler);
    if (number >= 0) {
        return atomic_load(&handlers[number]);
    }
    return sigpipe_is_ours(handler) ? SIG_DFL : handler;
}

void sigpipe_as_known(struct sigaction *act)
{
    int by_default = NUMBER_OF(defaults, act->sa_handler);
    if (NUMBER_OF(one_shots, act->sa_handler) >= 0) {
        act->sa_flags |= (int)SA_RESETHAND;
    } else if (by_default == UNTOUCHED) {
        act->sa_flags = 0;
#ifdef __GLIBC__ /* musl leaves it as it is */
        act->sa_restorer = NULL;
#endif
    } else if (by_default >= 0) {
        act->sa_flags = flags_of_default(act->sa_flags, (unsigned)by_default);
    }
    act->sa_handler = sigpipe_known_handler(act->sa_handler);
}

bool sigpipe_is_deadly(void)
{
    return is_our_turn() && sigpipe_is_blocked() == NO;
}

void sigpipe_after_write(int fd)
{
    bool watching = settings.sigpipe == SIGPIPE_WATCH;
    if ((!watching && settings.sigpipe != SIGPIPE_SOCKETS) || process_is_caged()) {
        return;
    }
    bool by_socket = watching && ask_int(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM;
    if ((by_socket || raiser_is_pipe(fd)) && sigpipe_is_deadly()) {
        end_by_default(NULL);
    }
}

void sigpipe_install(void)
{
    struct sigaction act;
    struct sigaction raced;
    if (process_is_caged() || process_identify().is_vfork_child ||
        next.sigaction(SIGPIPE, NULL, &act) < 0 || sigpipe_is_ours(act.sa_handler)) {
        return;
    }
    signal_handler before = act.sa_handler;
    bool untouched = before == SIG_DFL && act.sa_flags == 0;
    sigpipe_put_ours(&act);
    if (act.sa_handler == before) {
        return;
    }
    if (untouched) {
        act.sa_handler = address(defaults, UNTOUCHED);
    }
    /* Another thread of the program may have set its own in between. */
    if (next.sigaction(SIGPIPE, &act, &raced) == 0 && raced.sa_handler != before &&
        !sigpipe_is_ours(raced.sa_handler)) {
        sigpipe_put_ours(&raced);
        next.sigaction(SIGPIPE, &raced, NULL);
    }
}

static bool is_installed(void)
{
    return settings.sigpipe == SIGPIPE_ALWAYS ||
           (settings.sigpipe != SIGPIPE_OFF && process_has_socket());
}

void sigpipe_enter_cage(void)
{
    struct sigaction act;
    struct kernel_action own = {0};
    if (!is_installed() || next.sigaction(SIGPIPE, NULL, &act) < 0) {
        return;
    }
    int by_default = settings.sigpipe == SIGPIPE_WATCH ? NUMBER_OF(defaults, act.sa_handler) : -1;
    if ((by_default >= 0 || NUMBER_OF(one_shots, act.sa_handler) >= 0) &&
        kernel_action(NULL, &own) == 0) {
        /* Not by the C library, which would add a restorer to what nobody has touched. */
        sigpipe_as_known(&act);
        own.handler = act.sa_handler;
        own.flags = (unsigned)act.sa_flags;
        own.restorer = by_default == UNTOUCHED ? NULL : own.restorer;
        kernel_action(&own, NULL);
    }
}

bool sigpipe_is_forced(void)
{
    return is_installed() && !(settings.sigpipe == SIGPIPE_WATCH && process_is_caged());
}

signal_handler sigpipe_stand_in(void)
{
    return stand_in;
}

bool sigpipe_is_ours(signal_handler handler)
{
    return NUMBER_OF(defaults, handler) >= 0 || NUMBER_OF(one_shots, handler) >= 0 ||
           handler == stand_in;
}
