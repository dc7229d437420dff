#include "failure/failed.h"

#include "base/kernel.h"
#include "base/process.h"
#include "base/settings.h"
#include "log/log.h"
#include "observe/observe.h"
#include "start/start.h"
#include "tell/cause.h"
#include "tell/record.h"

#include <errno.h>

/* Told from the arguments alone, without asking the kernel anything. */
static bool settings_want(enum call call, long ret, int err, bool can_time_out)
{
    if (settings_skips_call(call) || settings_skips_errno(err)) {
        return false;
    }
    if (ret < 0 && call_only_asks(call) && (err == ENOTSOCK || err == ENOTCONN)) {
        return false;
    }
    if (err == EAGAIN && !can_time_out && call != CALL_connect &&
        settings_skips_cause(CAUSE_would_block)) {
        return false;
    }
    return cause_loudest(call, ret, err, can_time_out) >= settings.level;
}

static bool is_wanted(enum call call, long ret, int err)
{
    return sockshim_set_up() && settings.logging &&
           settings_want(call, ret, err, process_sets_timeouts());
}

/* A bit for each errno value of which no record is wanted, whatever call but
 * connect it comes from: settings_want() at a glance, for busy event loops. The
 * second row is for a program that sets timeouts. */
static uint64_t unwanted[2][ERRNO_MAX / 64 + 1];

void failed_begin(void)
{
    if (settings.level == LEVEL_DEBUG && !settings.skips) { /* all of them are wanted */
        return;
    }
    for (int err = 1; err <= ERRNO_MAX; err++) {
        for (int can_time_out = 0; can_time_out < 2; can_time_out++) {
            if (!settings_want(CALL_COUNT, -1, err, can_time_out)) {
                unwanted[can_time_out][err / 64] |= (uint64_t)1 << err % 64;
            }
        }
    }
}

static bool is_unwanted(enum call call, unsigned err)
{
    const uint64_t *errnos = unwanted[process_sets_timeouts()];
    return call != CALL_connect && err <= ERRNO_MAX && (errnos[err / 64] >> err % 64 & 1);
}

/* The line has a frame of its own, entered when the kernel has answered all
 * questions: the two need not be on the stack together. */
static __attribute__((noinline)) void write_return(const struct facts *f, enum cause cause)
{
    char line[RECORD_SIZE];
    struct moment m = this_moment();
    log_write(line, record_return(line, &m, f, cause), &m);
}

static __attribute__((noinline)) long report(enum call call, long ret, int err,
                                             const struct attempt *attempt)
{
    struct facts f;
    int kept = errno;
    if (observe(&f, call, ret, err, attempt)) {
        enum cause cause = cause_of(&f);
        if (is_inet_family(f.domain) && !process_has_socket()) { /* inherited */
            sockshim_first_socket(false);
        }
        if (!settings_skips_cause(cause) && cause_level(&f, cause) >= settings.level) {
            write_return(&f, cause);
        }
    }
    errno = kept;
    return ret;
}

static __attribute__((noinline)) long look_closer(enum call call, long ret, int err,
                                                  const struct attempt *attempt)
{
    return is_wanted(call, ret, err) ? report(call, ret, err, attempt) : ret;
}

__attribute__((noinline)) long failed(enum call call, long ret, const struct attempt *attempt)
{
    if (settings_skips_call(call)) {
        return ret;
    }
    unsigned err = ret < 0 ? (unsigned)errno : 0;
    return is_unwanted(call, err) ? ret : look_closer(call, ret, (int)err, attempt);
}

__attribute__((noinline)) void failed_late(int fd, int err)
{
    struct attempt attempt = {.fd = fd};
    if (is_wanted(CALL_getsockopt, 0, err)) {
        report(CALL_getsockopt, 0, err, &attempt);
    }
}

__attribute__((noinline)) void refused(enum call call, int fd, const char *why)
{
    char line[RECORD_SIZE];
    int kept = errno;
    if (!settings.logging || settings.level > LEVEL_INFO || settings_skips_call(call)) {
        return;
    }
    struct moment m = this_moment();
    /* A vfork child is about to become another program. */
    if (!m.who.is_vfork_child && process_first_time(ONCE_REFUSED + (unsigned)call)) {
        log_write(line, record_refused(line, &m, call, fd, why), &m);
    }
    errno = kept;
}
