#include "failure/failed.h"

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

struct returned {
    struct facts facts;
    enum cause cause;
};

static size_t compose_return(char *line, const struct moment *m, const void *what)
{
    const struct returned *returned = what;
    return record_return(line, m, &returned->facts, returned->cause);
}

static __attribute__((noinline)) long report(enum call call, long ret, int err,
                                             const struct attempt *attempt)
{
    struct returned r;
    int kept = errno;
    if (observe(&r.facts, call, ret, err, attempt)) {
        r.cause = cause_of(&r.facts);
        if (!settings_skips_cause(r.cause) && cause_level(&r.facts, r.cause) >= settings.level) {
            sockshim_needs_log();
            log_tell(compose_return, &r);
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

struct refusal {
    enum call call;
    int fd;
    const char *why;
};

static size_t compose_refused(char *line, const struct moment *m, const void *what)
{
    const struct refusal *r = what;
    return record_refused(line, m, r->call, r->fd, r->why);
}

__attribute__((noinline)) void refused(enum call call, int fd, const char *why)
{
    struct refusal refusal = {call, fd, why};
    int kept = errno;
    if (!settings.logging || settings.level > LEVEL_INFO || settings_skips_call(call)) {
        return;
    }
    sockshim_needs_log();
    /* A vfork child is about to become another program. */
    if (!process_identify().is_vfork_child && process_first_time(ONCE_REFUSED + (unsigned)call)) {
        log_tell(compose_refused, &refusal);
    }
    errno = kept;
}
