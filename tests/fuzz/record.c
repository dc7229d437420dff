/* Any facts, names and addresses, in both formats: a well-formed line that fits. */
#include "base/settings.h"
#include "tell/cause.h"

#include "check.h"
#include "input.h"

/* The records of the shim's own. */
enum event { EVENT_START, EVENT_REFUSED, EVENT_LOST, EVENT_ROTATED, EVENT_CONFIG };

/* The longest sentences are cut; what is left of one must still say something. */
enum { LEAST_SENTENCE = 100 };

static bool take_bool(struct input *in)
{
    return take_byte(in) & 1;
}

static enum known take_known(struct input *in)
{
    return (enum known)(take_byte(in) % 3);
}

static void take_address(struct input *in, struct facts *f, struct address *address)
{
    char bytes[sizeof(struct sockaddr_un)] = {0};
    static const sa_family_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_VSOCK, AF_NETLINK};
    uint8_t family = take_byte(in);
    size_t len = take_bytes(in, bytes + sizeof family, sizeof bytes - sizeof family);
    if (family < 5) {
        memcpy(bytes, &families[family], sizeof *families);
    }
    address_set(address, &f->room, bytes, (socklen_t)len);
}

static void take_call(struct input *in, struct facts *f)
{
    f->call = (uint8_t)(take_byte(in) % CALL_COUNT);
    f->fd = (int)take_number(in);
    f->ret = (int)take_number(in);
    f->err = (int)take_number(in);
    f->has_len = take_bool(in);
    f->receives = take_bool(in);
    f->sends = take_bool(in);
    f->is_lean = take_known(in);
    f->len = take_number(in);
    f->flags = (int)take_number(in);
}

static void take_socket(struct input *in, struct facts *f)
{
    f->domain = (short)take_number(in);
    f->type = (short)take_number(in);
    f->protocol = (short)take_number(in);
    f->nonblocking = take_known(in);
    f->sets_timeouts = take_known(in);
    f->timeout_us = take_number(in);
    take_address(in, f, &f->local);
    take_address(in, f, &f->peer);
    f->peer_from_call = take_bool(in);
    f->peer_pid = (int)take_number(in);
    f->error_pending = take_known(in);
    f->hung_up = take_known(in);
    f->read_closed = take_known(in);
    f->has_queued = take_bool(in);
    f->queued = (uint32_t)take_number(in);
    f->saved_from_sigpipe = take_bool(in);
    f->ended_by_sigpipe = take_bool(in);
    f->descriptor_limit = (uint32_t)take_number(in);
    f->port_low = (uint16_t)take_number(in);
    f->port_high = (uint16_t)take_number(in);
    f->send_buffer = (uint32_t)take_number(in);
    f->mtu = (uint32_t)take_number(in);
    f->hears_errors = take_bool(in);
}

static void take_tcp(struct input *in, struct facts *f)
{
    f->was_connected = take_bool(in);
    f->send_failed = take_bool(in);
    f->has_payload = take_bool(in);
    f->state = (uint8_t)take_number(in);
    f->fin_seen = take_known(in);
    f->own_fin = take_known(in);
    f->rx = take_number(in);
    f->tx = take_number(in);
    f->unacked = (uint32_t)take_number(in);
    f->unsent = (uint32_t)take_number(in);
    f->side = (enum side)(take_byte(in) % 3);
    f->has_sent = take_bool(in);
    f->idle_ms = (uint32_t)take_number(in);
    f->sent_ms = (uint32_t)take_number(in);
    f->fin_ms = (uint32_t)take_number(in);
    f->rtt_us = (uint32_t)take_number(in);
    f->retrans = (uint32_t)take_number(in);
    f->tries = take_byte(in);
    f->probes = take_byte(in);
    f->window_closed = take_bool(in);
    f->keepalive = take_bool(in);
    f->lingers_not = take_bool(in);
    f->waited_ms = (uint32_t)take_number(in);
    f->user_timeout_ms = (uint32_t)take_number(in);
}

static struct moment take_moment(struct input *in)
{
    struct moment m = {.who = {.pid = (pid_t)take_number(in), .tid = (pid_t)take_number(in)}};
    /* The kernel's clock ends in 2262: include/linux/ktime.h, KTIME_SEC_MAX. */
    m.now.tv_sec = (time_t)(take_number(in) % 9223372037);
    m.now.tv_nsec = (long)(take_number(in) % 1000000000);
    return m;
}

static void take_name(struct input *in, char *name, size_t size)
{
    name[take_bytes(in, name, size - 1)] = 0;
}

static bool has_call(const struct check *c)
{
    return check_has(c, "call") && check_has(c, "ret") && check_has(c, "errno") &&
           check_has(c, "cause");
}

static void check_return(const struct moment *m, const struct facts *f, enum cause cause,
                         const char *thread)
{
    char line[RECORD_SIZE];
    size_t len = record_return(line, m, f, cause, thread);
    struct check c = check_line(line, len, settings.json);
    check_that(&c, check_is(&c, "event", "return") && has_call(&c), "a result");
    check_that(&c, check_is(&c, "cause", cause_name(cause)), "the cause");
    check_that(&c, check_is(&c, "level", level_name(cause_level(f, cause))), "the level");
    check_that(&c, check_length(&c, "why") > (len > RECORD_SIZE - 16 ? LEAST_SENTENCE : 0),
               "a sentence");
}

/* The shim's own records, with the same names. */
static void check_own(const struct moment *m, const struct facts *f, const char *words,
                      enum event event)
{
    static const char *const names[] = {"start", "refused", "lost", "rotated", "config"};
    static const char *const keys[] = {"settings", "why", "lost", "why", "why"};
    char line[RECORD_SIZE];
    size_t len = event == EVENT_START     ? record_start(line, m, words, words)
                 : event == EVENT_REFUSED ? record_refused(line, m, f->call, f->fd, "Words.")
                 : event == EVENT_LOST    ? record_lost(line, m, f->len)
                 : event == EVENT_ROTATED
                     ? record_rotated(line, m, words)
                     : record_config(line, m, LEVEL_WARN, words, strlen(words));
    struct check c = check_line(line, len, settings.json);
    check_that(&c, check_is(&c, "event", names[event]), "the event");
    check_that(&c, check_has(&c, keys[event]), keys[event]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct facts f = {0};
    char words[512];
    settings.json = take_bool(&in);
    take_call(&in, &f);
    take_socket(&in, &f);
    take_tcp(&in, &f);
    struct moment m = take_moment(&in);
    /* Any cause, too: record.c must not rely on cause_of(). */
    uint8_t other = take_byte(&in);
    enum cause cause = other < CAUSE_COUNT ? (enum cause)other : cause_of(&f);
    take_name(&in, settings.prog, sizeof settings.prog);
    take_name(&in, settings.exe, sizeof settings.exe);
    take_name(&in, settings.summary, sizeof settings.summary);
    take_name(&in, words, sizeof words);
    f.object = take_bool(&in) ? words : NULL;
    f.offset = (uint32_t)take_number(&in);
    /* One line an execution: more executions are worth more. */
    uint8_t event = take_byte(&in) % 16;
    if (event <= EVENT_CONFIG) {
        check_own(&m, &f, words, (enum event)event);
    } else {
        check_return(&m, &f, cause, words);
    }
    return 0;
}
