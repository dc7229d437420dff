#include "start/start.h"

#include "base/ask.h"
#include "base/next.h"
#include "base/raw.h"
#include "base/settings.h"
#include "failure/failed.h"
#include "force/nodelay.h"
#include "force/raiser.h"
#include "force/sigpipe.h"
#include "log/log.h"
#include "tell/record.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static atomic_bool begun;
atomic_bool sockshim_ready;
static atomic_bool early_socket; /* there was one before there were settings */

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
    settings_load(environ);
    failed_begin();
    if (!settings.on) {
        return;
    }
    process_begin(settings.logging && settings.level <= LEVEL_INFO);
    int err = settings.logging ? log_open() : 0;
    if (err && settings.log == LOG_FILE) {
        complain_about_log(err);
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

void sockshim_first_socket(void)
{
    int kept = errno;
    if (!sockshim_set_up()) {
        atomic_store(&early_socket, true);
        return;
    }
    if (settings.sigpipe != SIGPIPE_OFF && settings.sigpipe != SIGPIPE_ALWAYS) {
        sigpipe_install();
    }
    struct moment m = this_moment();
    if (!m.who.is_vfork_child && process_socket_is_seen() && settings.logging &&
        settings.level <= LEVEL_INFO && process_first_time(ONCE_START)) {
        write_start(&m);
    }
    errno = kept;
}

/* The last descriptor that is looked at. A parent, inetd or a supervisor leaves low
 * ones; how many systemd leaves is said by sd_listen_fds(3). */
static int last_inherited(void)
{
    const char *passed = getenv("LISTEN_FDS");
    int last = 63;
    int count = 0;
    for (; passed && *passed >= '0' && *passed <= '9' && count < 4096; passed++) {
        count = count * 10 + (*passed - '0');
    }
    return count + 2 > last ? count + 2 : last;
}

/* Whether there are sockets. A unix socket as standard input, output or error does not
 * count: systemd's journal and Node give such to programs that know of no socket. */
static bool take_inherited(void)
{
    bool found = false;
    int last = last_inherited();
    for (int fd = 0; fd <= last; fd++) {
        if (raiser_is_socket(fd) && (fd > STDERR_FILENO || is_ip_socket(fd))) {
            nodelay_force(fd);
            found = true;
        }
    }
    return found;
}

__attribute__((constructor)) static void start(void)
{
    int kept = errno;
    sockshim_set_up();
    next_resolve();
    sigpipe_tell = failed_for_good;
    if (settings.sigpipe == SIGPIPE_ALWAYS) {
        sigpipe_install();
    }
    if (settings.on && (take_inherited() || atomic_load(&early_socket))) {
        sockshim_has_socket();
    }
    errno = kept;
}
