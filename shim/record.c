#include "record.h"

#include "cause.h"
#include "config.h"
#include "kernel.h"

#include <string.h>

/* Room for the end of the line ("}\n behind a sentence, with its quote), and the
 * most that a value from outside may take. With all of them at their longest
 * more than a hundred bytes are left for the sentence. */
enum { RESERVE = 3, ADDRESS_MAX = 120, PROG_MAX = 48, EXE_MAX = 250, SETTINGS_MAX = 400 };

struct moment this_moment(void)
{
    struct moment m = {.who = process_identify()};
    clock_gettime(CLOCK_REALTIME, &m.now); /* the vDSO's, no system call */
    return m;
}

static bool json(const struct text *t)
{
    return t->quoting == QUOTE_JSON;
}

/* Every key but the first, which is written by begin(). */
static void key(struct text *t, const char *name)
{
    text_add(t, json(t) ? ",\"" : " ");
    text_add(t, name);
    text_add(t, json(t) ? "\":" : "=");
}

/* A word of our own: it never needs quotes in logfmt. */
static void word(struct text *t, const char *name, const char *value)
{
    key(t, name);
    text_add(t, json(t) ? "\"" : "");
    text_add(t, value);
    text_add(t, json(t) ? "\"" : "");
}

static void number(struct text *t, const char *name, uint64_t value)
{
    key(t, name);
    text_unsigned(t, value);
}

static void signed_number(struct text *t, const char *name, int64_t value)
{
    key(t, name);
    text_signed(t, value);
}

/* Bytes from outside: no more than `most` of the line. */
static void value(struct text *t, const char *name, const char *bytes, size_t len, size_t most)
{
    key(t, name);
    char *end = t->end;
    if ((size_t)(end - t->at) > most) {
        t->end = t->at + most;
    }
    text_value(t, bytes, len);
    t->end = end;
    t->full = false;
}

/* The civil date of a day count since 1970-01-01, proleptic Gregorian: the
 * calendar in years that begin in March, so that the leap day is the last. */
static void date(struct text *t, int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    unsigned day_of_era = (unsigned)(z - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    unsigned year = (unsigned)(era * 400) + year_of_era + (month <= 2);
    text_padded(t, year, 4);
    text_add(t, "-");
    text_padded(t, month, 2);
    text_add(t, "-");
    text_padded(t, day, 2);
}

/* RFC 3339 in UTC; by hand, since gmtime takes the time zone's lock. */
static void timestamp(struct text *t, const struct timespec *now)
{
    uint64_t seconds = now->tv_sec > 0 ? (uint64_t)now->tv_sec : 0;
    unsigned in_day = (unsigned)(seconds % 86400);
    date(t, (int64_t)(seconds / 86400));
    text_add(t, "T");
    text_padded(t, in_day / 3600, 2);
    text_add(t, ":");
    text_padded(t, in_day / 60 % 60, 2);
    text_add(t, ":");
    text_padded(t, in_day % 60, 2);
    text_add(t, ".");
    text_padded(t, (unsigned)(now->tv_nsec / 1000), 6);
    text_add(t, "Z");
}

static struct text begin(char *line, const struct moment *m, enum level level, const char *event)
{
    struct text t = text_in(line, RECORD_SIZE - RESERVE, config.json ? QUOTE_JSON : QUOTE_LOGFMT);
    text_add(&t, json(&t) ? "{\"ts\":\"" : "ts=");
    timestamp(&t, &m->now);
    text_add(&t, json(&t) ? "\"" : "");
    word(&t, "level", level_name(level));
    word(&t, "event", event);
    if (m->who.pid > 0) {
        number(&t, "pid", (uint64_t)m->who.pid);
    }
    if (m->who.tid > 0) {
        number(&t, "tid", (uint64_t)m->who.tid);
    }
    value(&t, "prog", config.prog, strlen(config.prog), PROG_MAX);
    return t;
}

static size_t end(struct text *t, const char *line)
{
    t->end += RESERVE;
    t->full = false;
    text_add(t, json(t) ? "}\n" : "\n");
    return (size_t)(t->at - line);
}

/* The sentence comes last: it is what gives way if the line is full. */
static void open_sentence(struct text *t)
{
    key(t, "why");
    text_add(t, "\"");
}

static size_t end_with_sentence(struct text *t, const char *line)
{
    t->end++; /* of RESERVE */
    t->full = false;
    text_add(t, "\"");
    t->end--;
    return end(t, line);
}

static void flags(struct text *t, int bits)
{
    const char *name;
    bool first = true;
    if (bits == 0) {
        return;
    }
    key(t, "flags");
    text_add(t, json(t) ? "\"" : "");
    while ((name = next_msg_flag(&bits))) {
        text_add(t, first ? "" : "|");
        text_add(t, name);
        first = false;
    }
    if (bits) {
        text_add(t, first ? "0x" : "|0x");
        text_hex(t, (unsigned)bits);
    }
    text_add(t, json(t) ? "\"" : "");
}

static const char *inet_type(const struct facts *f)
{
    if (f->type == SOCK_RAW) {
        return "raw";
    }
    switch (f->protocol) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_MPTCP:
        return "mptcp";
    case IPPROTO_UDP:
        return "udp";
    default:
        return NULL;
    }
}

