#include "failure/failed.h"

#include "base/process.h"
#include "base/settings.h"
#include "log/log.h"
#include "observe/observe.h"
#include "start/start.h"
#include "tell/cause.h"
#include "tell/record.h"
#include "tell/wanted.h"

#include <errno.h>

/* The facts, and then the line that is made of them: of what takes most of the stack,
 * the answers of the kernel, the facts, the line and the log's own questions, only the
 * facts and the line are on it together, and only while the line is written. */
union room {
    struct facts facts;
    char line[RECORD_SIZE];
};

static __attribute__((noinline)) size_t write_line_over(union room *room, const struct moment *m,
                                                        enum cause cause)
{
    struct facts facts = room->facts;
    return record_return(room->line, m, &facts, cause);
}

static bool settings_want_cause(const struct facts *f, enum cause cause)
{
    return !settings_skips_cause(cause) && cause_level(f, cause) >= settings.level;
}

static __attribute__((noinline)) long report(enum call call, long ret, int err,
                                             const struct attempt *attempt)
{
    union room room;
    int kept = errno;
    if (observe(&room.facts, call, ret, err, attempt)) {
        enum cause cause = cause_of(&room.facts);
        if (settings_want_cause(&room.facts, cause)) {
            struct moment m = this_moment();
            size_t len = write_line_over(&room, &m, cause);
            log_write(room.line, len, &m);
        }
    }
    errno = kept;
    return ret;
}

static __attribute__((noinline)) long look_closer(enum call call, long ret, int err,
                                                  const struct attempt *attempt)
{
    return sockshim_set_up() && is_wanted(call, ret, err) ? report(call, ret, err, attempt) : ret;
}

__attribute__((noinline)) long failed(enum call call, long ret, const struct attempt *attempt)
{
    unsigned err = ret < 0 ? (unsigned)errno : 0;
    return is_unwanted(call, err) ? ret : look_closer(call, ret, (int)err, attempt);
}

__attribute__((noinline)) void failed_late(int fd, int err)
{
    struct attempt attempt = {.fd = fd};
    if (sockshim_set_up() && is_wanted(CALL_getsockopt, 0, err)) {
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
