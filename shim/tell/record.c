#include "tell/record.h"

#include "base/calendar.h"
#include "base/kernel.h"
#include "base/settings.h"
#include "tell/cause.h"
#include "tell/keys.h"
#include "tell/record_socket.h"
#include "tell/why_handled.h"

#include <string.h>

/* Bytes that are kept free for the end of the line (`"}` and the newline), and the
 * most that a value from outside may take. With all of them at their longest
 * more than a hundred bytes are left for the sentence. */
enum {
    RESERVE = 3,
    PROG_MAX = 48,
    OBJECT_MAX = 44,
    THREAD_MAX = 34,
    EXE_MAX = 200,
    HOST_MAX = 70,
    CGROUP_MAX = 170,
    WORDS_MAX = 24,
    SETTINGS_MAX = 340
};

struct moment this_moment(void)
{
    return (struct moment){.now = clock_now(), .who = process_identify()};
}

void record_begin(struct text *t, char *line, const struct moment *m, enum level level,
                  const char *event)
{
    *t = text_in(line, RECORD_SIZE - RESERVE, settings.json ? QUOTE_JSON : QUOTE_LOGFMT);
    text_add(t, is_json(t) ? "{\"ts\":\"" : "ts=");
    text_time(t, &m->now);
    put_json_quote(t);
    PUT_WORD(t, "level", level_name(level));
    PUT_WORD(t, "event", event);
    if (m->who.pid > 0) {
        PUT_NUMBER(t, "pid", (uint64_t)m->who.pid);
    }
    if (m->who.tid > 0) {
        PUT_NUMBER(t, "tid", (uint64_t)m->who.tid);
    }
    PUT_VALUE(t, "prog", settings.prog, strlen(settings.prog), PROG_MAX);
}

static size_t end(struct text *t, const char *line)
{
    t->end += RESERVE;
    t->full = false;
    text_add(t, is_json(t) ? "}\n" : "\n");
    return (size_t)(t->at - line);
}

/* The sentence comes last: if the line is full, it is the sentence that is cut. */
static void begin_sentence(struct text *t)
{
    PUT_KEY(t, "why");
    text_char(t, '"');
}

static size_t end_with_sentence(struct text *t, const char *line)
{
    t->end++; /* the closing quote's byte of RESERVE */
    t->full = false;
    text_char(t, '"');
    t->end--;
    return end(t, line);
}

static void put_flags(struct text *t, int bits)
{
    const char *name;
    bool first = true;
    if (bits == 0) {
        return;
    }
    PUT_KEY(t, "flags");
    put_json_quote(t);
    while ((name = next_msg_flag(&bits))) {
        text_add(t, first ? "" : "|");
        text_add(t, name);
        first = false;
    }
    if (bits) {
        text_add(t, first ? "0x" : "|0x");
        text_hex(t, (unsigned)bits);
    }
    put_json_quote(t);
}

/* What was asked of name resolution, and for how long. */
static void put_question(struct text *t, const struct facts *f)
{
    if (f->name.len > 0) {
        PUT_VALUE(t, "name", (const char *)address_at(&f->name), f->name.len, ADDRESS_MAX);
    }
    PUT_NUMBER(t, "waited_ms", f->waited_ms);
}

/* What ran out, or into what: a time, or the number of descriptors. */
static void put_limit(struct text *t, const struct facts *f, enum cause cause)
{
    if (call_resolves((enum call)f->call)) {
        put_question(t, f);
    } else if (cause == CAUSE_timeout) {
        PUT_NUMBER(t, "waited_ms", f->timeout_us / 1000);
    } else if (cause == CAUSE_gave_up_connecting && f->waited_ms > 0) {
        PUT_NUMBER(t, "waited_ms", f->waited_ms);
    } else if (f->descriptor_limit > 0) {
        PUT_NUMBER(t, "limit", f->descriptor_limit);
    }
}

/* Of those that return a pointer, -1 where there was none: h_errno has a word. */
static int returned(const struct facts *f)
{
    return call_sets_h_errno((enum call)f->call) && f->ret != 0 ? -1 : f->ret;
}

