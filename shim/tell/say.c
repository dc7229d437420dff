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
    if (microseconds > 0 && microseconds < 1000) {
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

/* The kernel counts from what went out last, and that may have been a retransmission
 * (net/ipv4/tcp_output.c, tcp_event_data_sent()). */
static void put_since_sent(struct text *t, const struct facts *f)
{
    text_add(t, f->retrans > 0 ? "at least " : "");
    put_duration(t, (uint64_t)f->sent_ms * 1000);
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

/* Of a host: as the program wrote it. */
static void put_name(struct text *t, const struct facts *f)
{
    text_bytes(t, (const char *)address_at(&f->name), f->name.len);
}

/* The beginning of the peer's path. */
static void put_closed_folder(struct text *t, const struct facts *f)
{
    text_bytes(t, address_at(&f->peer)->un.sun_path, (size_t)f->closed_at);
}

static const struct address *named(const struct facts *f)
{
    return f->call == CALL_bind ? &f->local : &f->peer;
}

#define FIGURE_ENUM(name, writes) PART_##name,
#define CLAUSE_ENUM(name) PART_##name,
enum part { PARTS(FIGURE_ENUM, CLAUSE_ENUM) PART_COUNT };

#define FIGURE_NAME(name, writes) #name,
#define CLAUSE_NAME(name) #name,
static const char names[][20] = {PARTS(FIGURE_NAME, CLAUSE_NAME)};

/* What each begins with, side by side: looked for there, a name is found with fewer lines of the
 * processor's cache. */
#define FIGURE_LETTER(name, writes) #name[0],
#define CLAUSE_LETTER(name) #name[0],
static const char letters[] = {PARTS(FIGURE_LETTER, CLAUSE_LETTER)};

#define NOTHING(...)

/* Two functions, so that what writes is the last thing that the first one calls. */
static __attribute__((noinline)) void put_figure(struct text *t, const struct facts *f,
                                                 enum part part)
{
#define FIGURE_CASE(name, writes)                                                                  \
    case PART_##name:                                                                              \
        writes;                                                                                    \
        return;
    switch (part) {
        PARTS(FIGURE_CASE, NOTHING)
    default:
        return;
    }
}

static __attribute__((noinline)) template pick_clause(const struct facts *f, enum part part)
{
#define CLAUSE_CASE(name)                                                                          \
    case PART_##name:                                                                              \
        return clause_##name(f);
    switch (part) {
        PARTS(NOTHING, CLAUSE_CASE)
    default:
        return NULL;
    }
}

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_' || c == 'P';
}

/* How long the name at the place is if it is that one, or 0. */
static size_t length_if(const char *at, const char *name)
{
    size_t len = 0;
    while (name[len] && at[len] == name[len]) {
        len++;
    }
    return name[len] || is_of_name(at[len]) ? 0 : len;
}

/* The first name that does not begin with a lower letter; by bisection. */
static unsigned first_with(char letter)
{
    unsigned low = 0;
    unsigned high = PART_COUNT;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (letters[middle] < letter) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What stands at the place, right behind the `$`; the place is moved behind the name. */
static enum part find(const char **at)
{
    char letter = **at;
    for (unsigned i = first_with(letter); i < PART_COUNT && letters[i] == letter; i++) {
        size_t len = length_if(*at, names[i]);
        if (len > 0) {
            *at += len;
            return (enum part)i;
        }
    }
    return PART_COUNT;
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
        const char *mark = strchrnul(at, '$');
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
        put_figure(t, f, part);
        template clause = pick_clause(f, part);
        if (clause && depth < DEPTH) {
            resume[depth++] = at;
            at = (const char *)clause;
        }
    }
}

const char *say_unknown(template sentence)
{
    const char *mark = strchrnul((const char *)sentence, '$');
    while (*mark) {
        const char *at = mark + 1;
        if (find(&at) == PART_COUNT) {
            return mark;
        }
        mark = strchrnul(at, '$');
    }
    return NULL;
}
