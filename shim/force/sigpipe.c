/* SIGPIPE is swallowed by an empty handler in the place of the default, not by
 * SIG_IGN: that is inherited through exec, by children that did not ask for it
 * (signal(7)). That the handler is ours is the only state, and the kernel keeps
 * it. */
#include "force/sigpipe.h"

#include "base/next.h"
#include "base/process.h"
#include "base/settings.h"

#include <stddef.h>

/* The program must see the disposition that it asked for, flags included. Three
 * flags of a default disposition would change what our handler does, so they
 * are kept in which handler it is; the other flags and the mask do no harm and
 * stay in the kernel as they are. */
enum { HAD_RESTART = 1, HAD_ONSTACK = 2, HAD_RESETHAND = 4, UNTOUCHED = 8, HANDLERS };

#define HANDLER(n)                                                                                 \
    static void swallow_##n(int sig)                                                               \
    {                                                                                              \
        (void)sig;                                                                                 \
    }
HANDLER(0)
HANDLER(1)
HANDLER(2)
HANDLER(3)
HANDLER(4)
HANDLER(5)
HANDLER(6)
HANDLER(7)
HANDLER(untouched) /* as it was when the program started */

static const signal_handler handlers[HANDLERS] = {
    swallow_0, swallow_1, swallow_2, swallow_3,         swallow_4,
    swallow_5, swallow_6, swallow_7, swallow_untouched,
};

/* On a handler of the program's: SA_RESETHAND was asked for, and was taken off
 * since it would put the default back. Linux's SA_EXPOSE_TAGBITS, which means
 * nothing for SIGPIPE and which kernels before 5.11 keep, too. */
enum { RESETHAND_TAKEN_OFF = 0x800 };

static int handler_number(signal_handler handler)
{
    for (int i = 0; i < HANDLERS; i++) {
        if (handlers[i] == handler) {
            return i;
        }
    }
    return -1;
}

/* SA_RESTORER: where the program's signal handlers return to. A default never
 * returns, so what the program says about it may be rubbish. Left to the C
 * library, which on x86-64 sets it in any case. */
enum { RESTORER = 0x04000000 };

/* Puts our handler where `act` has the default. */
void sigpipe_put_ours(struct sigaction *act)
{
    int had = (act->sa_flags & SA_RESTART ? HAD_RESTART : 0) |
              (act->sa_flags & SA_ONSTACK ? HAD_ONSTACK : 0) |
              (act->sa_flags & (int)SA_RESETHAND ? HAD_RESETHAND : 0);
    act->sa_handler = handlers[had];
    act->sa_flags = (act->sa_flags & ~((int)SA_RESETHAND | RESTORER)) | SA_RESTART | SA_ONSTACK;
}

static bool has_own_handler(const struct sigaction *act)
{
    return act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN;
}

void sigpipe_keep_handler(struct sigaction *act)
{
    if (has_own_handler(act) && act->sa_flags & (int)SA_RESETHAND) {
        act->sa_flags = (act->sa_flags & ~(int)SA_RESETHAND) | RESETHAND_TAKEN_OFF;
    }
}

/* What the program would have seen without us. */
void sigpipe_as_known(struct sigaction *act)
{
    int had = handler_number(act->sa_handler);
    if (had == UNTOUCHED) {
        act->sa_handler = SIG_DFL;
        act->sa_flags = 0;
#ifdef __GLIBC__ /* musl leaves it as it is */
        act->sa_restorer = NULL;
#endif
    } else if (had >= 0) {
        act->sa_handler = SIG_DFL;
        act->sa_flags &= ~(SA_RESTART | SA_ONSTACK);
        act->sa_flags |= (had & HAD_RESTART ? SA_RESTART : 0) |
                         (had & HAD_ONSTACK ? SA_ONSTACK : 0) |
                         (had & HAD_RESETHAND ? (int)SA_RESETHAND : 0);
    } else if (act->sa_flags & RESETHAND_TAKEN_OFF) {
        act->sa_flags = (act->sa_flags & ~RESETHAND_TAKEN_OFF) | (int)SA_RESETHAND;
    }
}

bool sigpipe_is_swallowed(void)
{
    struct sigaction now;
    return next.sigaction(SIGPIPE, NULL, &now) == 0 && handler_number(now.sa_handler) >= 0;
}

void sigpipe_swallow(void)
{
    struct sigaction act;
    struct sigaction raced;
    if (process_is_caged() || next.sigaction(SIGPIPE, NULL, &act) < 0) {
        return;
    }
    if (act.sa_handler == SIG_DFL) {
        bool untouched = act.sa_flags == 0;
        sigpipe_put_ours(&act);
        act.sa_handler = untouched ? swallow_untouched : act.sa_handler;
    } else if (has_own_handler(&act) && act.sa_flags & (int)SA_RESETHAND) {
        sigpipe_keep_handler(&act);
    } else {
        return;
    }
    /* Another thread of the program may have set its own in between. */
    if (next.sigaction(SIGPIPE, &act, &raced) == 0 && raced.sa_handler != SIG_DFL &&
        handler_number(raced.sa_handler) < 0) {
        sigpipe_keep_handler(&raced);
        next.sigaction(SIGPIPE, &raced, NULL);
    }
}

bool sigpipe_is_forced(void)
{
    return settings.sigpipe == SIGPIPE_ALWAYS ||
           (settings.sigpipe == SIGPIPE_IGNORE && process_has_socket());
}

signal_handler sigpipe_stand_in(void)
{
    return handlers[0];
}

bool sigpipe_is_ours(signal_handler handler)
{
    return handler_number(handler) >= 0;
}
