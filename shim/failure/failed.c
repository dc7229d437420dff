#include "failure/failed.h"

#include "base/ask.h"
#include "base/hint.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "force/sigpipe.h"
#include "log/log.h"
#include "log/recorder.h"
#include "observe/observe.h"
#include "observe/quiet.h"
#include "start/start.h"
#include "tell/cause.h"
#include "tell/record.h"
#include "tell/wanted.h"

#include <errno.h>
#include <sys/prctl.h>

static __attribute__((noinline)) void compose_head(struct text *t, char *line,
                                                   const struct facts *f, enum cause cause)
{
    struct moment m = this_moment();
    char thread[16] = ""; /* TASK_COMM_LEN */
    /* Nobody but the main thread has the process's number. */
    if (f->is_lean != YES && m.who.tid > 0 && m.who.tid != m.who.pid) {
        raw(SYS_prctl, PR_GET_NAME, thread);
    }
    record_return_head(t, line, &m, f, cause, thread);
}

static size_t compose_return(char *line, const void *what)
{
    const struct facts *f = what;
    enum cause cause = (enum cause)f->cause;
    struct text t;
    compose_head(&t, line, f, cause);
    return record_return_sentence(&t, line, f, cause);
}

static bool settings_want_cause(const struct facts *f, enum cause cause)
{
    return !settings_skips_cause(cause) && cause_level(f, cause) >= settings.level;
}

/* Where the recorder wants all, the log's wishes have not been asked for yet. */
static bool log_wants(const struct facts *f, enum cause cause)
{
    return settings_want_cause(f, cause) &&
           (!settings.recording || is_wanted_in_log(f->call, f->ret, f->err));
}

/* Neither urgent data nor a look ahead, which say nothing of the data before. Where something is
 * counted when it is closed, there is a question left. */
static bool is_read_to_end(const struct facts *f, enum cause cause)
{
    return cause == CAUSE_peer_closed && f->was_connected && f->receives && !f->spares &&
           !(f->flags & (MSG_OOB | MSG_PEEK));
}

static __attribute__((noinline)) bool log_wants_after_recorder(struct facts *f)
{
    enum cause cause = cause_of(f);
    f->cause = (uint8_t)cause;
    if (is_read_to_end(f, cause)) {
        hint_end(f->fd);
    }
    if (recorder_is_on()) {
        recorder_return(f, cause);
    }
    return log_wants(f, cause);
}

/* Who composes and writes the line is the last thing that this calls, which leaves no
 * frame of its own below. */
void tell_facts(struct facts *f)
{
    if (log_wants_after_recorder(f)) {
        sockshim_needs_log();
        log_tell(compose_return, f);
    }
}

/* A socket that would have to wait for data, for the recorder alone: the call says all. */
static bool needs_no_question(enum call call, long ret, int err)
{
    enum direction direction = call_traits[call].direction;
    return settings.recording && err == EAGAIN && (direction == RECEIVES || direction == ACCEPTS) &&
           call_traits[call].descriptor == A_SOCKET && !process_sets_timeouts() &&
           !is_wanted_in_log(call, ret, err);
}

static __attribute__((noinline)) bool look(struct facts *f, enum call call, long ret, int err,
                                           const struct attempt *attempt, bool is_end)
{
    bool is_socket = true;
    if (needs_no_question(call, ret, err)) {
        observe_call(f, call, ret, err, attempt);
    } else {
        is_socket = observe(f, call, ret, err, attempt);
    }
    f->ended_by_sigpipe |= is_end;
    return is_socket;
}

static __attribute__((noinline)) void tell_found(struct facts *f)
{
    if (is_inet_family(f->domain) && !process_has_socket()) { /* inherited */
        sockshim_needs_log();
        sockshim_first_socket(false, -1);
    }
    tell_facts(f);
}

/* The facts are on the stack while the line is composed and written: nothing else that can
 * be spared is in this frame. */
static __attribute__((noinline)) long report(enum call call, long ret, int err,
                                             const struct attempt *attempt, bool is_end)
{
    struct facts f;
    if (look(&f, call, ret, err, attempt, is_end)) {
        int kept = errno; /* looking has not changed it */
        tell_found(&f);
        errno = kept;
    }
    return f.ret;
}

