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
    struct facts facts; /* cause: CAUSE_COUNT where there is no failure behind it */
    struct change change;
};

static __attribute__((noinline)) void compose_head(struct text *t, char *line,
                                                   const struct found *f)
{
    struct moment m = this_moment();
    record_begin(t, line, &m, record_handled_level(&f->facts, (enum cause)f->facts.cause),
                 "handled");
}

static size_t compose_handled(char *line, const void *what)
{
    const struct found *f = what;
    struct text t;
    compose_head(&t, line, f);
    return record_handled_change(&t, line, &f->facts, (enum cause)f->facts.cause, &f->change);
}

static bool is_wanted_of(const struct found *f)
{
    int err = f->change.err;
    enum cause cause = (enum cause)f->facts.cause;
    enum level level = err ? cause_level(&f->facts, cause) : LEVEL_INFO;
    bool skipped = err && (settings_skips_cause(cause) || settings_skips_errno(err));
    return settings.logging && !settings_skips_call(f->facts.call) && !skipped &&
           level >= settings.level;
}

/* The recorder has it at once: its bytes are not on the stack when the line is written. */
static bool find(struct found *f, const struct attempt *attempt)
{
    /* cppcheck-suppress ctuuninitvar ; f->change is assigned as a whole */
    enum call call = (enum call)f->change.call;
    int err = f->change.err;
    long ret = err && call != CALL_getsockopt ? -1 : 0;
    f->facts.kept = errno;
    if (settings_wants_no_call(call) || !observe(&f->facts, call, ret, err, attempt)) {
        return false;
    }
    f->facts.cause = (uint8_t)(err ? cause_of(&f->facts) : CAUSE_COUNT);
    recorder_handled(&f->facts, (enum cause)f->facts.cause, &f->change);
    return true;
}

static __attribute__((noinline)) bool find_change(struct found *f, int fd,
                                                  const struct sockaddr *addr)
{
    /* cppcheck-suppress ctuuninitvar ; as above */
    struct attempt attempt = {.fd = fd, .addr = addr, .addrlen = f->change.addrlen};
    if (f->change.call == CALL_splice) {
        attempt.other = f->change.given;
    }
    return find(f, &attempt);
}

static __attribute__((noinline)) bool find_end(struct found *f, int fd, int flags, const void *data,
                                               int other)
{
    struct attempt attempt = {.fd = fd, .flags = flags, .data = data, .other = other};
    return find(f, &attempt);
}

static inline __attribute__((always_inline)) void tell(const struct found *f)
{
    if (is_wanted_of(f)) {
        sockshim_needs_log();
        log_tell(compose_handled, f);
    }
}

/* Inlined, as tell(): nothing but what is found is in the frame, for the line comes below. */
static inline __attribute__((always_inline)) void tell_change(struct found *f, int fd,
                                                              const struct sockaddr *addr)
{
    if (find_change(f, fd, addr)) {
        tell(f);
    }
}

/* Not inlined: errno's address would be kept in the frame. */
static __attribute__((noinline)) void put_error_back(int err)
{
    errno = err;
}

__attribute__((noinline)) int handled(int fd, const struct sockaddr *addr, struct change change,
                                      int result)
{
    struct found f;
    f.change = change;
    tell_change(&f, fd, addr);
    put_error_back(f.facts.kept);
    return result;
}

__attribute__((noinline)) long handled_moving(int fd, struct change change)
{
    struct found f;
    f.change = change;
    tell_change(&f, fd, NULL);
    put_error_back(f.facts.kept);
    return -1;
}

__attribute__((noinline)) long handled_as_end(enum call call, int err, int fd, int flags,
                                              const void *data, int other)
{
    struct found f;
    f.change =
        (struct change){.setting = SETTING_RESET, .call = (uint8_t)call, .err = (uint16_t)err};
    if (find_end(&f, fd, flags, data, other)) {
        tell(&f);
    }
    put_error_back(f.facts.kept);
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
                                   .waited_ms = f.waited_ms,
                                   .has_probed = f.keepalive && f.probes > 0};
    }
    errno = kept;
    return failure;
}
