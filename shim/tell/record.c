#include "tell/record.h"

#include "base/kernel.h"
#include "base/settings.h"
#include "tell/cause.h"

#include <string.h>

/* Room for the end of the line ("}\n behind a sentence, with its quote), and the
 * most that a value from outside may take. With all of them at their longest
 * more than a hundred bytes are left for the sentence. */
enum { RESERVE = 3, ADDRESS_MAX = 120, PROG_MAX = 48, EXE_MAX = 250, SETTINGS_MAX = 400 };

struct moment this_moment(void)
{
    return (struct moment){.now = clock_now(), .who = process_identify()};
}

static bool json(const struct text *t)
{
    return t->quoting == QUOTE_JSON;
}

/* Every key but the first, which is written by begin(). A literal in one piece:
 * a record has two dozen of them. */
#define KEY(t, name) (json(t) ? text_add(t, ",\"" name "\":") : text_add(t, " " name "="))
#define WORD(t, name, value) (KEY(t, name), word(t, value))
#define NUMBER(t, name, value) (KEY(t, name), text_unsigned(t, value))
#define SIGNED_NUMBER(t, name, value) (KEY(t, name), text_signed(t, value))
#define VALUE(t, name, bytes, len, most) (KEY(t, name), value(t, bytes, len, most))

/* A quote where JSON has one around a value of ours. */
static void json_quote(struct text *t)
{
    if (json(t)) {
        text_char(t, '"');
    }
}

/* A word of our own: it never needs quotes in logfmt. */
static void word(struct text *t, const char *value)
{
    json_quote(t);
    text_add(t, value);
    json_quote(t);
}

/* Bytes from outside: no more than `most` of the line. */
static void value(struct text *t, const char *bytes, size_t len, size_t most)
{
    char *end = t->end;
    if ((size_t)(end - t->at) > most) {
        t->end = t->at + most;
    }
    text_value(t, bytes, len);
    t->end = end;
    t->full = false;
}

static void two_digits(char *at, unsigned number)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
}

/* YYYY-MM-DD, the civil date of a day count since 1970-01-01, proleptic
 * Gregorian: the calendar in years that begin in March, so that the leap day is
 * the last. */
static void date(char *at, unsigned days)
{
    unsigned z = days + 719468;
    unsigned era = z / 146097;
    unsigned day_of_era = z % 146097;
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    unsigned year = era * 400 + year_of_era + (month <= 2);
    two_digits(at, year / 100);
    two_digits(at + 2, year % 100);
    two_digits(at + 5, month);
    two_digits(at + 8, day);
}

/* RFC 3339 in UTC; by hand, since gmtime takes the time zone's lock. */
static __attribute__((noinline)) void timestamp(struct text *t, const struct clock_time *now)
{
    char at[] = "YYYY-MM-DDThh:mm:ss.uuuuuuZ";
    uint64_t seconds = now->tv_sec > 0 ? (uint64_t)now->tv_sec : 0;
    unsigned in_day = (unsigned)(seconds % 86400);
    unsigned microseconds = (unsigned)now->tv_nsec / 1000;
    date(at, (unsigned)(seconds / 86400));
    two_digits(at + 11, in_day / 3600);
    two_digits(at + 14, in_day / 60 % 60);
    two_digits(at + 17, in_day % 60);
    two_digits(at + 20, microseconds / 10000);
    two_digits(at + 22, microseconds / 100 % 100);
    two_digits(at + 24, microseconds % 100);
    text_put(t, at, sizeof at - 1);
}

static struct text begin(char *line, const struct moment *m, enum level level, const char *event)
{
    struct text t = text_in(line, RECORD_SIZE - RESERVE, settings.json ? QUOTE_JSON : QUOTE_LOGFMT);
    text_add(&t, json(&t) ? "{\"ts\":\"" : "ts=");
    timestamp(&t, &m->now);
    json_quote(&t);
    WORD(&t, "level", level_name(level));
    WORD(&t, "event", event);
    if (m->who.pid > 0) {
        NUMBER(&t, "pid", (uint64_t)m->who.pid);
    }
    if (m->who.tid > 0) {
        NUMBER(&t, "tid", (uint64_t)m->who.tid);
    }
    VALUE(&t, "prog", settings.prog, strlen(settings.prog), PROG_MAX);
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
    KEY(t, "why");
    text_char(t, '"');
}

