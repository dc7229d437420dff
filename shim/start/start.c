#include "start/start.h"

#include "base/ask.h"
#include "base/next.h"
#include "base/raw.h"
#include "base/settings.h"
#include "failure/failed.h"
#include "log/find.h"
#include "log/keep.h"
#include "log/log.h"
#include "tell/record.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static atomic_bool begun;
atomic_bool sockshim_ready;
atomic_bool sockshim_socket_seen;
static atomic_bool early_socket; /* there was one before there were settings */

/* What is wrong with the settings, for the log, which is opened later: by then the values
 * may be gone from the environment. */
static char complaints[SETTING_COUNT][COMPLAINT_SIZE];
static size_t complaint_lengths[SETTING_COUNT];

static void say_on_stderr(const char *about, size_t len)
{
    char line[RECORD_SIZE];
    struct text t = text_in(line, sizeof line, QUOTE_PLAIN);
    text_add(&t, "sockshim: ");
    text_bytes(&t, about, len);
    text_add(&t, "\n");
    log_complain(line, (size_t)(t.at - line));
}

/* A person should know: one line on stderr, and one in the log unless that is the same
 * place. */
static void complain_about_settings(bool has_stderr)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        struct text t = text_in(complaints[i], COMPLAINT_SIZE, QUOTE_PLAIN);
        if (settings.wrong[i]) {
            settings_complaint(&t, (enum setting)i);
            complaint_lengths[i] = (size_t)(t.at - complaints[i]);
            if (!has_stderr) {
                say_on_stderr(complaints[i], complaint_lengths[i]);
            }
        }
    }
}

static size_t compose_complaint(char *line, const struct moment *m, const void *what)
{
    size_t i = *(const size_t *)what;
    return record_config(line, m, complaints[i], complaint_lengths[i]);
}

static void log_complaints(void)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (complaint_lengths[i] > 0) {
            log_tell(compose_complaint, &i);
        }
    }
}

static __attribute__((noinline)) void complain_about_log(int err)
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
    say_on_stderr(about, (size_t)(t.at - about));
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
    bool has_log = settings.logging && log_begin() == 0;
    if (settings.logging && settings.log == LOG_FILE) {
        pthread_atfork(log_before_fork, log_after_fork, log_after_fork);
    }
    complain_about_settings(has_log && settings.log == LOG_STDERR);
    if (has_log && settings.log == LOG_STDERR) {
        log_complaints();
    }
}

atomic_bool sockshim_log_opened;

__attribute__((noinline)) void sockshim_log_open(void)
{
    struct moment m = this_moment();
    if (m.who.is_vfork_child || !sockshim_set_up() || atomic_exchange(&sockshim_log_opened, true) ||
        !settings.logging || settings.log != LOG_FILE) {
        return;
    }
    int kept = errno;
    int err = log_open(&m);
    if (err < 0) {
        complain_about_log(-err);
    }
    log_complaints();
    errno = kept;
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

static size_t compose_start(char *line, const struct moment *m, const void *unused)
{
    (void)unused;
    return record_start(line, m);
}

static void write_start(void)
{
    if (!process_is_caged()) {
        settings_find_exe();
    }
    log_tell(compose_start, NULL);
}

void sockshim_first_socket(void)
{
    int kept = errno;
    if (!sockshim_set_up()) {
        atomic_store(&early_socket, true);
        return;
    }
    if (settings.sigpipe == SIGPIPE_IGNORE) {
        sigpipe_swallow();
    }
    sockshim_needs_log();
    if (!process_identify().is_vfork_child && !atomic_exchange(&sockshim_socket_seen, true) &&
        settings.logging && settings.level <= LEVEL_INFO && process_first_time(ONCE_START)) {
        write_start();
    }
    errno = kept;
}

bool sockshim_forces_sigpipe(void)
{
    return settings.sigpipe == SIGPIPE_ALWAYS ||
           (settings.sigpipe == SIGPIPE_IGNORE && atomic_load(&sockshim_socket_seen));
}

void force_nodelay(int fd)
{
    int on = 0;
    socklen_t len = sizeof on;
    /* One question in the common case: it is on already, from the listening
     * socket or from socket(). Reading it is harmless on whatever socket this
     * is; setting it is not, for level 6 is Bluetooth's L2CAP, too. */
    if (!settings.nodelay || process_is_caged() ||
        raw(SYS_getsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) < 0 || on ||
        !is_tcp_socket(fd)) {
        return;
    }
    on = 1;
    raw(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Descriptors that a parent, inetd or systemd (sd_listen_fds(3)) left us. */
static bool inherited_ip_socket(void)
{
    const char *passed = getenv("LISTEN_FDS");
    int last = 15;
    int count = 0;
    for (; passed && *passed >= '0' && *passed <= '9' && count < 4096; passed++) {
        count = count * 10 + (*passed - '0');
    }
    if (count + 2 > last) {
        last = count + 2;
    }
    for (int fd = 0; fd <= last; fd++) {
        if (is_ip_socket(fd)) {
            return true;
        }
    }
    return false;
}

/* The program ends in order. */
__attribute__((destructor)) static void end(void)
{
    int kept = errno;
    if (settings.logging) {
        log_end();
    }
    errno = kept;
}

__attribute__((constructor)) static void start(void)
{
    int kept = errno;
    sockshim_set_up();
    next_resolve();
    if (settings.sigpipe == SIGPIPE_ALWAYS) {
        sigpipe_swallow();
    }
    if (settings.on && (atomic_load(&early_socket) || inherited_ip_socket())) {
        sockshim_has_socket();
    }
    errno = kept;
}
