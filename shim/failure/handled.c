#include "failure/handled.h"

#include "base/process.h"
#include "log/log.h"
#include "log/recorder.h"
#include "observe/observe.h"
#include "start/start.h"
#include "tell/cause.h"
#include "tell/record.h"

#include <errno.h>

struct found {
    struct facts facts;
    enum cause cause;
    int err;
};

struct returned {
    struct found found;
    const struct change *change;
};

static size_t compose_handled(char *line, const void *what)
{
    const struct returned *r = what;
    struct moment m = this_moment();
    return record_handled(line, &m, &r->found.facts, r->found.cause, r->change);
}

static bool is_wanted_of(const struct found *f)
{
    enum level level = f->err ? cause_level(&f->facts, f->cause) : LEVEL_INFO;
    bool skipped = f->err && (settings_skips_cause(f->cause) || settings_skips_errno(f->err));
    return settings.logging && !settings_skips_call(f->facts.call) && !skipped &&
           level >= settings.level;
}

static __attribute__((noinline)) bool find(struct found *f, enum call call, int err,
                                           const struct attempt *attempt)
{
    long ret = err && call != CALL_getsockopt ? -1 : 0;
    if (!observe(&f->facts, call, ret, err, attempt)) {
        return false;
    }
    f->err = err;
    f->cause = err ? cause_of(&f->facts) : CAUSE_COUNT;
    return true;
}

__attribute__((noinline)) void handled(const struct change *c)
{
    struct returned r;
    int kept = errno;
    r.change = c;
    if (!settings_wants_no_call(c->call) && find(&r.found, c->call, c->err, c->attempt)) {
        recorder_handled(&r.found.facts, r.found.cause, c);
        if (is_wanted_of(&r.found)) {
            sockshim_needs_log();
            log_tell(compose_handled, &r);
        }
    }
    errno = kept;
}

/* ---- An end instead of a failure ---- */

static const char *words_of(int err)
{
    return err == ECONNRESET ? "-1 ECONNRESET" : err == EPIPE ? "-1 EPIPE" : "-1 ETIMEDOUT";
}

static struct change change_of(const struct found *f)
{
    return (struct change){
        .setting = SETTING_RESET, .err = f->err, .would = words_of(f->err), .given = "0"};
}

static size_t compose_end(char *line, const void *what)
{
    const struct found *f = what;
    struct change change = change_of(f);
    struct moment m = this_moment();
    return record_handled(line, &m, &f->facts, f->cause, &change);
}

/* In a frame of its own, which is gone when the line is written. */
static __attribute__((noinline)) void record_end(const struct found *f)
{
    struct change change = change_of(f);
    recorder_handled(&f->facts, f->cause, &change);
}

/* errno is the failure's: with one argument more, one would be on the stack. */
static __attribute__((noinline)) bool find_end(struct found *f, enum call call, int fd, int flags,
                                               const void *data, int other)
{
    struct attempt attempt = {.fd = fd, .flags = flags, .data = data, .other = other};
    return find(f, call, errno, &attempt);
}

/* Nothing but what is found is in this frame, for the line comes below it. */
__attribute__((noinline)) long handled_as_end(enum call call, int err, int fd, int flags,
                                              const void *data, int other)
{
    struct found f;
    int kept = errno;
    errno = err;
    if (!settings_wants_no_call(call) && find_end(&f, call, fd, flags, data, other)) {
        record_end(&f);
        if (is_wanted_of(&f)) {
            sockshim_needs_log();
            log_tell(compose_end, &f);
        }
    }
    errno = kept;
    return 0;
}

__attribute__((noinline)) struct failure failure_of(enum call call, long ret, int err,
                                                    const struct attempt *attempt)
{
    struct facts f;
    struct failure failure = {.cause = CAUSE_other};
    int kept = errno;
    if (!process_is_caged() && observe(&f, call, ret, err, attempt)) {
        failure = (struct failure){.cause = cause_of(&f),
                                   .is_socket = f.domain >= 0 || f.is_lean == YES,
                                   .timeout_us = f.timeout_us,
                                   .user_timeout_ms = f.user_timeout_ms,
                                   .has_probed = f.keepalive && f.probes > 0};
    }
    errno = kept;
    return failure;
}
