/* SOCKSHIM_EINTR: the program's handlers are installed with SA_RESTART, but for those of
 * signals by which a person or a timer ends a wait. No call is made again by us: EINTR
 * does not say which signal it was. */
#include "base/process.h"
#include "base/settings.h"
#include "failure/handled.h"
#include "layers/layers.h"
#include "layers/wait.h"
#include "start/start.h"

#include <stdatomic.h>
#include <stdint.h>

static bool needs_flag(int sig, const struct sigaction *act)
{
    bool is_handler = act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN;
    return is_restarted(sig) && is_handler && !(act->sa_flags & SA_RESTART);
}

/* A bit for each signal: to be told of, and told. */
static _Atomic uint64_t restarted;
static _Atomic uint64_t told;

static void say_restarted(int sig)
{
    handled(-1, NULL,
            (struct change){.setting = SETTING_EINTR, .call = CALL_sigaction, .asked = sig}, 0);
}

/* Once each. A program without sockets has no log. */
static void say_all(void)
{
    uint64_t all = atomic_load(&restarted);
    uint64_t news = all & ~atomic_fetch_or(&told, all);
    for (int sig = 1; news; sig++, news >>= 1) {
        if (news & 1) {
            say_restarted(sig);
        }
    }
}

static void note_restarted(int sig)
{
    atomic_fetch_or(&restarted, (uint64_t)1 << (sig - 1) % 64);
    if (process_has_socket()) {
        say_all();
    }
}

static int layer_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction restarting;
    bool changes = act && needs_flag(sig, act); /* the C library reads it, too */
    if (changes) {
        restarting = *act;
        restarting.sa_flags |= SA_RESTART;
    }
    int result = beneath.sigaction(sig, changes ? &restarting : act, old);
    if (changes && result == 0) {
        note_restarted(sig);
    }
    return result;
}

/* What else they do is the C library's: siginterrupt() may have been called. */
static void mend(int sig)
{
    struct sigaction act;
    if (is_restarted(sig) && beneath.sigaction(sig, NULL, &act) == 0 && needs_flag(sig, &act)) {
        layer_sigaction(sig, &act, NULL);
    }
}

#define INSTALLS_BY(name)                                                                          \
    static signal_handler layer_##name(int sig, signal_handler handler)                            \
    {                                                                                              \
        signal_handler old = beneath.name(sig, handler);                                           \
        if (old != SIG_ERR) {                                                                      \
            mend(sig);                                                                             \
        }                                                                                          \
        return old;                                                                                \
    }

INSTALLS_BY(signal)
INSTALLS_BY(sigset)

static int layer_siginterrupt(int sig, int interrupt)
{
    int result = beneath.siginterrupt(sig, interrupt && !is_restarted(sig));
    if (result == 0 && interrupt && is_restarted(sig)) {
        note_restarted(sig);
    }
    return result;
}

#ifdef __GLIBC__
/* Not by the C library's: its flags must not be there for an instant. */
static signal_handler layer___sysv_signal(int sig, signal_handler handler)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    struct sigaction old;
    if (!is_restarted(sig) || handler == SIG_ERR) {
        return beneath.__sysv_signal(sig, handler);
    }
    return layer_sigaction(sig, &act, &old) < 0 ? SIG_ERR : old.sa_handler;
}
#endif

void restart_install(void)
{
    if (!settings.handling.eintr_restart) {
        return;
    }
    sockshim_at_first_socket = say_all;
    next.sigaction = layer_sigaction;
    next.signal = layer_signal;
    next.sigset = layer_sigset;
    next.siginterrupt = layer_siginterrupt;
#ifdef __GLIBC__
    next.__sysv_signal = layer___sysv_signal;
#endif
}
