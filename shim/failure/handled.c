#include "failure/handled.h"

#include "base/process.h"
#include "log/log.h"
#include "log/recorder.h"
#include "observe/observe.h"
#include "start/start.h"
#include "tell/cause.h"
#include "tell/record.h"

#include <errno.h>

struct returned {
    struct facts facts;
    enum cause cause;
    const struct change *change;
};

static size_t compose_handled(char *line, const struct moment *m, const void *what)
{
    const struct returned *r = what;
    return record_handled(line, m, &r->facts, r->cause, r->change);
}

static bool is_wanted_of(const struct facts *f, enum cause cause, const struct change *c)
{
    enum level level = c->err ? cause_level(f, cause) : LEVEL_INFO;
    bool skipped = c->err && (settings_skips_cause(cause) || settings_skips_errno(c->err));
    return settings.logging && !settings_skips_call(c->call) && !skipped && level >= settings.level;
}

__attribute__((noinline)) void handled(const struct change *c)
{
    struct returned r;
    long ret = c->err && c->call != CALL_getsockopt ? -1 : 0;
    if (settings_wants_no_call(c->call)) { /* all of them, if nothing is logged */
        return;
    }
    int kept = errno;
    r.change = c;
    if (observe(&r.facts, c->call, ret, c->err, c->attempt)) {
        r.cause = c->err ? cause_of(&r.facts) : CAUSE_COUNT;
        recorder_handled(&r.facts, r.cause, c);
        if (is_wanted_of(&r.facts, r.cause, c)) {
            sockshim_needs_log();
            log_tell(compose_handled, &r);
        }
    }
    errno = kept;
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
