#include "start/start.h"

#include "base/clock.h"
#include "base/raw.h"
#include "base/settings.h"
#include "force/sigpipe.h"
#include "log/keep.h"
#include "log/log.h"
#include "tell/record.h"
#include "tell/wanted.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static atomic_bool begun;
atomic_bool sockshim_ready;
atomic_bool sockshim_early_socket;

/* A person should know: one line on stderr, and one in the log unless that is
 * the same place. */
static void complain(const char *about, struct text *said)
{
    char line[RECORD_SIZE];
    size_t len = (size_t)(said->at - about);
    bool has_log = settings.logging && log_is_open();
    if (!(has_log && settings.log == LOG_STDERR)) {
        struct text t = text_in(line, sizeof line, QUOTE_PLAIN);
        text_add(&t, "sockshim: ");
        text_bytes(&t, about, len);
        text_add(&t, "\n");
        log_complain(line, (size_t)(t.at - line));
    }
    if (has_log) {
        struct moment m = this_moment();
        log_write(line, record_config(line, &m, about, len), &m);
    }
}

static void complain_about_settings(void)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        char about[COMPLAINT_SIZE];
        struct text t = text_in(about, sizeof about, QUOTE_PLAIN);
        if (settings.wrong[i]) {
            settings_complaint(&t, (enum setting)i);
            complain(about, &t);
        }
    }
}

static void complain_about_log(int err)
{
    char about[512];
    struct text t = text_in(about, sizeof about, QUOTE_PLAIN);
    const char *name = errno_name(err);
    text_add(&t, "SOCKSHIM_LOG: cannot write to ");
    text_bytes(&t, settings.log_path, strnlen(settings.log_path, 300));
    text_add(&t, " (");
    text_add(&t, name ? name : "?");
    text_add(&t, "); give a file in a folder that this user may write to; until it can be opened "
                 "nothing is logged");
    complain(about, &t);
}

static void set_up(void)
{
    if (getauxval(AT_SECURE)) {
        return; /* setuid, file capabilities: no setting is trusted */
    }
    clock_begin();
    settings_load(environ);
    wanted_begin();
    if (!settings.on) {
        return;
    }
    process_begin(settings.logging && settings.level <= LEVEL_INFO);
    int err = settings.logging ? log_open() : 0;
    if (err < 0 && settings.log == LOG_FILE) {
        complain_about_log(-err);
    }
    complain_about_settings();
}

bool sockshim_begin(void)
{
    /* Before the C library's own start there is no environment: a preloaded
     * allocator may be called by then. The constructor will come. */
    if (!environ || atomic_exchange(&begun, true)) {
        return false;
    }
    int kept = errno;
    set_up();
    errno = kept;
    atomic_store_explicit(&sockshim_ready, true, memory_order_release);
    return true;
}

static __attribute__((noinline)) void write_start(const struct moment *m)
{
    char line[RECORD_SIZE];
    if (!process_is_caged()) {
        settings_find_exe();
    }
    log_write(line, record_start(line, m), m);
}

void sockshim_first_socket(bool by_own_call)
{
    int kept = errno;
    if (!sockshim_set_up()) {
        atomic_store(&sockshim_early_socket, true);
        return;
    }
    if (settings.sigpipe != SIGPIPE_OFF && settings.sigpipe != SIGPIPE_ALWAYS) {
        sigpipe_install();
    }
    struct moment m = this_moment();
    if (!m.who.is_vfork_child && process_socket_is_seen(by_own_call) && settings.logging &&
        settings.level <= LEVEL_INFO && process_first_time(ONCE_START)) {
        write_start(&m);
    }
    errno = kept;
}
