/* What a record keeps instead of asking again holds no longer: a child may run on this
 * process's memory, or a limit has changed. */
#include "base/process.h"
#include "calls/wrap.h"
#include "log/write.h"

#include <sched.h>
#include <stddef.h>

_Static_assert(offsetof(struct next, vfork) == sizeof(void *), "as written in the assembly");

#if defined(__x86_64__)
#include "calls/arch/x86_64_vfork.h"
#elif defined(__i386__)
#include "calls/arch/i386_vfork.h"
#else
#include "calls/arch/aarch64_vfork.h"
#endif

/* A thread that is made with a block of its own (CLONE_SETTLS) keeps its number there. The
 * arguments behind the fourth are there only if the flags say so; the rest is passed on
 * as it lies. */
WRAP(int, clone,
     (int (*run)(void *), void *stack, int flags, void *argument, pid_t *parent, void *tls,
      pid_t *child))
{
    if (flags & CLONE_VM && !(flags & CLONE_SETTLS)) {
        process_shares_memory();
    }
    return next.clone(run, stack, flags, argument, parent, tls, child);
}

#define LIMITS(name, parameters, arguments)                                                        \
    uninstrumented WRAP(int, name, parameters)                                                     \
    {                                                                                              \
        int result = next.name arguments;                                                          \
        file_size_limit_forget();                                                                  \
        return result;                                                                             \
    }

LIMITS(setrlimit, (int resource, const void *limit), (resource, limit))
LIMITS(prlimit, (pid_t pid, int resource, const void *limit, void *old),
       (pid, resource, limit, old))
#ifdef __GLIBC__
LIMITS(setrlimit64, (int resource, const void *limit), (resource, limit))
LIMITS(prlimit64, (pid_t pid, int resource, const void *limit, void *old),
       (pid, resource, limit, old))
ALIAS(__clone, clone);
#endif