static size_t end_with_sentence(struct text *t, const char *line)
{
    t->end++; /* of RESERVE */
    t->full = false;
    text_char(t, '"');
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
    KEY(t, "flags");
    json_quote(t);
    while ((name = next_msg_flag(&bits))) {
        text_add(t, first ? "" : "|");
        text_add(t, name);
        first = false;
    }
    if (bits) {
        text_add(t, first ? "0x" : "|0x");
        text_hex(t, (unsigned)bits);
    }
    json_quote(t);
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
        WORD(t, "type", name);
    } else if (f->domain >= 0 && f->type >= 0) {
        KEY(t, "type");
        json_quote(t);
        text_unsigned(t, (unsigned)f->domain);
        text_char(t, '/');
        text_unsigned(t, (unsigned)f->type);
        json_quote(t);
    }
}

/* At most ADDRESS_MAX bytes of the line: a path of control bytes is cut. */
static void address(struct text *t, const struct address *a)
{
    bool quoted = json(t) || !address_is_plain(a);
    if (quoted) {
        text_char(t, '"');
    }
    char *end = t->end;
    if ((size_t)(end - t->at) > ADDRESS_MAX) {
        t->end = t->at + ADDRESS_MAX;
    }
    address_text(t, a);
    t->end = end;
    t->full = false;
    if (quoted) {
        text_char(t, '"');
    }
}

static void result(struct text *t, const struct facts *f)
{
    WORD(t, "call", call_name(f->call));
    if (f->fd >= 0 || (f->call != CALL_socket && f->call != CALL_socketpair)) {
        SIGNED_NUMBER(t, "fd", f->fd);
    }
    SIGNED_NUMBER(t, "ret", f->ret);
    NUMBER(t, "errno", (unsigned)f->err);
    const char *name = errno_name(f->err);
    if (name) {
        WORD(t, "error", name);
    }
    if (f->has_len && f->call != CALL_recvmmsg && f->call != CALL_sendmmsg) {
        NUMBER(t, "len", f->len);
    }
    flags(t, f->flags);
}

static void socket_facts(struct text *t, const struct facts *f)
{
    type(t, f);
    if (address_is_named(&f->local)) {
        KEY(t, "local");
        address(t, &f->local);
    }
    if (address_is_named(&f->peer)) {
        KEY(t, "peer");
        address(t, &f->peer);
    }
    if (f->peer_pid > 0) {
        NUMBER(t, "peer_pid", (unsigned)f->peer_pid);
    }
    if (!f->was_connected) {
        return;
    }
    const char *state = tcp_state_name(f->state);
    if (state) {
        WORD(t, "state", state);
    }
    if (f->has_payload) {
        NUMBER(t, "rx", f->rx);
        NUMBER(t, "tx", f->tx);
        NUMBER(t, "unacked", f->unacked);
        NUMBER(t, "unsent", f->unsent);
    }
    NUMBER(t, "idle_ms", f->idle_ms);
    NUMBER(t, "rtt_us", f->rtt_us);
    NUMBER(t, "retrans", f->retrans);
}

size_t record_return(char *line, const struct moment *m, const struct facts *f, enum cause cause)
{
    struct text t = begin(line, m, cause_level(f, cause), "return");
    result(&t, f);
    bool lean = f->is_lean == YES && (cause == CAUSE_would_block || cause == CAUSE_interrupted);
    if (!lean) {
        socket_facts(&t, f);
    }
    WORD(&t, "cause", cause_name(cause));
    open_sentence(&t);
    cause_sentence(&t, f, cause);
    return end_with_sentence(&t, line);
}

size_t record_refused(char *line, const struct moment *m, enum call call, int fd, const char *why)
{
    struct text t = begin(line, m, LEVEL_INFO, "refused");
    WORD(&t, "call", call_name(call));
    if (fd >= 0) {
        SIGNED_NUMBER(&t, "fd", fd);
    }
    open_sentence(&t);
    text_add(&t, why);
    return end_with_sentence(&t, line);
}

size_t record_start(char *line, const struct moment *m)
{
    struct text t = begin(line, m, LEVEL_INFO, "start");
    WORD(&t, "version", SOCKSHIM_VERSION);
    if (*settings.exe) {
        VALUE(&t, "exe", settings.exe, strlen(settings.exe), EXE_MAX);
    }
    VALUE(&t, "settings", settings.summary, strlen(settings.summary), SETTINGS_MAX);
    return end(&t, line);
}

size_t record_lost(char *line, const struct moment *m, uint64_t count)
{
    struct text t = begin(line, m, LEVEL_ERROR, "lost");
    NUMBER(&t, "lost", count);
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
    text_char(&t, '.');
    return end_with_sentence(&t, line);
}

size_t record_config(char *line, const struct moment *m, const char *why, size_t len)
{
    struct text t = begin(line, m, LEVEL_ERROR, "config");
    open_sentence(&t);
    text_bytes(&t, why, len);
    return end_with_sentence(&t, line);
}
