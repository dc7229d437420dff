/* The program's own wishes for SIGPIPE: it is answered as it would be without us. */
#include "calls/wrap.h"

#include "force/sigpipe.h"

static void refuse_default(void)
{
    refused(CALL_sigaction, -1,
            "The program asked for the default action of SIGPIPE; it was told that this "
            "succeeded, and the signal stays swallowed (SOCKSHIM_SIGPIPE=off lets it "
            "through).");
}

static int sigpipe_action(const struct sigaction *act, struct sigaction *old)
{
    struct sigaction wish;
    bool wants_default = false;
    if (!sigpipe_is_forced()) {
        return next.sigaction(SIGPIPE, act, old);
    }
    if (act) { /* the C library reads it, too, before the kernel does */
        wish = *act;
        wants_default = wish.sa_handler == SIG_DFL;
        if (wants_default) {
            sigpipe_put_ours(&wish);
        } else {
            sigpipe_keep_handler(&wish);
        }
    }
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
 * knows: siginterrupt() may have been called. So they do it with our handler in
 * place of the default; it then learns of the flags. */
static signal_handler sigpipe_by(signal_handler (*function)(int, signal_handler),
                                 signal_handler handler)
{
    struct sigaction act;
    signal_handler old = function(SIGPIPE, handler == SIG_DFL ? sigpipe_stand_in() : handler);
    if (handler == SIG_DFL && next.sigaction(SIGPIPE, NULL, &act) == 0 &&
        act.sa_handler == sigpipe_stand_in()) {
        sigpipe_put_ours(&act);
        next.sigaction(SIGPIPE, &act, NULL);
        refuse_default();
    }
    return sigpipe_is_ours(old) ? SIG_DFL : old;
}

/* Our handler's own SA_RESTART stays, and it is told of the default's. */
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
