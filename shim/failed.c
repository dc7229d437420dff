#include "failed.h"

#include "cause.h"
#include "config.h"
#include "log.h"
#include "record.h"
#include "sockshim.h"

#include <errno.h>

/* Told from the arguments alone, without asking the kernel anything. */
static bool is_wanted(enum call call, long ret, int err)
{
    if (!sockshim_set_up() || !config.logging || config_skips_call(call) ||
        config_skips_errno(err)) {
        return false;
    }
    bool can_time_out = observe_timeouts_possible();
    if (err == EAGAIN && !can_time_out && call != CALL_connect &&
        config_skips_cause(CAUSE_WOULD_BLOCK)) {
        return false;
    }
    return cause_loudest(call, ret, err, can_time_out) >= config.level;
}

/* The line has a frame of its own, entered when the kernel has answered all
 * questions: the two need not be on the stack together. */
static __attribute__((noinline)) void write_return(const struct facts *f, enum cause cause)
{
    char line[RECORD_SIZE];
    struct moment m = this_moment();
    log_write(line, record_return(line, &m, f, cause), &m);
}

static __attribute__((noinline)) void report(enum call call, long ret, int err,
                                             const struct attempt *attempt)
{
    struct facts f;
    if (!observe(&f, call, ret, err, attempt)) {
        return;
    }
    enum cause cause = cause_of(&f);
    if (!config_skips_cause(cause) && cause_level(&f, cause) >= config.level) {
        write_return(&f, cause);
    }
}

__attribute__((noinline)) long failed(enum call call, long ret, const struct attempt *attempt)
{
    int kept = errno;
    int err = ret < 0 ? kept : 0;
    if (is_wanted(call, ret, err)) {
        report(call, ret, err, attempt);
    }
    errno = kept;
    return ret;
}

__attribute__((noinline)) void failed_late(int fd, int err)
{
    int kept = errno;
    struct attempt attempt = {.fd = fd};
    if (is_wanted(CALL_getsockopt, 0, err)) {
        report(CALL_getsockopt, 0, err, &attempt);
    }
    errno = kept;
}

__attribute__((noinline)) void refused(enum call call, int fd, const char *why)
{
    char line[RECORD_SIZE];
    int kept = errno;
    struct moment m = this_moment();
    bool is_wanted = config.logging && config.level <= LEVEL_INFO && !config_skips_call(call);
    /* A vfork child is about to become another program. */
    if (is_wanted && !m.who.is_vfork_child && process_first_time(ONCE_REFUSED + (unsigned)call)) {
        log_write(line, record_refused(line, &m, call, fd, why), &m);
    }
    errno = kept;
}
