/* Notices that the program puts a seccomp filter on itself. From then on the shim
 * makes no system call but write, so that a filter that kills has no reason to. A
 * filter inherited through exec (a container's, a unit's) is another matter: it is
 * made for programs that open files and sockets. Likewise that it forbids itself the cycle
 * counter (PR_SET_TSC). */
#include "calls/seccomp.h"

#include "base/clock.h"
#include "base/cycles.h"
#include "base/process.h"
#include "calls/wrap.h"
#include "force/sigpipe.h"
#include "start/hindrance.h"
#include "start/start.h"

#include <sys/prctl.h>

void seccomp_go_without_counter(void)
{
    cycles_end();
    clock_go_without_counter();
}

/* The flag goes up first: the filter holds from the call on. What may be asked
 * for in there is found out now. */
bool seccomp_enter(bool is_strict, unsigned long filter)
{
    if ((is_strict || filter) && !process_is_caged()) {
        hindrance_by_cage();
    }
    bool first = sockshim_enter_cage();
    if (is_strict) {
        seccomp_go_without_counter();
    }
    return first;
}

void seccomp_fails(bool first)
{
    if (first) {
        process_leave_cage();
    }
    if (first && sigpipe_is_forced()) {
        sigpipe_install();
    }
}

static __attribute__((noinline)) int enter_by_prctl(__typeof__(next.prctl) function, int op,
                                                    unsigned long a, unsigned long b,
                                                    unsigned long c, unsigned long d)
{
    if (op == PR_SET_TSC) {
        seccomp_go_without_counter();
        return function(op, a, b, c, d);
    }
    bool first = seccomp_enter(a == PRCTL_STRICT, b);
    int result = function(op, a, b, c, d);
    if (result < 0) {
        seccomp_fails(first);
    }
    return result;
}

/* prctl is variadic, and the stack slots of arguments that the caller did not
 * pass are its own variables. They may be read, but not be written to, which a
 * tail call does on 32-bit x86: there the result is held fast. */
#ifdef __i386__
#define NO_TAIL_CALL(result) __asm__ volatile("" : "+r"(result))
#else
#define NO_TAIL_CALL(result) (void)0
#endif

static inline int pass_prctl(__typeof__(next.prctl) function, int op, unsigned long a,
                             unsigned long b, unsigned long c, unsigned long d)
{
    int result = op == PR_SET_SECCOMP || op == PR_SET_TSC ? enter_by_prctl(function, op, a, b, c, d)
                                                          : function(op, a, b, c, d);
    NO_TAIL_CALL(result);
    return result;
}

WRAP(int, prctl, (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d))
{
    return pass_prctl(next.prctl, op, a, b, c, d);
}

#ifdef HAVE_TIME64_TWINS

WRAP(int, __prctl_time64,
     (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d))
{
    return pass_prctl(next.__prctl_time64, op, a, b, c, d);
}

#endif
