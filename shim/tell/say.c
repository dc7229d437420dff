#include "tell/say.h"

#include "base/next.h"

/* 1 byte, 5 bytes. */
static void put_count(struct text *t, uint64_t n, const char *one, const char *many)
{
    text_unsigned(t, n);
    text_add(t, n == 1 ? one : many);
}

static void put_bytes(struct text *t, uint64_t n)
{
    put_count(t, n, " byte", " bytes");
}

/* 85 us, 300 ms, 60 s. */
static void put_duration(struct text *t, uint64_t microseconds)
{
    if (microseconds < 1000) {
        text_unsigned(t, microseconds);
        text_add(t, " us");
    } else if (microseconds < 10000000) {
        text_unsigned(t, microseconds / 1000);
        text_add(t, " ms");
    } else {
        text_unsigned(t, microseconds / 1000000);
        text_add(t, " s");
    }
}

static void put_pid(struct text *t, int pid)
{
    text_add(t, " (opened by pid ");
    text_unsigned(t, (uint64_t)pid);
    text_add(t, ")");
}

static void put_peer(struct text *t, const struct facts *f, const char *unnamed)
{
    if (address_is_named(&f->peer)) {
        address_text(t, &f->peer);
    } else {
        text_add(t, unnamed);
    }
    /* Who connected, listened or made the pair; another process may hold the
     * other end by now. */
    if (f->peer_pid > 0) {
        put_pid(t, f->peer_pid);
    }
}

static const struct address *named(const struct facts *f)
{
    return f->call == CALL_bind ? &f->local : &f->peer;
}

/* Name, and what it writes. The most frequent ones come first. */
#define FIGURES(X)                                                                                 \
    X(peer, put_peer(t, f, "the peer"))                                                            \
    X(Peer, put_peer(t, f, "The peer")) /* at the beginning of a sentence */                       \
    X(rx, put_bytes(t, f->rx))                                                                     \
    X(tx, put_bytes(t, f->tx))                                                                     \
    X(waiting, put_bytes(t, (uint64_t)f->unacked + f->unsent))                                     \
    X(unacked, put_bytes(t, f->unacked))                                                           \
    X(unsent, put_bytes(t, f->unsent))                                                             \
    X(idle, put_duration(t, (uint64_t)f->idle_ms * 1000))                                          \
    X(timeout, put_duration(t, f->timeout_us))                                                     \
    X(tries, put_count(t, f->tries, " retransmission", " retransmissions"))                        \
    X(user_timeout_ms, text_unsigned(t, f->user_timeout_ms))                                       \
    X(local, address_text(t, &f->local))                                                           \
    X(named, address_text(t, named(f))) /* by the call */                                          \
    X(port, text_unsigned(t, address_port(&f->local)))                                             \
    X(low_port, text_unsigned(t, f->port_low))                                                     \
    X(high_port, text_unsigned(t, f->port_high))                                                   \
    X(len, put_bytes(t, f->len))                                                                   \
    X(mtu, put_bytes(t, f->mtu))                                                                   \
    X(sndbuf, put_bytes(t, f->send_buffer))                                                        \
    X(descriptor_limit, text_unsigned(t, f->descriptor_limit))                                     \
    X(fd, text_signed(t, f->fd))                                                                   \
    X(errno, text_unsigned(t, (uint64_t)f->err))                                                   \
    X(strerror, text_add(t, errno_words(f->err)))

#define FIGURE_ENUM(name, writes) FIGURE_##name,
#define CLAUSE_ENUM(name) CLAUSE_##name,
enum part {
    FIGURES(FIGURE_ENUM) FIGURE_COUNT,
    BEFORE_CLAUSES = FIGURE_COUNT - 1,
    CLAUSES(CLAUSE_ENUM) PART_COUNT
};

#define FIGURE_NAME(name, writes) #name,
#define CLAUSE_NAME(name) #name,
static const char names[][20] = {FIGURES(FIGURE_NAME) CLAUSES(CLAUSE_NAME)};

static __attribute__((noinline)) void put_figure(struct text *t, const struct facts *f,
                                                 enum part figure)
{
#define FIGURE_CASE(name, writes)                                                                  \
    case FIGURE_##name:                                                                            \
        writes;                                                                                    \
        break;
    switch (figure) {
        FIGURES(FIGURE_CASE)
    default:
        break;
    }
}

static template pick_clause(const struct facts *f, enum part clause)
{
#define CLAUSE_CASE(name)                                                                          \
    case CLAUSE_##name:                                                                            \
        return clause_##name(f);
    switch (clause) {
        CLAUSES(CLAUSE_CASE)
    default:
        return NULL;
    }
}

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_' || c == 'P';
}

/* The end of the name at the place, if it is that one. */
static const char *behind(const char *at, const char *name)
{
    while (*name && *at == *name) {
        at++;
        name++;
    }
    return *name || is_of_name(*at) ? NULL : at;
}

/* What stands at the place, right behind the `$`; the place is moved behind the name. */
static enum part find(const char **at)
{
    for (unsigned part = 0; part < PART_COUNT; part++) {
        if (names[part][0] == **at) {
            const char *end = behind(*at, names[part]);
            if (end) {
                *at = end;
                return (enum part)part;
            }
        }
    }
    return PART_COUNT;
}

static const char *next_mark(const char *at)
{
    while (*at && *at != '$') {
        at++;
    }
    return at;
}

/* A clause is said in the place of its name. Not by calling say(): its frame would be
 * on the stack once more. */
void say(struct text *t, const struct facts *f, template sentence)
{
    enum { DEPTH = 3 }; /* of clauses in clauses */
    const char *resume[DEPTH];
    const char *at = (const char *)sentence;
    unsigned depth = 0;
    for (;;) {
        const char *mark = next_mark(at);
        text_put(t, at, (size_t)(mark - at));
        if (!*mark) {
            if (depth == 0) {
                return;
            }
            at = resume[--depth];
            continue;
        }
        at = mark + 1;
        enum part part = find(&at);
        if (part < FIGURE_COUNT) {
            put_figure(t, f, part);
            continue;
        }
        template clause = pick_clause(f, part);
        if (clause && depth < DEPTH) {
            resume[depth++] = at;
            at = (const char *)clause;
        }
    }
}

const char *say_unknown(template sentence)
{
    const char *mark = next_mark((const char *)sentence);
    while (*mark) {
        const char *at = mark + 1;
        if (find(&at) == PART_COUNT) {
            return mark;
        }
        mark = next_mark(at);
    }
    return NULL;
}
