#include "base/handling.h"

#include "base/setting.h"

#include <limits.h>

enum { LONGEST_IDLE = 32767, MOST_PROBES = 127 }; /* include/net/tcp.h, MAX_TCP_KEEP* */

/* The number at *at, which is moved behind it; false if there is none, or it is above
 * `most`. */
static bool read_number(const char **at, unsigned most, unsigned *number)
{
    const char *begin = *at;
    *number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        unsigned digit = (unsigned)(**at - '0');
        if (*number > (most - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return *at > begin;
}

/* `500ms`, `30s`, `5m`; a bare number is seconds. In milliseconds, at *at, which is
 * moved behind it. */
static bool read_duration(const char **at, unsigned *ms)
{
    unsigned number;
    if (!read_number(at, INT_MAX, &number)) {
        return false;
    }
    unsigned unit = 1000;
    if (strncmp(*at, "ms", 2) == 0) {
        unit = 1;
        *at += 2;
    } else if (**at == 's' || **at == 'm') {
        unit = **at == 'm' ? 60000 : 1000;
        *at += 1;
    }
    *ms = number * unit;
    return number > 0 && number <= INT_MAX / unit;
}

/* All of the value. */
static const char *read_whole_duration(const char *value, size_t *len, unsigned *result)
{
    unsigned ms;
    const char *at = value;
    bool is_off = setting_is(value, "off");
    if (!is_off && (!read_duration(&at, &ms) || *at)) {
        return all_wrong(value, len);
    }
    *result = is_off ? 0 : ms;
    return NULL;
}

static const char *read_flag(const char *value, size_t *len, const char *word, bool *result)
{
    *result = setting_is(value, word);
    return *result || setting_is(value, "off") ? NULL : all_wrong(value, len);
}

const char *read_dead_peer(const char *value, size_t *len)
{
    unsigned ms = 0;
    const char *wrong = read_whole_duration(value, len, &ms);
    bool fits = ms == 0 || (ms % 1000 == 0 && ms >= 3000 && ms / 1000 <= LONGEST_IDLE);
    if (wrong || !fits) {
        return all_wrong(value, len);
    }
    settings.handling.dead_peer_ms = ms;
    return NULL;
}

static bool read_seconds(const char **at, int *seconds)
{
    unsigned ms;
    if (!read_duration(at, &ms) || ms % 1000 != 0 || ms / 1000 > LONGEST_IDLE) {
        return false;
    }
    *seconds = (int)(ms / 1000);
    return true;
}

/* IDLE[,INTERVAL[,COUNT]] */
static bool read_probing(const char *at, struct keepalive *k)
{
    unsigned count = 0;
    bool fits = read_seconds(&at, &k->idle);
    if (fits && *at == ',') {
        at++;
        fits = read_seconds(&at, &k->interval);
        if (fits && *at == ',') {
            at++;
            fits = read_number(&at, MOST_PROBES, &count) && count > 0;
        }
    }
    k->count = (int)count;
    return fits && !*at;
}

const char *read_keepalive(const char *value, size_t *len)
{
    struct keepalive k = {0, 0, 0};
    bool is_off = setting_is(value, "off");
    if (!is_off && !read_probing(value, &k)) {
        return all_wrong(value, len);
    }
    settings.handling.keepalive = k;
    settings.handling.keeps_alive = !is_off;
    return NULL;
}

const char *read_connect_timeout(const char *value, size_t *len)
{
    return read_whole_duration(value, len, &settings.handling.connect_timeout_ms);
}

const char *read_connect_retry(const char *value, size_t *len)
{
    return read_whole_duration(value, len, &settings.handling.connect_retry_ms);
}

const char *read_recv_timeout(const char *value, size_t *len)
{
    return read_whole_duration(value, len, &settings.handling.recv_timeout_ms);
}

const char *read_backlog(const char *value, size_t *len)
{
    unsigned number = 0;
    const char *at = value;
    bool is_off = setting_is(value, "off");
    if (!is_off && (!read_number(&at, INT_MAX, &number) || *at || number == 0)) {
        return all_wrong(value, len);
    }
    settings.handling.backlog = (int)number;
    return NULL;
}

const char *read_reuseaddr(const char *value, size_t *len)
{
    return read_flag(value, len, "on", &settings.handling.reuseaddr);
}

const char *read_accept(const char *value, size_t *len)
{
    return read_flag(value, len, "careful", &settings.handling.accept_careful);
}

const char *read_eintr(const char *value, size_t *len)
{
    return read_flag(value, len, "restart", &settings.handling.eintr_restart);
}

const char *read_reset(const char *value, size_t *len)
{
    return read_flag(value, len, "eof", &settings.handling.reset_eof);
}

struct keepalive keepalive_for(unsigned seconds)
{
    unsigned count = (seconds + 1) / 2 < MOST_PROBES ? (seconds + 1) / 2 : MOST_PROBES;
    return (struct keepalive){.idle = (int)(seconds - count), .interval = 1, .count = (int)count};
}

/* With both, the shorter silence before the first probe: TCP_USER_TIMEOUT decides when
 * it ends (net/ipv4/tcp_timer.c, tcp_keepalive_timer()). */
void handling_settle(struct handling *h)
{
    if (h->dead_peer_ms == 0) {
        return;
    }
    struct keepalive asked = h->keepalive;
    unsigned seconds = h->dead_peer_ms / 1000;
    h->keepalive = keepalive_for(seconds);
    if (h->keeps_alive && asked.idle < h->keepalive.idle) {
        int left = (int)seconds - asked.idle;
        h->keepalive.idle = asked.idle;
        h->keepalive.count = left < MOST_PROBES ? left : MOST_PROBES;
    }
}

bool handling_is_asked(const struct handling *h)
{
    bool on_connections =
        h->dead_peer_ms > 0 || h->keeps_alive || h->recv_timeout_ms > 0 || h->reset_eof;
    bool on_connects = h->connect_timeout_ms > 0 || h->connect_retry_ms > 0;
    bool on_listeners = h->backlog > 0 || h->reuseaddr || h->accept_careful;
    return on_connections || on_connects || on_listeners || h->eintr_restart;
}
