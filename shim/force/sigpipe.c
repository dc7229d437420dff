/* A handler stands where the default action would be, and lets it happen unless a
 * write to a socket raised the signal. Not SIG_IGN: that is inherited through exec,
 * by children that did not ask for it (signal(7)). The kernel keeps the disposition;
 * only what it cannot keep beside our handler is kept here, and not changed by a
 * vfork child. */
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

/* Of a default action or one-shot handler of the program's: those flags that ours
 * have otherwise. The other flags and the mask do no harm and stay in the kernel. */
enum {
    OUR_FLAGS = SA_RESTART | SA_ONSTACK | SA_SIGINFO,
    KEPT_FLAGS = OUR_FLAGS | (int)SA_RESETHAND,
    UNTOUCHED = 1, /* as it was when the program started */
};
static atomic_int kept_flags;

/* The program's handler with SA_RESETHAND. NULL: it has run. */
static _Atomic signal_handler one_shot;

/* struct sigaction as the kernel has it (include/linux/signal_types.h). */
struct kernel_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

static long kernel_action(const struct kernel_action *act, struct kernel_action *old)
{
    return raw(SYS_rt_sigaction, SIGPIPE, act, old, sizeof act->mask);
}

static const uint64_t sigpipe_bit = (uint64_t)1 << (SIGPIPE - 1);

static void in_place_of_default(int sig, siginfo_t *info, void *context);

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
    standard.handler = NULL; /* SIG_DFL */
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
    return kernel_action(NULL, &now) == 0 && now.handler == (void *)in_place_of_default;
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

static void in_place_of_default(int sig, siginfo_t *info, void *context)
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

static signal_handler default_handler(void)
{
    return (signal_handler)(void *)in_place_of_default;
}

/* SA_RESTORER: where the program's signal handlers return to. A default never
 * returns, so what the program says about it may be rubbish. Left to the C
 * library, which on x86-64 sets it in any case. */
enum { RESTORER = 0x04000000 };

/* In the place of a handler with SA_RESETHAND, which the kernel would follow with the
 * default action. Two threads may come at once: one has the handler, the other the
 * default. */
static void run_once(int sig, siginfo_t *info, void *context)
{
    struct kernel_action now = {0};
    signal_handler handler = process_identify().is_vfork_child ? atomic_load(&one_shot)
                                                               : atomic_exchange(&one_shot, NULL);
    if (!handler) {
        in_place_of_default(sig, info, context);
        return;
    }
    /* In a cage it stays, and finds that there is none any more. */
    if (!process_is_caged() && kernel_action(NULL, &now) == 0 && now.handler == (void *)run_once) {
        now.handler = (void *)in_place_of_default;
        now.flags &= ARCH_NEEDS_RESTORER ? ~0UL : ~(unsigned long)RESTORER;
        now.flags |= OUR_FLAGS;
        kernel_action(&now, NULL);
    }
    ((void (*)(int, siginfo_t *, void *))(void *)handler)(sig, info, context);
}

static signal_handler once_handler(void)
{
    return (signal_handler)(void *)run_once;
}

/* For the instant in which functions that choose the flags have not set ours: without
 * SA_SIGINFO nothing tells what raised the signal. */
static void stand_in(int sig)
{
    (void)sig;
}

static bool has_own_handler(const struct sigaction *act)
{
    return act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN &&
           !sigpipe_is_ours(act->sa_handler);
}

void sigpipe_put_ours(struct sigaction *act)
{
    bool by_default = act->sa_handler == SIG_DFL || act->sa_handler == stand_in;
    if (!by_default && !(has_own_handler(act) && act->sa_flags & (int)SA_RESETHAND)) {
        return;
    }
    if (!by_default) {
        atomic_store(&one_shot, act->sa_handler);
    }
    atomic_store(&kept_flags, act->sa_flags & KEPT_FLAGS);
    act->sa_handler = by_default ? default_handler() : once_handler();
    act->sa_flags &= ~((int)SA_RESETHAND | (by_default ? RESTORER : 0));
    act->sa_flags |= by_default ? OUR_FLAGS : SA_SIGINFO;
}

struct sigpipe_kept sigpipe_now_kept(void)
{
    return (struct sigpipe_kept){atomic_load(&kept_flags), atomic_load(&one_shot)};
}

signal_handler sigpipe_known_handler(signal_handler handler, const struct sigpipe_kept *kept)
{
    if (handler == once_handler()) {
        return kept->one_shot; /* NULL is SIG_DFL */
    }
    return sigpipe_is_ours(handler) ? SIG_DFL : handler;
}

void sigpipe_as_known(struct sigaction *act, const struct sigpipe_kept *kept)
{
    if (!sigpipe_is_ours(act->sa_handler)) {
        return;
    }
    act->sa_handler = sigpipe_known_handler(act->sa_handler, kept);
    if (kept->flags == UNTOUCHED) {
        act->sa_flags = 0;
#ifdef __GLIBC__ /* musl leaves it as it is */
        act->sa_restorer = NULL;
#endif
    } else {
        act->sa_flags = (act->sa_flags & ~KEPT_FLAGS) | kept->flags;
    }
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
        atomic_store(&kept_flags, UNTOUCHED);
    }
    /* Another thread of the program may have set its own in between. */
    if (next.sigaction(SIGPIPE, &act, &raced) == 0 && raced.sa_handler != before &&
        !sigpipe_is_ours(raced.sa_handler)) {
        sigpipe_put_ours(&raced);
        next.sigaction(SIGPIPE, &raced, NULL);
    }
}

void sigpipe_enter_cage(void)
{
    struct sigaction act;
    struct kernel_action own = {0};
    struct sigpipe_kept kept = sigpipe_now_kept();
    if (settings.sigpipe == SIGPIPE_WATCH && next.sigaction(SIGPIPE, NULL, &act) == 0 &&
        sigpipe_is_ours(act.sa_handler) && kernel_action(NULL, &own) == 0) {
        /* Not by the C library, which would add a restorer to what nobody has touched. */
        sigpipe_as_known(&act, &kept);
        own.handler = (void *)act.sa_handler;
        own.flags = (unsigned)act.sa_flags;
        own.restorer = kept.flags == UNTOUCHED ? NULL : own.restorer;
        kernel_action(&own, NULL);
    }
}

bool sigpipe_is_forced(void)
{
    if (settings.sigpipe == SIGPIPE_WATCH && process_is_caged()) {
        return false;
    }
    return settings.sigpipe == SIGPIPE_ALWAYS ||
           (settings.sigpipe != SIGPIPE_OFF && process_has_socket());
}

signal_handler sigpipe_stand_in(void)
{
    return stand_in;
}

bool sigpipe_is_ours(signal_handler handler)
{
    return handler == default_handler() || handler == once_handler() || handler == stand_in;
}
