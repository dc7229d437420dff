/* The program's own wishes for SIGPIPE: it is answered as it would be without us. */
#include "calls/wrap.h"

#include "base/process.h"
#include "base/settings.h"
#include "force/raiser.h"
#include "force/sigpipe.h"

static bool is_vfork_child(void)
{
    return process_identify().is_vfork_child;
}

/* Not of a vfork child, which is about to become another program. */
static void refuse_default(void)
{
    if (is_vfork_child()) {
        return;
    }
    if (settings.sigpipe == SIGPIPE_SOCKETS) {
        refused(CALL_sigaction, -1,
                "The program requested the default action for SIGPIPE; the call reported success, "
                "and the default applies to writes to pipes and to signals sent by kill or raise. "
                "A write to a dead socket still returns an error instead (SOCKSHIM_SIGPIPE=off "
                "lets it kill the program).");
    } else if (settings.sigpipe != SIGPIPE_WATCH) {
        refused(CALL_sigaction, -1,
                "The program requested the default action for SIGPIPE; the call reported success, "
                "but the signal stays suppressed (SOCKSHIM_SIGPIPE=off lets it through).");
    }
}

static int sigpipe_action(const struct sigaction *act, struct sigaction *old)
{
    struct sigaction wish;
    if (!sigpipe_is_forced()) {
        return next.sigaction(SIGPIPE, act, old);
    }
    if (act) { /* the C library reads it, too, before the kernel does */
        wish = *act;
        sigpipe_put_ours(&wish);
    }
    bool wants_default = act && act->sa_handler == SIG_DFL;
    int result = next.sigaction(SIGPIPE, act ? &wish : NULL, old);
    if (result == 0 && old) {
        sigpipe_as_known(old);
    }
    if (result == 0 && wants_default) {
        refuse_default();
    }
    return result;
}

/* signal() and sigset() choose flags, and what else they do, as only the C library
 * knows: siginterrupt() may have been called. So they do it with a stand-in in the
 * place of the default; our handler then learns of the flags. */
static signal_handler sigpipe_by(signal_handler (*function)(int, signal_handler),
                                 signal_handler handler)
{
    struct sigaction act;
    bool wants_default = handler == SIG_DFL;
    signal_handler old = function(SIGPIPE, wants_default ? sigpipe_stand_in() : handler);
    if (wants_default && next.sigaction(SIGPIPE, NULL, &act) == 0 &&
        act.sa_handler == sigpipe_stand_in()) {
        sigpipe_put_ours(&act);
        next.sigaction(SIGPIPE, &act, NULL);
        refuse_default();
    }
    return sigpipe_known_handler(old);
}

/* Our handler's own SA_RESTART stays, and what is kept of the default's changes. */
static int sigpipe_interrupt(int interrupt)
{
    struct sigaction act;
    int result = next.siginterrupt(SIGPIPE, interrupt);
    if (result == 0 && next.sigaction(SIGPIPE, NULL, &act) == 0 &&
        sigpipe_is_ours(act.sa_handler)) {
        sigpipe_as_known(&act);
        act.sa_flags = interrupt ? act.sa_flags & ~SA_RESTART : act.sa_flags | SA_RESTART;
        sigpipe_put_ours(&act);
        next.sigaction(SIGPIPE, &act, NULL);
    }
    return result;
}

static bool is_forced(int sig)
{
    return sig == SIGPIPE && sigpipe_is_forced();
}

WRAP(int, sigaction, (int sig, const struct sigaction *act, struct sigaction *old))
{
    return sig == SIGPIPE ? sigpipe_action(act, old) : next.sigaction(sig, act, old);
}

WRAP(signal_handler, signal, (int sig, signal_handler handler))
{
    return is_forced(sig) ? sigpipe_by(next.signal, handler) : next.signal(sig, handler);
}

WRAP(signal_handler, sigset, (int sig, signal_handler handler))
{
    return is_forced(sig) ? sigpipe_by(next.sigset, handler) : next.sigset(sig, handler);
}

WRAP(int, siginterrupt, (int sig, int interrupt))
{
    return is_forced(sig) ? sigpipe_interrupt(interrupt) : next.siginterrupt(sig, interrupt);
}

/* A process's signal may reach another thread, where nothing shows who sent it. */
WRAP(int, kill, (pid_t pid, int sig))
{
    if (sig == SIGPIPE && !is_vfork_child() && (pid <= 0 || pid == process_identify().pid)) {
        raiser_self();
    }
    return next.kill(pid, sig);
}

ALIAS(bsd_signal, signal);

#ifdef __GLIBC__

/* Not by the C library: SA_RESETHAND must not be there for an instant. */
static signal_handler sigpipe_once(signal_handler handler)
{
    struct sigaction act = {.sa_handler = handler,
                            .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_INTERRUPT)};
    struct sigaction old;
    return sigpipe_action(&act, &old) < 0 ? SIG_ERR : old.sa_handler;
}

WRAP(signal_handler, __sysv_signal, (int sig, signal_handler handler))
{
    return is_forced(sig) && handler != SIG_ERR ? sigpipe_once(handler)
                                                : next.__sysv_signal(sig, handler);
}

ALIAS(__sigaction, sigaction);
ALIAS(ssignal, signal);
ALIAS(sysv_signal, __sysv_signal);

#else

ALIAS(__sysv_signal, signal);

#endif