static const char *type_name(const struct facts *f)
{
    switch (f->domain) {
    case AF_INET:
    case AF_INET6:
        return inet_type(f);
    case AF_UNIX:
        return f->type == SOCK_STREAM      ? "unix-stream"
               : f->type == SOCK_DGRAM     ? "unix-dgram"
               : f->type == SOCK_SEQPACKET ? "unix-seqpacket"
                                           : NULL;
    case AF_NETLINK:
        return "netlink";
    case AF_VSOCK:
        return "vsock";
    default:
        return NULL;
    }
}

static void type(struct text *t, const struct facts *f)
{
    const char *name = type_name(f);
    if (name) {
        word(t, "type", name);
    } else if (f->domain >= 0 && f->type >= 0) {
        key(t, "type");
        text_add(t, json(t) ? "\"" : "");
        text_unsigned(t, (unsigned)f->domain);
        text_add(t, "/");
        text_unsigned(t, (unsigned)f->type);
        text_add(t, json(t) ? "\"" : "");
    }
}

/* At most ADDRESS_MAX bytes of the line: a path of control bytes is cut. */
static void address(struct text *t, const char *name, const struct address *a)
{
    if (!address_is_named(a)) {
        return;
    }
    bool quoted = json(t) || !address_is_plain(a);
    key(t, name);
    text_add(t, quoted ? "\"" : "");
    char *end = t->end;
    if ((size_t)(end - t->at) > ADDRESS_MAX) {
        t->end = t->at + ADDRESS_MAX;
    }
    address_text(t, a);
    t->end = end;
    t->full = false;
    text_add(t, quoted ? "\"" : "");
}

static void result(struct text *t, const struct facts *f)
{
    word(t, "call", call_name(f->call));
    if (f->fd >= 0 || (f->call != CALL_socket && f->call != CALL_socketpair)) {
        signed_number(t, "fd", f->fd);
    }
    signed_number(t, "ret", f->ret);
    number(t, "errno", (unsigned)f->err);
    const char *name = errno_name(f->err);
    if (name) {
        word(t, "error", name);
    }
    if (f->has_len && f->call != CALL_recvmmsg && f->call != CALL_sendmmsg) {
        number(t, "len", f->len);
    }
    flags(t, f->flags);
}

static void socket_facts(struct text *t, const struct facts *f)
{
    type(t, f);
    address(t, "local", &f->local);
    address(t, "peer", &f->peer);
    if (f->peer_pid > 0) {
        number(t, "peer_pid", (unsigned)f->peer_pid);
    }
    if (!f->was_connected) {
        return;
    }
    const char *state = tcp_state_name(f->state);
    if (state) {
        word(t, "state", state);
    }
    if (f->has_payload) {
        number(t, "rx", f->rx);
        number(t, "tx", f->tx);
        number(t, "unacked", f->unacked);
        number(t, "unsent", f->unsent);
    }
    number(t, "idle_ms", f->idle_ms);
    number(t, "rtt_us", f->rtt_us);
    number(t, "retrans", f->retrans);
}

size_t record_return(char *line, const struct moment *m, const struct facts *f, enum cause cause)
{
    struct text t = begin(line, m, cause_level(f, cause), "return");
    result(&t, f);
    bool lean = f->is_lean == YES && (cause == CAUSE_WOULD_BLOCK || cause == CAUSE_INTERRUPTED);
    if (!lean) {
        socket_facts(&t, f);
    }
    word(&t, "cause", cause_name(cause));
    open_sentence(&t);
    cause_sentence(&t, f, cause);
    return end_with_sentence(&t, line);
}

size_t record_refused(char *line, const struct moment *m, enum call call, int fd, const char *why)
{
    struct text t = begin(line, m, LEVEL_INFO, "refused");
    word(&t, "call", call_name(call));
    if (fd >= 0) {
        signed_number(&t, "fd", fd);
    }
    open_sentence(&t);
    text_add(&t, why);
    return end_with_sentence(&t, line);
}

size_t record_start(char *line, const struct moment *m)
{
    struct text t = begin(line, m, LEVEL_INFO, "start");
    word(&t, "version", SOCKSHIM_VERSION);
    value(&t, "exe", config.exe, strlen(config.exe), EXE_MAX);
    value(&t, "settings", config.summary, strlen(config.summary), SETTINGS_MAX);
    return end(&t, line);
}

size_t record_lost(char *line, const struct moment *m, uint64_t count)
{
    struct text t = begin(line, m, LEVEL_ERROR, "lost");
    number(&t, "lost", count);
    open_sentence(&t);
    text_unsigned(&t, count);
    text_add(&t, count == 1 ? " record of this process could not be written before this line."
                            : " records of this process could not be written before this line.");
    return end_with_sentence(&t, line);
}

size_t record_rotated(char *line, const struct moment *m, const char *older)
{
    struct text t = begin(line, m, LEVEL_INFO, "rotated");
    open_sentence(&t);
    text_add(&t, "The log had reached its limit; older records are in ");
    text_bytes(&t, older, strlen(older));
    text_add(&t, ".");
    return end_with_sentence(&t, line);
}

size_t record_config(char *line, const struct moment *m, const char *why, size_t len)
{
    struct text t = begin(line, m, LEVEL_ERROR, "config");
    open_sentence(&t);
    text_bytes(&t, why, len);
    return end_with_sentence(&t, line);
}
