#include "log/recorder.h"

#include "base/cycles.h"
#include "base/process.h"
#include "base/settings.h"
#include "log/recorder_file.h"
#include "tell/recorded.h"

#include <stddef.h>
#include <string.h>

at_hand struct ring recorder_ring;

/* What this program is in the ring; 0: it has not told yet. The children of a fork, which
 * are the same program, go by it, too. */
static at_hand _Atomic uint64_t program;

static const char *where_host = "";
static const char *where_cgroup = "";

const char *recorder_begin(void)
{
    settings_find_exe(); /* no system call for that later */
    return recorder_file_open(&recorder_ring);
}

static void put_words(char *to, size_t size, const char *words)
{
    size_t len = strnlen(words, size - 1);
    memcpy(to, words, len);
    memset(to + len, 0, size - len);
}

static __attribute__((noinline)) uint64_t tell_program(void)
{
    struct recorded_program p = {.dead_peer_ms = settings.handling.dead_peer_ms,
                                 .connect_timeout_ms = settings.handling.connect_timeout_ms,
                                 .recv_timeout_ms = settings.handling.recv_timeout_ms,
                                 .reset_eof = settings.handling.reset_eof};
    put_words(p.prog, sizeof p.prog, settings.prog);
    put_words(p.exe, sizeof p.exe, settings.exe);
    put_words(p.host, sizeof p.host, where_host);
    put_words(p.cgroup, sizeof p.cgroup, where_cgroup);
    put_words(p.settings, sizeof p.settings, settings.summary);
    uint64_t number = ring_put_program(&recorder_ring, &p, sizeof p);
    atomic_store_explicit(&program, number, memory_order_relaxed);
    return number;
}

/* Before a record is on the stack, for what a program is takes as much. */
static inline uint32_t program_number(void)
{
    uint64_t number = atomic_load_explicit(&program, memory_order_relaxed);
    /* Not there either if others have come since. */
    return (uint32_t)(ring_has_program(&recorder_ring, number) ? number : tell_program());
}

static void begin(struct recording *r, enum recorded_event event, uint32_t number)
{
    r->head = recorded_head(event, cycles_time(), process_identify(), number);
    r->len = sizeof r->head;
}

static void put(const struct recording *r)
{
    ring_put(&recorder_ring, r->bytes, r->len);
}

static __attribute__((noinline)) void put_return(const struct facts *facts, enum cause cause,
                                                 uint32_t number)
{
    struct recording r;
    begin(&r, RECORDED_RETURN, number);
    recording_facts(&r, facts, cause);
    put(&r);
}

void recorder_return(const struct facts *facts, enum cause cause)
{
    put_return(facts, cause, program_number());
}

static __attribute__((noinline)) void put_handled(const struct facts *facts, enum cause cause,
                                                  const struct change *c, uint32_t number)
{
    struct recording r;
    struct recorded_change change = {.setting = c->setting,
                                     .tries = c->tries,
                                     .asked = c->asked,
                                     .given = c->given,
                                     .err = c->err};
    begin(&r, RECORDED_HANDLED, number);
    recording_add(&r, &change, sizeof change);
    recording_facts(&r, facts, cause);
    put(&r);
}

void recorder_handled(const struct facts *facts, enum cause cause, const struct change *c)
{
    if (recorder_is_on()) {
        put_handled(facts, cause, c, program_number());
    }
}

static __attribute__((noinline)) void put_refused(enum call call, int fd, const char *why,
                                                  uint32_t number)
{
    struct recording r;
    struct recorded_call refusal = {.call = call, .fd = fd};
    begin(&r, RECORDED_REFUSED, number);
    recording_add(&r, &refusal, sizeof refusal);
    recording_add(&r, why, strlen(why));
    put(&r);
}

void recorder_refused(enum call call, int fd, const char *why)
{
    if (recorder_is_on()) {
        put_refused(call, fd, why, program_number());
    }
}

/* As often as the program calls: a record is made in registers, for what has just been written
 * in halves cannot be read as a whole without waiting for it. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first of two is the lower half");
static inline uint64_t two(uint32_t first, uint32_t second)
{
    return first | (uint64_t)second << 32;
}

/* The words of a struct recorded. */
static inline void put_head(uint64_t *words, enum recorded_event event, int64_t time)
{
    uint32_t number = program_number();
    struct identity who = process_identify();
    words[0] = (uint64_t)time;
    words[1] = two(number, (uint32_t)who.pid);
    words[2] = two((uint32_t)who.tid, event | (uint32_t)CAUSE_COUNT << 8);
}

/* The clock may have been set meanwhile. */
static inline uint64_t duration(int64_t begun, int64_t now)
{
    return now > begun ? (uint64_t)(now - begun) : 0;
}

at_each_call void recorder_call(enum call call, int fd, long ret, int64_t begun)
{
    uint64_t words[RING_WORDS];
    int64_t now = cycles_time();
    put_head(words, RECORDED_CALL, now);
    words[3] = two(call, (uint32_t)fd);
    words[4] = (uint64_t)ret;
    words[5] = duration(begun, now);
    ring_put_words(&recorder_ring, words);
}

at_each_call void recorder_blocked(enum call call, const struct attempt *a)
{
    uint64_t words[RING_WORDS];
    bool is_listener = is_accept(call); /* else it has a length and flags */
    put_head(words, RECORDED_BLOCKED, cycles_time());
    words[3] = two(call, (uint32_t)a->fd);
    words[4] = is_listener ? 0 : a->len;
    words[5] = is_listener ? 0 : (uint32_t)a->flags;
    ring_put_words(&recorder_ring, words);
}

void recorder_connect(int fd, int64_t begun, const struct sockaddr *peer, socklen_t len)
{
    int64_t now = cycles_time();
    struct {
        struct recorded head;
        struct recorded_call call;
        unsigned char peer[sizeof(struct sockaddr_un)];
    } r = {.head = recorded_head(RECORDED_CALL, now, process_identify(), program_number()),
           .call = {.call = CALL_connect, .fd = fd, .duration_ns = duration(begun, now)}};
    size_t kept = peer && len <= sizeof r.peer ? len : 0;
    if (kept > 0) {
        memcpy(r.peer, peer, kept);
    }
    ring_put(&recorder_ring, &r, sizeof r.head + sizeof r.call + kept);
}

static __attribute__((noinline)) void put_words_of(enum recorded_event event, uint16_t below_error,
                                                   const char *words, size_t len, uint32_t number)
{
    struct recording r;
    begin(&r, event, number);
    r.head.facts = below_error;
    recording_add(&r, words, len);
    put(&r);
}

void recorder_config(enum level level, const char *why, size_t len)
{
    if (recorder_is_on()) {
        put_words_of(RECORDED_CONFIG, (uint16_t)(LEVEL_ERROR - level), why, len, program_number());
    }
}

void recorder_start(const char *host, const char *cgroup)
{
    if (recorder_is_on()) {
        where_host = host;
        where_cgroup = cgroup;
        tell_program(); /* anew: there may have been records before */
        put_words_of(RECORDED_START, 0, "", 0, program_number());
    }
}
