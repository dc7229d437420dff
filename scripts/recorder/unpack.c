#include "unpack.h"

#include "base/raw.h"
#include "tell/cause.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* ---- The facts ---- */

static bool is_at_most(const struct facts *f, size_t at, unsigned most)
{
    return ((const unsigned char *)f)[at] <= most;
}

#define FITS_number(name) true
#define FITS_truth(name) is_at_most(f, offsetof(struct facts, name), true)
#define FITS_known(name) is_at_most(f, offsetof(struct facts, name), YES)
#define AND_FITS(kind, name) &&FITS_##kind(name)

static bool is_in_room(const struct facts *f, const struct address *a)
{
    const char *room = f->room.bytes;
    const char *from = (const char *)a + a->ahead;
    if (*((const unsigned char *)a + offsetof(struct address, is_cut)) > true) {
        return false;
    }
    return a->len == 0 ||
           (from >= room && (from - room) % 4 == 0 && from + a->len <= room + f->room.used);
}

static bool has_address(const struct facts *f, const struct address *a)
{
    return is_in_room(f, a) && (a->len == 0 || a->len >= sizeof(sa_family_t));
}

/* The directory is a part of the peer's path. */
static bool has_directory(const struct facts *f)
{
    return f->closed_at <= 0 ||
           f->peer.len >= offsetof(struct sockaddr_un, sun_path) + (size_t)f->closed_at;
}

static bool is_sound(const struct facts *f)
{
    return true RECORDED_FACTS(AND_FITS) && f->call < CALL_COUNT &&
           f->room.used <= sizeof f->room.bytes && has_address(f, &f->local) &&
           has_address(f, &f->peer) && is_in_room(f, &f->name) && has_directory(f);
}

/* Moves *bytes on. */
static bool take(void *to, size_t size, const unsigned char **bytes, size_t *len)
{
    if (*len < size) {
        return false;
    }
    memcpy(to, *bytes, size);
    *bytes += size;
    *len -= size;
    return true;
}

static const char *take_words(const unsigned char **bytes, size_t *len)
{
    const char *words = (const char *)*bytes;
    size_t size = strnlen(words, *len) + 1;
    if (size > *len) {
        return NULL;
    }
    *bytes += size;
    *len -= size;
    return words;
}

static bool take_object(struct unpacked *u, const unsigned char **bytes, size_t *len)
{
    const char *name = take_words(bytes, len);
    u->facts.object = name && *name ? name : NULL;
    return name;
}

static bool take_facts(struct unpacked *u, const unsigned char **bytes, size_t *len)
{
    return u->head.facts <= sizeof u->facts && take(&u->facts, u->head.facts, bytes, len) &&
           is_sound(&u->facts) && take_object(u, bytes, len);
}

/* ---- The record ---- */

/* What was given instead is a result, or a negated errno. */
static bool is_change(const struct recorded_change *c)
{
    return c->setting < SETTING_COUNT && setting_is_handling((enum setting)c->setting) &&
           (c->given >= 0 || raw_failed(c->given));
}

static bool take_handled(struct unpacked *u, const unsigned char *bytes, size_t len)
{
    return take(&u->change, sizeof u->change, &bytes, &len) && is_change(&u->change) &&
           u->head.cause <= CAUSE_COUNT && take_facts(u, &bytes, &len);
}

static bool take_call(struct unpacked *u, const unsigned char *bytes, size_t len)
{
    bool good = take(&u->call, sizeof u->call, &bytes, &len) && u->call.call < CALL_COUNT;
    u->words = (const char *)bytes;
    u->words_len = len;
    return good;
}

/* What is left is the address that a connect was given. */
static bool take_success(struct unpacked *u, const unsigned char *bytes, size_t len)
{
    if (!take(&u->call, sizeof u->call, &bytes, &len) || u->call.call >= CALL_COUNT) {
        return false;
    }
    if (len >= sizeof(sa_family_t)) {
        address_set(&u->peer.address, &u->peer.room, bytes, (socklen_t)len);
    }
    return true;
}

static bool may_be_blocked(uint32_t call)
{
    return call < CALL_COUNT && call_traits[call].descriptor == A_SOCKET &&
           call_traits[call].arguments != MESSAGE &&
           (call_traits[call].direction == RECEIVES || is_accept((enum call)call));
}

/* Of this call nothing else was known when it was told: observe/observe.c, observe_call(). */
static bool take_blocked(struct unpacked *u, const unsigned char *bytes, size_t len)
{
    struct recorded_blocked b;
    if (!take(&b, sizeof b, &bytes, &len) || !may_be_blocked(b.call)) {
        return false;
    }
    bool receives = !is_accept((enum call)b.call);
    u->facts = (struct facts){.call = (uint8_t)b.call,
                              .fd = b.fd,
                              .ret = -1,
                              .err = EAGAIN,
                              .domain = -1,
                              .type = -1,
                              .protocol = -1,
                              .receives = receives,
                              .has_len = receives,
                              .len = b.len,
                              .flags = b.flags,
                              .is_lean = YES,
                              .sets_timeouts = NO};
    u->head.event = RECORDED_RETURN;
    u->head.cause = (uint8_t)cause_of(&u->facts);
    return true;
}

