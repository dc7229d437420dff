/* Signals: dispositions and the mask. */
#include "life.h"

const char *name_of(sighandler_t disposition)
{
    void *with_info = (void *)handler_with_info;
    return disposition == SIG_DFL             ? "default"
           : disposition == SIG_IGN           ? "ignored"
           : disposition == SIG_ERR           ? "error"
           : disposition == SIG_HOLD          ? "hold"
           : disposition == handler           ? "handler"
           : disposition == other_handler     ? "other"
           : (void *)disposition == with_info ? "info"
                                              : "?";
}

static sighandler_t a_handler(void)
{
    switch (below(9)) {
    case 0:
    case 1:
    case 2:
        return SIG_DFL;
    case 3:
    case 4:
        return SIG_IGN;
    case 5:
    case 6:
        return handler;
    case 7:
        return other_handler;
    default:
        return one_in(3) ? SIG_ERR : handler;
    }
}

static int a_signal(void)
{
    return one_in(4) ? (int)ANY(SIGWINCH, SIGURG, 0, -1, 65, 33, SIGKILL, SIGSTOP) : SIGPIPE;
}

/* Where the C library takes SA_RESTORER from the program, the shim does not let
 * it for its own handler: a default needs none, so it may be rubbish. */
static void say_action(const struct sigaction *act)
{
    uint64_t mask = 0;
    int flags = act->sa_flags;
#if defined(__GLIBC__) && !defined(__x86_64__)
    flags &= act->sa_handler == SIG_DFL ? ~0x04000000 : ~0;
#endif
    memcpy(&mask, &act->sa_mask, sizeof mask);
    say("   %s %x %llx %d\n", name_of(act->sa_handler), (unsigned)flags, (unsigned long long)mask,
        act->sa_restorer != NULL);
#ifndef __GLIBC__ /* whose own is whatever was on the stack */
    say("   %08x\n", (unsigned)sum_of((const unsigned char *)&act->sa_mask, sizeof act->sa_mask));
#endif
}

void query(void)
{
    struct sigaction old;
    memset(&old, 0xa5, sizeof old);
    if (SIGNAL_CALL(sigaction(SIGPIPE, NULL, &old), "query") == 0) {
        say_action(&old);
    }
}

void set_action(void)
{
    int sig = a_signal();
    struct sigaction act;
    struct sigaction old;
    struct sigaction *at = one_in(12) ? NULL : one_in(24) ? bad_pointer() : &act;
    struct sigaction *to = one_in(4) ? NULL : one_in(24) ? bad_pointer() : one_in(8) ? &act : &old;
    memset(&act, 0, sizeof act);
    memset(&old, 0xa5, sizeof old);
    act.sa_handler = a_handler();
    act.sa_flags =
        (int)ANY(0, SA_RESTART, SA_ONSTACK, SA_NODEFER, SA_NOCLDSTOP, SA_RESTART | SA_ONSTACK,
                 SA_RESETHAND, SA_RESETHAND | SA_NODEFER, 0x400, -1) &
        ~SA_SIGINFO;
    if (act.sa_handler == handler && one_in(3)) {
        act.sa_sigaction = handler_with_info;
        act.sa_flags |= SA_SIGINFO;
    } else {
        act.sa_flags &= ~SA_SIGINFO;
    }
    if (act.sa_flags & (int)0x80000000 && one_in(2)) {
        act.sa_flags &= 0x7fffffff;
    }
    for (int i = (int)below(3); i > 0; i--) {
        sigaddset(&act.sa_mask, (int)ANY(SIGUSR1, SIGPIPE, SIGKILL, 64, SIGALRM));
    }
    bool twin = one_in(4) && HAS(__sigaction);
    bool same = at == &act && to == &act;
    if (SIGNAL_CALL(twin ? x___sigaction(sig, at, to) : sigaction(sig, at, to), "%s %d %s %s %x",
                    twin ? "__sigaction" : "sigaction", sig,
                    at == &act ? name_of(act.sa_handler) : "-",
                    same         ? "same"
                    : to == &old ? "old"
                                 : "-",
                    (unsigned)act.sa_flags) == 0 &&
        (to == &old || to == &act)) {
        say_action(to);
    }
    query();
}