/* Nor is put_socket() inlined: the sentence goes deepest, and needs their frames' room. */
static __attribute__((noinline)) void put_result(struct text *t, const struct facts *f,
                                                 enum cause cause)
{
    PUT_WORD(t, "call", call_name(f->call));
    if (f->fd >= 0 || call_traits[f->call].descriptor != NO_SOCKET) {
        PUT_SIGNED(t, "fd", f->fd);
    }
    PUT_SIGNED(t, "ret", returned(f));
    PUT_NUMBER(t, "errno", (unsigned)f->err);
    bool resolves = call_resolves((enum call)f->call);
    const char *name = resolves ? resolver_error_name(f->call, f->ret) : errno_name(f->err);
    if (name) {
        PUT_WORD(t, "error", name);
    }
    put_limit(t, f, cause);
    if (f->has_len && !counts_messages(f->call)) {
        PUT_NUMBER(t, "len", f->len);
    }
    put_flags(t, f->flags);
}

static __attribute__((noinline)) void put_site(struct text *t, const struct facts *f)
{
    if (!f->object) {
        return;
    }
    PUT_KEY(t, "at");
    size_t len = strlen(f->object);
    bool bare = text_is_bare(t, f->object, len);
    text_add(t, bare ? "" : "\"");
    if (bare && len <= OBJECT_MAX) {
        text_put(t, f->object, len);
    } else {
        char *end = limit_to(t, OBJECT_MAX);
        text_bytes(t, f->object, len);
        give_back(t, end);
    }
    text_add(t, "+0x");
    text_hex(t, f->offset);
    text_add(t, bare ? "" : "\"");
}

/* The kernel has kept 15 bytes of either name (TASK_COMM_LEN). */
static __attribute__((noinline)) void put_thread(struct text *t, const char *thread)
{
    size_t len = strnlen(thread, 15);
    if (len > 0 && (memcmp(thread, settings.prog, len) != 0 || strnlen(settings.prog, 15) != len)) {
        PUT_VALUE(t, "thread", thread, len, THREAD_MAX);
    }
}

void record_return_head(struct text *t, char *line, const struct moment *m, const struct facts *f,
                        enum cause cause, const char *thread)
{
    record_begin(t, line, m, cause_level(f, cause), "return");
    put_result(t, f, cause);
    bool was_asked = f->is_lean != YES;
    if (was_asked || (cause != CAUSE_would_block && cause != CAUSE_interrupted)) {
        put_socket(t, f);
        put_site(t, f);
        put_thread(t, thread);
    }
    PUT_WORD(t, "cause", cause_name(cause));
    begin_sentence(t);
}

size_t record_return_sentence(struct text *t, const char *line, const struct facts *f,
                              enum cause cause)
{
    cause_sentence(t, f, cause);
    return end_with_sentence(t, line);
}

static __attribute__((noinline)) void put_words(struct text *t, bool would, const struct change *c)
{
    char words[WORDS_MAX];
    struct text plain = text_in(words, sizeof words, QUOTE_PLAIN);
    if (would) {
        PUT_KEY(t, "would");
        handled_would(&plain, c);
    } else {
        PUT_KEY(t, "given");
        handled_given(&plain, c);
    }
    put_value(t, words, (size_t)(plain.at - words), WORDS_MAX);
}

enum level record_handled_level(const struct facts *f, enum cause cause)
{
    return cause != CAUSE_COUNT ? cause_level(f, cause) : LEVEL_INFO;
}

size_t record_handled_change(struct text *t, const char *line, const struct facts *f,
                             enum cause cause, const struct change *c)
{
    PUT_WORD(t, "call", call_name(f->call));
    if (f->fd >= 0) {
        PUT_SIGNED(t, "fd", f->fd);
    }
    PUT_WORD(t, "setting", setting_rows[c->setting].variable);
    put_words(t, true, c);
    put_words(t, false, c);
    if (c->err && c->waited_ms > 0) {
        PUT_NUMBER(t, "waited_ms", c->waited_ms);
    }
    put_socket(t, f);
    if (cause != CAUSE_COUNT) {
        PUT_WORD(t, "cause", cause_name(cause));
    }
    begin_sentence(t);
    handled_sentence(t, c);
    return end_with_sentence(t, line);
}