bool unpack(struct unpacked *u, const unsigned char *bytes, size_t len)
{
    memset(u, 0, sizeof *u);
    if (!take(&u->head, sizeof u->head, &bytes, &len) || u->head.time < 0) {
        return false;
    }
    switch (u->head.event) {
    case RECORDED_RETURN:
        return u->head.cause < CAUSE_COUNT && take_facts(u, &bytes, &len);
    case RECORDED_HANDLED:
        return take_handled(u, bytes, len);
    case RECORDED_REFUSED:
        return take_call(u, bytes, len);
    case RECORDED_CALL:
        return take_success(u, bytes, len);
    case RECORDED_BLOCKED:
        return take_blocked(u, bytes, len);
    case RECORDED_CONFIG:
        u->words = (const char *)bytes;
        u->words_len = len;
        return u->head.facts <= LEVEL_ERROR;
    default:
        return u->head.event == RECORDED_START;
    }
}

/* ---- The program ---- */

/* Words of the summary that say what the text log leaves out, which the recorder does not. */
static void rename_filter(char *summary, size_t room, const char *word)
{
    static const char of_log[] = "-of-log";
    char *at = strstr(summary, word);
    size_t len = strlen(summary);
    if (at && len + sizeof of_log <= room) {
        at += strlen(word) - 1;
        memmove(at + sizeof of_log - 1, at, (size_t)(summary + len - at) + 1);
        memcpy(at, of_log, sizeof of_log - 1);
    }
}

static void take_text(char *to, size_t room, const char *from, size_t size)
{
    size_t len = strnlen(from, size < room ? size : room - 1);
    memcpy(to, from, len);
    to[len] = 0;
}

static char host[65], cgroup[160];

void unpack_program(const struct ring *ring, uint32_t number)
{
    union {
        struct recorded_program known;
        char bytes[RING_PROGRAM];
    } p;
    size_t len;
    bool found = ring_get_program(ring, number, &p, &len) && len == sizeof p.known;
    if (!found) {
        p.known = (struct recorded_program){.prog = "?", .settings = "?"};
    }
    take_text(settings.prog, sizeof settings.prog, p.known.prog, sizeof p.known.prog);
    take_text(settings.exe, sizeof settings.exe, p.known.exe, sizeof p.known.exe);
    take_text(settings.summary, sizeof settings.summary, p.known.settings, sizeof p.known.settings);
    rename_filter(settings.summary, sizeof settings.summary, " level=");
    rename_filter(settings.summary, sizeof settings.summary, " skip=");
    take_text(host, sizeof host, p.known.host, sizeof p.known.host);
    take_text(cgroup, sizeof cgroup, p.known.cgroup, sizeof p.known.cgroup);
    settings.handling.dead_peer_ms = p.known.dead_peer_ms;
    settings.handling.connect_timeout_ms = p.known.connect_timeout_ms;
    settings.handling.recv_timeout_ms = p.known.recv_timeout_ms;
    settings.handling.reset_eof = p.known.reset_eof == 1;
}

/* ---- The line ---- */

static size_t refused_line(char *line, const struct moment *m, const struct unpacked *u)
{
    char words[RING_RECORD + 1];
    for (size_t i = 0; i < u->words_len; i++) { /* ours are nothing but ASCII */
        char c = u->words[i];
        bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        words[i] = '?';
        if (is_plain) {
            words[i] = c;
        }
    }
    words[u->words_len] = 0;
    return record_refused(line, m, (enum call)u->call.call, u->call.fd, words);
}

static size_t handled_line(char *line, const struct moment *m, const struct unpacked *u)
{
    struct change change = {.setting = (uint8_t)u->change.setting,
                            .call = u->facts.call,
                            .err = (uint16_t)u->change.err,
                            .tries = (uint16_t)u->change.tries,
                            .asked = u->change.asked,
                            .given = u->change.given};
    return record_handled(line, m, &u->facts, (enum cause)u->head.cause, &change);
}

static size_t call_line(char *line, const struct moment *m, const struct unpacked *u)
{
    return record_call(line, m,
                       &(struct success){.call = (enum call)u->call.call,
                                         .fd = u->call.fd,
                                         .ret = (long)u->call.ret,
                                         .duration_ns = u->call.duration_ns,
                                         .peer = &u->peer.address});
}

size_t unpacked_line(char *line, const struct unpacked *u)
{
    struct moment m = {.now = {u->head.time / 1000000000, u->head.time % 1000000000},
                       .who = {.pid = u->head.pid, .tid = u->head.tid}};
    switch (u->head.event) {
    case RECORDED_RETURN:
        return record_return(line, &m, &u->facts, (enum cause)u->head.cause, "");
    case RECORDED_HANDLED:
        return handled_line(line, &m, u);
    case RECORDED_REFUSED:
        return refused_line(line, &m, u);
    case RECORDED_CALL:
        return call_line(line, &m, u);
    case RECORDED_CONFIG:
        return record_config(line, &m, (enum level)(LEVEL_ERROR - u->head.facts), u->words,
                             u->words_len);
    default:
        return record_start(line, &m, host, cgroup);
    }
}

bool unpacked_makes_socket(const struct unpacked *u)
{
    bool makes = u->call.call == CALL_socket || is_accept((enum call)u->call.call);
    return u->head.event == RECORDED_CALL && makes;
}

int unpacked_fd(const struct unpacked *u)
{
    switch (u->head.event) {
    case RECORDED_CALL:
        return unpacked_makes_socket(u) ? (int)u->call.ret : u->call.fd;
    case RECORDED_RETURN:
    case RECORDED_HANDLED:
        return u->facts.fd;
    case RECORDED_REFUSED:
        return u->call.fd;
    default:
        return -1;
    }
}