void set_handler(void)
{
    int sig = a_signal();
    sighandler_t to = a_handler();
    sighandler_t result = SIG_ERR;
    unsigned which = below(6);
    static const char *const names[] = {"signal",      "bsd_signal",    "ssignal",
                                        "sysv_signal", "__sysv_signal", "sigset"};
    to = which == 5 && one_in(4) ? SIG_HOLD : to;
    if (which == 5 && sig == SIGPIPE && to == SIG_DFL) {
        let_through();
    }
    if ((which == 1 && !HAS(bsd_signal)) || (which == 2 && !HAS(ssignal)) ||
        (which == 3 && !HAS(sysv_signal)) || (which == 4 && !HAS(__sysv_signal))) {
        return;
    }
    SIGNAL_CALL((result = which == 0   ? signal(sig, to)
                          : which == 1 ? x_bsd_signal(sig, to)
                          : which == 2 ? x_ssignal(sig, to)
                          : which == 3 ? x_sysv_signal(sig, to)
                          : which == 4 ? x___sysv_signal(sig, to)
                                       : sigset(sig, to),
                 0),
                "%s %d %s", names[which], sig, name_of(to));
    say("   %s\n", name_of(result));
    query();
}

void other_signal_call(void)
{
    sigset_t set;
    sigset_t old;
    sigset_t none;
    int how = (int)ANY(SIG_BLOCK, SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK, 77);
    struct timespec now = {0, 0};
    sigemptyset(&set);
    sigemptyset(&none);
    sigemptyset(&old);
    if (!one_in(3)) {
        sigaddset(&set, SIGPIPE);
    }
    switch (below(12)) {
    case 0:
    case 1:
        if (how == (sigismember(&set, SIGPIPE) ? SIG_UNBLOCK : SIG_SETMASK) &&
            sigpipe_is(SIG_DFL)) {
            let_through();
        }
        SIGNAL_CALL(sigprocmask(how, &set, &old), "sigprocmask %d %d", how,
                    sigismember(&set, SIGPIPE));
        say("   %d\n", sigismember(&old, SIGPIPE));
        break;
    case 2:
        SIGNAL_CALL(sigpending(&set), "sigpending");
        say("   %d\n", sigismember(&set, SIGPIPE));
        break;
    case 3:
        SIGNAL_CALL(sighold(SIGPIPE), "sighold");
        break;
    case 4:
        if (sigpipe_is(SIG_DFL)) {
            let_through();
        }
        SIGNAL_CALL(sigrelse(SIGPIPE), "sigrelse");
        break;
    case 5:
        SIGNAL_CALL(sigignore(SIGPIPE), "sigignore");
        break;
    case 6:
        SIGNAL_CALL(siginterrupt(a_signal(), (int)below(2)), "siginterrupt");
        break;
    case 7:
        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        if (mask_by(SIG_BLOCK, 0) & sigpipe_bit) {
            SIGNAL_CALL(sigtimedwait(&set, NULL, &now), "sigtimedwait");
        }
        break;
    case 8:
        CALL(raise(SIGPIPE), "raise");
        CALL(kill(getpid(), 65), "kill");
        break;
    case 9:
        if (!(mask_by(SIG_BLOCK, 0) & sigpipe_bit)) { /* only one shall wait */
            CALL(kill(getpid(), SIGPIPE), "kill");
        }
        break;
    default:
        query();
        break;
    }
    sigprocmask(SIG_BLOCK, NULL, &old);
    say("   mask %d pending %d\n", sigismember(&old, SIGPIPE) == 1, !!(pending() & sigpipe_bit));
    query();
}