size_t record_refused(char *line, const struct moment *m, enum call call, int fd, const char *why)
{
    struct text t;
    record_begin(&t, line, m, LEVEL_INFO, "refused");
    PUT_WORD(&t, "call", call_name(call));
    if (fd >= 0) {
        PUT_SIGNED(&t, "fd", fd);
    }
    begin_sentence(&t);
    text_add(&t, why);
    return end_with_sentence(&t, line);
}

/* What the result of a call that succeeded counts. */
static const char *unit_of(enum call call)
{
    if (counts_messages(call)) {
        return " message";
    }
    enum direction direction = call_traits[call].direction;
    return direction == RECEIVES || direction == SENDS || direction == EITHER_WAY ? " byte" : NULL;
}

size_t record_call(char *line, const struct moment *m, const struct success *s)
{
    struct text t;
    record_begin(&t, line, m, LEVEL_DEBUG, "call");
    const char *unit = unit_of(s->call);
    PUT_WORD(&t, "call", call_name(s->call));
    if (s->fd >= 0) {
        PUT_SIGNED(&t, "fd", s->fd);
    }
    PUT_SIGNED(&t, "ret", s->ret);
    if (address_is_named(s->peer)) {
        PUT_KEY(&t, "peer");
        put_address(&t, s->peer);
    }
    PUT_NUMBER(&t, "duration_us", s->duration_ns / 1000);
    begin_sentence(&t);
    text_add(&t, "It succeeded");
    if (unit) {
        text_add(&t, " with ");
        text_signed(&t, s->ret);
        text_add(&t, unit);
        text_add(&t, s->ret == 1 ? "" : "s");
    }
    text_add(&t, " after ");
    text_unsigned(&t, s->duration_ns / 1000);
    text_add(&t, " us.");
    return end_with_sentence(&t, line);
}

size_t record_start(char *line, const struct moment *m, const char *host, const char *cgroup)
{
    struct text t;
    record_begin(&t, line, m, LEVEL_INFO, "start");
    PUT_WORD(&t, "version", SOCKSHIM_VERSION);
    if (*settings.exe) {
        PUT_VALUE(&t, "exe", settings.exe, strlen(settings.exe), EXE_MAX);
    }
    if (*host) {
        PUT_VALUE(&t, "host", host, strlen(host), HOST_MAX);
    }
    if (*cgroup) {
        PUT_VALUE(&t, "cgroup", cgroup, strlen(cgroup), CGROUP_MAX);
    }
    PUT_VALUE(&t, "settings", settings.summary, strlen(settings.summary), SETTINGS_MAX);
    return end(&t, line);
}

size_t record_lost(char *line, const struct moment *m, uint64_t count)
{
    struct text t;
    record_begin(&t, line, m, LEVEL_ERROR, "lost");
    PUT_NUMBER(&t, "lost", count);
    begin_sentence(&t);
    text_unsigned(&t, count);
    text_add(&t, count == 1 ? " record of this process could not be written before this line."
                            : " records of this process could not be written before this line.");
    return end_with_sentence(&t, line);
}

size_t record_rotated(char *line, const struct moment *m, const char *older)
{
    struct text t;
    record_begin(&t, line, m, LEVEL_INFO, "rotated");
    begin_sentence(&t);
    text_add(&t, "The log reached its limit; older records are in ");
    text_bytes(&t, older, strlen(older));
    text_char(&t, '.');
    return end_with_sentence(&t, line);
}

size_t record_config(char *line, const struct moment *m, enum level level, const char *why,
                     size_t len)
{
    struct text t;
    record_begin(&t, line, m, level, "config");
    begin_sentence(&t);
    text_bytes(&t, why, len);
    return end_with_sentence(&t, line);
}

size_t record_unrotated(char *line, const struct moment *m, int err)
{
    struct text t;
    const char *name = errno_name(err);
    record_begin(&t, line, m, LEVEL_ERROR, "config");
    begin_sentence(&t);
    text_add(&t, "SOCKSHIM_LOG_LIMIT: this process may not rename the log (");
    text_add(&t, name ? name : "?");
    text_add(&t, "), because of who owns it or its directory, or of a sandbox such as Landlock; "
                 "unless another process rotates it, it grows beyond its limit. Use "
                 "SOCKSHIM_LOG_LIMIT=0 and a program that copies and truncates it.");
    return end_with_sentence(&t, line);
}