/* Nothing but a question whether there is a connection; unless it is about a listening socket that
 * the program has got as its standard input or output, where inetd's programs have their
 * connection. Of its own listener Python asks it, too, in repr(). */
static bool finds_no_peer(enum call call, int err, const struct attempt *a)
{
    if (call != CALL_getpeername || err != ENOTCONN) {
        return false;
    }
    return a->fd > 2 || process_is_caged() || ask_int(a->fd, SOL_SOCKET, SO_ACCEPTCONN) <= 0;
}

/* Nor is anything behind a pointer to be looked at: the recorder keeps the call as it was. */
static bool is_told_by_recorder(enum call call, long ret, int err)
{
    return recorder_is_on() && call_traits[call].arguments != MESSAGE &&
           needs_no_question(call, ret, err);
}

static __attribute__((noinline)) long look_closer(enum call call, long ret, int err,
                                                  const struct attempt *attempt)
{
    if (is_told_by_recorder(call, ret, err)) {
        recorder_blocked(call, attempt);
        return ret;
    }
    bool wanted = sockshim_set_up() && is_wanted(call, ret, err) &&
                  !is_quiet(call, ret, err, attempt) && !finds_no_peer(call, err, attempt);
    return wanted ? report(call, ret, err, attempt, false) : ret;
}

static inline unsigned errno_of(long ret)
{
    return ret < 0 ? (unsigned)errno : 0;
}

static inline long log_failed(enum call call, long ret, unsigned err, const struct attempt *attempt)
{
    return is_unwanted(call, err) ? ret : look_closer(call, ret, (int)err, attempt);
}

/* Of include/uapi/linux/fs.h: no signal for this write. */
enum { RWF_QUIET = 0x100 };

static bool raises_sigpipe(enum call call, const struct attempt *attempt)
{
    bool is_send = call_traits[call].descriptor == A_SOCKET && attempt->flags & MSG_NOSIGNAL;
    bool is_quiet = is_send || (call == CALL_pwritev2 && attempt->flags & RWF_QUIET);
    return call_traits[call].direction != RECEIVES && !is_quiet;
}

/* On aarch64 the handler is not told what was written to. */
static __attribute__((noinline)) long failed_by_epipe(enum call call, long ret,
                                                      const struct attempt *attempt)
{
    bool raises = raises_sigpipe(call, attempt);
#ifdef __aarch64__
    log_failed(call, ret, EPIPE, attempt);
    if (raises && !sigpipe_mark_blocked(attempt->fd)) {
        sigpipe_after_write(attempt->fd);
    }
#else
    if (raises) {
        sigpipe_mark_blocked(attempt->fd);
    }
    log_failed(call, ret, EPIPE, attempt);
#endif
    return ret;
}

__attribute__((noinline)) long failed(enum call call, long ret, const struct attempt *attempt)
{
    unsigned err = errno_of(ret);
    return err == EPIPE ? failed_by_epipe(call, ret, attempt) : log_failed(call, ret, err, attempt);
}

void failed_for_good(enum call call, const struct attempt *attempt)
{
    if (!is_unwanted(call, EPIPE) && is_wanted(call, -1, EPIPE)) {
        report(call, -1, EPIPE, attempt, true);
    }
}

__attribute__((noinline)) void failed_late(int err, const struct attempt *attempt)
{
    if (sockshim_set_up() && is_wanted(CALL_getsockopt, 0, err)) {
        report(CALL_getsockopt, 0, err, attempt, false);
    }
}

struct refusal {
    enum call call;
    int fd;
    const char *why;
};

static size_t compose_refused(char *line, const void *what)
{
    const struct refusal *r = what;
    struct moment m = this_moment();
    return record_refused(line, &m, r->call, r->fd, r->why);
}

__attribute__((noinline)) void refused(enum call call, int fd, const char *why)
{
    struct refusal refusal = {call, fd, why};
    int kept = errno;
    bool in_log = settings.logging && settings.level <= LEVEL_INFO && !settings_skips_call(call);
    if (!in_log && !settings.recording) {
        return;
    }
    if (in_log) {
        sockshim_needs_log();
    }
    /* A vfork child is about to become another program. */
    if (!process_identify().is_vfork_child && process_first_time(ONCE_REFUSED + (unsigned)call)) {
        recorder_refused(call, fd, why);
        if (in_log) {
            log_tell(compose_refused, &refusal);
        }
    }
    errno = kept;
}
