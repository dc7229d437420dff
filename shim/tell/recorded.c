#include "tell/recorded.h"

#include <stddef.h>
#include <string.h>

void recording_add(struct recording *r, const void *bytes, size_t len)
{
    size_t room = sizeof r->bytes - r->len;
    len = len < room ? len : room;
    memcpy(r->bytes + r->len, bytes, len);
    r->len += len;
}

/* So many words, the last ones before `end`. */
static inline bool are_zero(const char *end, size_t words)
{
    uint64_t all = 0;
    uint64_t word;
    for (size_t i = 1; i <= words; i++) {
        memcpy(&word, end - i * sizeof word, sizeof word);
        all |= word;
    }
    return all == 0;
}

/* Up to the last word that is not zero: a lean record has few. */
static size_t facts_len(const struct facts *f)
{
    const size_t all = offsetof(struct facts, room.bytes);
    if (f->room.used > 0) {
        return all + f->room.used;
    }
    const char *from = (const char *)f;
    uint64_t odd = 0;
    size_t len = all - all % sizeof odd;
    memcpy(&odd, from + len, all - len);
    if (odd != 0) {
        return all;
    }
    while (len >= sizeof(uint64_t[4]) && are_zero(from + len, 4)) {
        len -= sizeof(uint64_t[4]);
    }
    while (len >= sizeof(uint64_t) && are_zero(from + len, 1)) {
        len -= sizeof(uint64_t);
    }
    return len;
}

void recording_facts(struct recording *r, const struct facts *facts, enum cause cause)
{
    const size_t object = offsetof(struct facts, object);
    const char *name = facts->object ? facts->object : "";
    size_t len = facts_len(facts);
    r->head.facts = (uint16_t)len;
    r->head.cause = (uint8_t)cause;
    recording_add(r, facts, len);
    if (len > object) { /* where it lay says nothing to anybody else */
        memset(r->bytes + r->len - len + object, 0, sizeof facts->object);
    }
    recording_add(r, name, strlen(name) + 1);
}

/* ---- The words of the header ---- */

static void put_field(struct text *t, const char *name, const char *kind, size_t at, size_t size)
{
    text_add(t, name);
    text_char(t, ' ');
    text_add(t, kind);
    text_char(t, ' ');
    text_unsigned(t, at);
    text_char(t, ' ');
    text_unsigned(t, size);
    text_char(t, '\n');
}

#define PUT(t, type, kind, name)                                                                   \
    put_field(t, #name, #kind, offsetof(struct type, name), sizeof((struct type *)0)->name)

static void put_names(struct text *t, const char *what, const char *(*name)(unsigned), unsigned n)
{
    text_add(t, what);
    for (unsigned i = 0; i < n; i++) {
        text_char(t, ' ');
        text_add(t, name(i));
    }
    text_char(t, '\n');
}

static const char *name_of_call(unsigned i)
{
    return call_name((enum call)i);
}

static const char *name_of_cause(unsigned i)
{
    return cause_name((enum cause)i);
}

static void put_behind_head(struct text *t, const char *what)
{
    text_add(t, what);
    text_unsigned(t, sizeof(struct recorded));
    text_char(t, '\n');
}

/* Of those that fill a slot. */
static void put_slots(struct text *t)
{
    put_behind_head(t, "call, at ");
    PUT(t, recorded_call, number, call);
    PUT(t, recorded_call, number, fd);
    PUT(t, recorded_call, number, ret);
    PUT(t, recorded_call, number, duration_ns);
    put_behind_head(t, "blocked, at ");
    PUT(t, recorded_blocked, number, call);
    PUT(t, recorded_blocked, number, fd);
    PUT(t, recorded_blocked, number, len);
    PUT(t, recorded_blocked, number, flags);
}

void recorded_table(char *table)
{
    struct text t = text_in(table, RING_TABLE - 1, QUOTE_PLAIN);
    text_add(&t, "record: name kind at size\n");
    PUT(&t, recorded, number, time);
    PUT(&t, recorded, number, program);
    PUT(&t, recorded, number, pid);
    PUT(&t, recorded, number, tid);
    PUT(&t, recorded, number, event);
    PUT(&t, recorded, number, cause);
    PUT(&t, recorded, number, facts);
    text_add(&t, "events return handled refused config start call blocked, from 1\n");
    put_behind_head(&t, "facts of return, at ");
#define PUT_FACT(kind, name) PUT(&t, facts, kind, name);
    RECORDED_FACTS(PUT_FACT)
    PUT_FACT(address, local)
    PUT_FACT(address, peer)
    PUT_FACT(words, name)
    PUT_FACT(bytes, room)
    put_slots(&t);
    put_names(&t, "calls", name_of_call, CALL_COUNT);
    put_names(&t, "causes", name_of_cause, CAUSE_COUNT);
    text_add(&t, "settings ");
    text_unsigned(&t, SETTING_COUNT);
    text_char(&t, '\n');
    memset(t.at, 0, (size_t)(table + RING_TABLE - t.at));
}
