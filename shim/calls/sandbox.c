/* Notices that the program enters a seccomp cage: DESIGN, law 7. */
#include "wrap.h"

#include "../process.h"
#include "../raw.h"

#include <sys/prctl.h>

/* SECCOMP_SET_MODE_STRICT and SECCOMP_SET_MODE_FILTER of seccomp(2). */
static bool is_seccomp_mode(long operation)
{
    return operation == 0 || operation == 1;
}

/* The flag goes up first: the filter holds from the call on. */
static int enter_by_prctl(__typeof__(next.prctl) prctl_function, unsigned long a, unsigned long b,
                          unsigned long c, unsigned long d)
{
    bool first = process_enter_cage();
    int result = prctl_function(PR_SET_SECCOMP, a, b, c, d);
    if (result < 0 && first) {
        process_leave_cage();
    }
    return result;
}

WRAP(int, prctl, (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d))
{
    return op == PR_SET_SECCOMP ? enter_by_prctl(next.prctl, a, b, c, d)
                                : next.prctl(op, a, b, c, d);
}

static long enter_by_syscall(long n, long a, long b, long c, long d, long e, long f)
{
    bool first = process_enter_cage();
    long result = next.syscall(n, a, b, c, d, e, f);
    if (result < 0 && first) {
        process_leave_cage();
    }
    return result;
}

/* Seven fixed parameters and a tail call leave no frame behind: a child that
 * clone or vfork makes through here returns into its parent's stack unharmed. */
WRAP(long, syscall, (long n, long a, long b, long c, long d, long e, long f))
{
    if ((n == SYS_seccomp && is_seccomp_mode(a)) || (n == SYS_prctl && a == PR_SET_SECCOMP)) {
        return enter_by_syscall(n, a, b, c, d, e, f);
    }
    return next.syscall(n, a, b, c, d, e, f);
}

#ifdef HAVE_TIME64_TWINS

WRAP(int, __prctl_time64,
     (int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d))
{
    return op == PR_SET_SECCOMP ? enter_by_prctl(next.__prctl_time64, a, b, c, d)
                                : next.__prctl_time64(op, a, b, c, d);
}

#endif
