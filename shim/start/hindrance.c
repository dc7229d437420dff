#include "start/hindrance.h"

#include "log/log.h"
#include "log/recorder.h"
#include "start/start.h"
#include "tell/record.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

_Static_assert(SETTING_COUNT <= 64, "a bit for each");
static _Atomic uint64_t found[HINDRANCES];
static _Atomic uint64_t told[HINDRANCES];

/* Written before the bit. */
static struct refusal {
    const char *option;
    int err;
} refusals[SETTING_COUNT];

/* The longest of the sentences below, with the longest of the names. */
enum { WHY_SIZE = 256 };

struct said {
    enum level level;
    size_t len;
    char why[WHY_SIZE];
};

static void put_errno(struct text *t, int err)
{
    const char *name = errno_name(err);
    text_add(t, name ? name : "?");
}

static void put_refusal(struct text *t, const struct refusal *r)
{
    bool is_forbidden = r->err == EPERM || r->err == EACCES;
    text_add(t, ": ");
    text_add(t, r->option);
    text_add(t, " could not be set on the program's first TCP socket (");
    put_errno(t, r->err);
    text_add(t, is_forbidden ? "): a filter (seccomp, or BPF of the control group) forbids it"
                             : "): this kernel, or what stands in for it, does not support it");
    text_add(t, "; what depends on it has no effect");
}

static const char *why_nonblocking(enum setting setting)
{
    switch (setting) {
    case SETTING_CONNECT_RETRY:
        return ": the program connects non-blocking; such a connect is never retried";
    case SETTING_ACCEPT:
        return ": the program's listening socket is non-blocking; an accept that finds no "
               "descriptor is not retried there";
    default:
        return ": the program receives non-blocking; such a receive never waits, so nothing limits "
               "it";
    }
}

static void put_why(struct text *t, enum setting setting, enum hindrance hindrance)
{
    if (hindrance == HINDRANCE_CAGE) {
        text_add(t, "Robust handling on request: the program puts a seccomp filter on itself; from "
                    "here on no option is set, and nothing is waited for");
        return;
    }
    if (hindrance == HINDRANCE_FILTER) {
        text_add(t, "A seccomp filter that this program inherited ends it for system calls that "
                    "sockshim makes: the socket's state is not in the records, TCP_NODELAY and "
                    "other options are not set, and nothing is waited for");
        return;
    }
    text_add(t, setting_rows[setting].variable);
    if (hindrance == HINDRANCE_REFUSED) {
        put_refusal(t, &refusals[setting]);
    } else {
        text_add(t, why_nonblocking(setting));
    }
}

/* Not inlined: what it needs is off the stack when the line is written. */
static __attribute__((noinline)) void put_in_words(struct said *s, enum setting setting,
                                                   enum hindrance hindrance)
{
    struct text t = text_in(s->why, sizeof s->why, QUOTE_PLAIN);
    put_why(&t, setting, hindrance);
    s->len = (size_t)(t.at - s->why);
    s->level = hindrance == HINDRANCE_NONBLOCKING ? LEVEL_INFO : LEVEL_WARN;
}

static size_t compose(char *line, const void *what)
{
    const struct said *s = what;
    struct moment m = this_moment();
    return record_config(line, &m, s->level, s->why, s->len);
}

static void tell(enum setting setting, enum hindrance hindrance)
{
    struct said s;
    put_in_words(&s, setting, hindrance);
    recorder_config(s.level, s.why, s.len);
    if (settings.logging && s.level >= settings.level) {
        sockshim_needs_log();
        log_tell(compose, &s);
    }
}

void hindrances_tell(void)
{
    int kept = errno;
    for (enum hindrance h = 0; h < HINDRANCES; h++) {
        uint64_t all = atomic_load_explicit(&found[h], memory_order_acquire);
        uint64_t news = all ? all & ~atomic_fetch_or(&told[h], all) : 0;
        for (enum setting i = 0; news; i++, news >>= 1) {
            if (news & 1) {
                tell(i, h);
            }
        }
    }
    errno = kept;
}

static bool is_found(enum setting setting, enum hindrance hindrance)
{
    return atomic_load_explicit(&found[hindrance], memory_order_relaxed) >> setting & 1;
}

void hindrance_found(enum setting setting, enum hindrance hindrance)
{
    uint64_t bit = (uint64_t)1 << setting;
    if (!is_found(setting, hindrance) && !(atomic_fetch_or(&found[hindrance], bit) & bit) &&
        process_has_socket()) {
        hindrances_tell();
    }
}

void hindrance_by_cage(void)
{
    if (handling_is_asked(&settings.handling)) {
        hindrance_found(SETTING_ON, HINDRANCE_CAGE);
    }
}

/* For event=start. */
static void add_to_summary(const struct refusal *r, enum setting setting)
{
    static atomic_bool has_one;
    size_t used = strlen(settings.summary);
    struct text t = text_in(settings.summary, sizeof settings.summary - 1, QUOTE_PLAIN);
    t.at += used;
    text_add(&t, atomic_exchange(&has_one, true) ? "," : " refused=");
    text_add(&t, setting_rows[setting].label);
    text_add(&t, ":");
    put_errno(&t, r->err);
    *t.at = 0;
}

void hindrance_refused(enum setting setting, const char *option, int err)
{
    if (is_found(setting, HINDRANCE_REFUSED)) {
        return;
    }
    refusals[setting] = (struct refusal){option, err};
    if (!process_has_socket()) {
        add_to_summary(&refusals[setting], setting);
    }
    hindrance_found(setting, HINDRANCE_REFUSED);
}
