#include "failure/closing.h"

#include "base/hint.h"
#include "base/next.h"
#include "base/process.h"
#include "base/settings.h"
#include "base/tally.h"
#include "failure/failed.h"
#include "observe/holder.h"
#include "observe/observe.h"
#include "observe/quiet.h"
#include "tell/cause.h"

#include <errno.h>
#include <sys/syscall.h>

/* The descriptor, and one, that this thread is closing and will tell about: another preload's
 * close() may come by again, through syscall(). */
static __thread int under_way __attribute__((tls_model("initial-exec")));

int close_plainly(int fd, bool by_number)
{
    return by_number ? (int)next.by_number(SYS_close, fd, 0, 0) : next.close(fd);
}

/* Found now, it will be found afterwards, if it is still there: the kernel answers, and
 * for this network namespace. */
static bool can_be_found(struct connection *c, struct facts *f)
{
    if (!connection_of(c, f)) {
        return false;
    }
    struct holder now = connection_holder(c);
    bool is_known = now.waits_for_timer && now.timer_ms <= f->waited_ms;
    f->waited_ms = is_known ? f->waited_ms - now.timer_ms : 0;
    return now.is_held == YES;
}

static __attribute__((noinline)) bool is_worth_a_look(struct facts *f, enum call call, int fd,
                                                      const void *site)
{
    struct attempt attempt = {.fd = fd, .site = site};
    observe(f, call, 0, 0, &attempt);
    return cause_of(f) != CAUSE_other || f->spares;
}

static unsigned spared_by_nodelay(const struct facts *f)
{
    return f->spares ? exchanges_spared(f->fd) : 0;
}

/* Whether a record is due; apart, for when it is written the stack has no room for which
 * connection it was. */
static __attribute__((noinline)) bool close_and_look(struct facts *f, int fd, bool by_number,
                                                     int *result)
{
    struct connection connection;
    bool tells = can_be_found(&connection, f);
    unsigned spared = spared_by_nodelay(f);
    under_way = fd + 1;
    *result = close_plainly(fd, by_number);
    under_way = 0;
    int kept = errno;
    struct holder after = connection_holder(&connection);
    bool is_over = *result == 0 && tells && after.is_held == NO;
    /* The peer's FIN may have come between the question and the close, which then resets nothing.
     */
    enum cause cause = cause_of(f);
    bool resets = !after.is_there || cause != CAUSE_reset_by_own_close;
    tally_spared(is_over ? spared : 0);
    errno = kept;
    return is_over && resets && cause != CAUSE_other;
}

static __attribute__((noinline)) int close_and_tell(int fd, const void *site, bool by_number)
{
    struct facts f;
    int result;
    if (!is_worth_a_look(&f, CALL_close, fd, site)) {
        return close_plainly(fd, by_number);
    }
    if (close_and_look(&f, fd, by_number, &result)) {
        int kept = errno;
        tell_facts(&f);
        errno = kept;
    }
    return result;
}

int close_connection(int fd, const void *site, bool by_number)
{
    if (by_number && under_way == fd + 1) {
        return close_plainly(fd, by_number);
    }
    bool has_ended = hint_has_ended(fd) && !process_sets_linger();
    hint_end_is_over(fd);
    if (has_ended || !settings.closes || process_is_caged() || closes_quietly(fd)) {
        return close_plainly(fd, by_number);
    }
    return close_and_tell(fd, site, by_number);
}

static __attribute__((noinline)) bool is_found(struct facts *f)
{
    struct connection connection;
    return can_be_found(&connection, f);
}

/* The kernel closes it after this. */
static __attribute__((noinline)) void tell_end(int fd)
{
    struct facts f;
    if (closes_quietly(fd) || !is_worth_a_look(&f, CALL_exit, fd, NULL) || !is_found(&f)) {
        return;
    }
    tally_spared(spared_by_nodelay(&f));
    if (cause_of(&f) != CAUSE_other) {
        tell_facts(&f);
    }
}

static bool tells_ends(void)
{
    return settings.closes && !settings_skips_call(CALL_exit) && process_has_socket() &&
           !process_is_caged() && process_is_alone();
}

void end_connections(void)
{
    enum { MOST = 256 };
    if (!tells_ends()) {
        return;
    }
    for (int fd = 0, looks = 0; fd < hints_end() && looks < MOST; fd++) {
        if (hint_is_set(fd) && (!hint_has_ended(fd) || process_sets_linger())) {
            looks++;
            tell_end(fd);
        }
    }
}
