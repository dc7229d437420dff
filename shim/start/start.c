#include "start/start.h"

#include "base/clock.h"
#include "base/filter.h"
#include "base/next.h"
#include "base/raw.h"
#include "base/settings.h"
#include "base/tally.h"
#include "force/nodelay.h"
#include "force/sigpipe.h"
#include "log/change.h"
#include "log/find.h"
#include "log/keep.h"
#include "log/log.h"
#include "log/recorder.h"
#include "start/deadly.h"
#include "start/hindrance.h"
#include "start/unwritable.h"
#include "start/where.h"
#include "tell/record.h"
#include "tell/wanted.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static atomic_bool begun;
at_hand atomic_bool sockshim_ready;
atomic_bool sockshim_early_socket;

/* What is wrong with the settings, for the log, which is opened later: by then the values
 * may be gone from the environment. */
static char complaints[COMPLAINT_COUNT][COMPLAINT_SIZE];
static size_t complaint_lengths[COMPLAINT_COUNT];

/* A line for stderr, in a buffer of SAID_SIZE bytes: it is all of it that is on the stack. */
enum { SAID_SIZE = COMPLAINT_SIZE + sizeof "sockshim: \n" };

static struct text begin_to_say(char *line)
{
    struct text t = text_in(line, SAID_SIZE - 1, QUOTE_TERMINAL);
    text_add(&t, "sockshim: ");
    return t;
}

static void say_on_stderr(struct text *t, const char *line)
{
    *t->at++ = '\n';
    log_complain(line, (size_t)(t->at - line));
}

static __attribute__((noinline)) void say_complaint(const char *about, size_t len)
{
    char line[SAID_SIZE];
    struct text t = begin_to_say(line);
    text_bytes(&t, about, len);
    say_on_stderr(&t, line);
}

/* A person should know: one line on stderr, and one in the log unless that is the same
 * place. */
static void complain_about_settings(bool has_stderr)
{
    for (unsigned i = 0; i < COMPLAINT_COUNT; i++) {
        struct text t = text_in(complaints[i], COMPLAINT_SIZE, QUOTE_PLAIN);
        if (settings_complaint(&t, i)) {
            complaint_lengths[i] = (size_t)(t.at - complaints[i]);
            recorder_config(LEVEL_ERROR, complaints[i], complaint_lengths[i]);
            if (!has_stderr) {
                say_complaint(complaints[i], complaint_lengths[i]);
            }
        }
    }
}

static size_t compose_complaint(char *line, const void *what)
{
    size_t i = (size_t)((const char(*)[COMPLAINT_SIZE])what - complaints);
    struct moment m = this_moment();
    return record_config(line, &m, LEVEL_ERROR, complaints[i], complaint_lengths[i]);
}

static void log_complaints(void)
{
    for (size_t i = 0; i < COMPLAINT_COUNT; i++) {
        if (complaint_lengths[i] > 0) {
            log_tell(compose_complaint, complaints[i]);
        }
    }
}

static __attribute__((noinline)) void complain_about_log(int err)
{
    char line[SAID_SIZE];
    struct text t = begin_to_say(line);
    const char *name = errno_name(err);
    text_add(&t, "SOCKSHIM_LOG: cannot write to ");
    text_bytes(&t, settings.log_path, strnlen(settings.log_path, 300));
    text_add(&t, strlen(settings.log_path) > 300 ? "... (" : " (");
    text_add(&t, name ? name : "?");
    text_add(&t, "): ");
    text_add(&t, unwritable_because(err));
    text_add(&t, "; nothing is logged until it can be opened");
    say_on_stderr(&t, line);
}

static __attribute__((noinline)) void complain_about_recorder(const char *wrong)
{
    char line[SAID_SIZE];
    struct text t = begin_to_say(line);
    text_add(&t, "SOCKSHIM_RECORDER: ");
    text_bytes(&t, settings.recorder_path, strnlen(settings.recorder_path, 250));
    text_char(&t, ' ');
    text_add(&t, wrong);
    text_add(&t, "; nothing is recorded");
    say_on_stderr(&t, line);
}

static void begin_recorder(void)
{
    const char *wrong = recorder_begin();
    if (wrong) {
        settings_drop_recorder();
        complain_about_recorder(wrong);
    }
}

at_hand atomic_bool sockshim_log_opened;
static void after_fork_in_child(void);

static void set_up(void)
{
    if (getauxval(AT_SECURE)) {
        return; /* setuid, file capabilities: no setting is trusted */
    }
    if (!process_has_our_libc()) {
        return;
    }
    if (next_is_second()) {
        return; /* each record once: the one in front knows who called */
    }
    clock_begin();
    settings_load(environ);
    log_take_stderr();
    if (settings.recording) {
        begin_recorder();
    }
    wanted_begin();
    if (!settings.on) {
        return;
    }
    tally_begin(settings.tally);
    bool tells_start = settings.logging && settings.level <= LEVEL_INFO;
    process_begin(tells_start || settings.recording);
    bool has_log = settings.logging && log_begin() == 0;
    if (settings.logging && settings.log == LOG_FILE) {
        process_at_fork(log_before_fork, log_after_fork_in_parent, after_fork_in_child);
        process_is_born = after_fork_in_child;
    }
    complain_about_settings(has_log && settings.log == LOG_STDERR);
    if (has_log && settings.log == LOG_STDERR) {
        log_complaints();
    }
}

/* Which thread opens the log, or has: the others wait, lest they lose what they have to
 * say; for a second, for that one may be gone. A handler on the same one does not. */
static _Atomic pid_t opener;

static void wait_for_opener(void)
{
    for (int step = 0; step < STEPS && !atomic_load(&sockshim_log_opened); step++) {
        wait_a_little(step);
    }
    atomic_store(&sockshim_log_opened, true);
}

static void after_fork_in_child(void)
{
    log_after_fork_in_child();
    if (!atomic_load(&sockshim_log_opened)) {
        atomic_store(&opener, 0);
    }
}

static atomic_bool filter_forbids_log;

/* As if the program had put the filter on itself. */
static void give_in_to_filter(void)
{
    if (!process_is_caged() && filter_kind() == FILTER_DEADLIER) {
        atomic_store(&filter_forbids_log, true);
        process_enter_cage();
    }
}

/* Whether it is a file that may be opened. */
static bool may_be_opened(const struct moment *m)
{
    int why = 0;
    if (!settings.logging) {
        return false;
    }
    if (settings.log != LOG_FILE) {
        why = -log_open(m);
    } else {
        give_in_to_filter();
        why = !process_is_caged()                ? 0
              : atomic_load(&filter_forbids_log) ? UNWRITABLE_FILTER
                                                 : UNWRITABLE_CAGE;
    }
    if (why != 0) {
        tally_unopened(why);
    }
    return settings.log == LOG_FILE && why == 0;
}

/* Whether this thread has opened it. */
static __attribute__((noinline)) bool open_it(void)
{
    struct moment m = this_moment();
    pid_t other = 0;
    int kept = errno;
    if (m.who.is_vfork_child || !sockshim_set_up()) {
        return false;
    }
    if (!may_be_opened(&m)) {
        atomic_store(&sockshim_log_opened, true);
        return false;
    }
    bool is_ours = atomic_compare_exchange_strong(&opener, &other, m.who.tid);
    if (is_ours) {
        int err = log_open(&m);
        if (err < 0) {
            complain_about_log(-err);
            tally_unopened(-err);
        }
    } else if (other != m.who.tid) {
        wait_for_opener();
    }
    errno = kept;
    return is_ours;
}

__attribute__((noinline)) void sockshim_log_open(void)
{
    if (open_it()) {
        log_complaints();
        atomic_store(&sockshim_log_opened, true);
    }
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

static size_t compose_start(char *line, const void *unused)
{
    struct moment m = this_moment();
    (void)unused;
    return record_start(line, &m, where_host, where_cgroup);
}

static void write_start(void)
{
    if (!process_is_caged()) {
        settings_find_exe();
        where_find();
    }
    recorder_start(where_host, where_cgroup);
    if (settings.logging && settings.level <= LEVEL_INFO) {
        log_tell(compose_start, NULL);
    }
}

bool sockshim_enter_cage(void)
{
    filter_find(); /* what comes now is the program's own */
    bool first = process_enter_cage();
    if (first) {
        settings_find_exe();
        log_enter_cage();
        sigpipe_enter_cage();
    }
    return first;
}

void (*sockshim_at_first_socket)(void);

void sockshim_nodelay_refused(int err)
{
    hindrance_refused(SETTING_NODELAY, "TCP_NODELAY", err);
}

void sockshim_force_nodelay(int fd)
{
    int err = nodelay_force(fd);
    if (err != 0) {
        sockshim_nodelay_refused(err);
    }
}

/* Whether the program is to be told of. */
static __attribute__((noinline)) bool begin_with_socket(bool by_own_call, int fd)
{
    give_in_to_filter();
    if (settings.sigpipe != SIGPIPE_OFF && settings.sigpipe != SIGPIPE_ALWAYS) {
        sigpipe_install();
    }
    sockshim_needs_log();
    /* Likewise, but the log is open, and written to. */
    if (by_own_call && filter_kind() == FILTER_DEADLY && sockshim_enter_cage()) {
        hindrance_found(SETTING_ON, HINDRANCE_FILTER);
    }
    if (by_own_call) {
        nodelay_catch_up();
        sockshim_force_nodelay(fd); /* so that event=start tells if it is refused */
    }
    if (process_identify().is_vfork_child || !process_socket_is_seen(by_own_call)) {
        return false;
    }
    tally_socket();
    return process_first_time(ONCE_START);
}

void sockshim_first_socket(bool by_own_call, int fd)
{
    int kept = errno;
    if (!sockshim_set_up()) {
        atomic_store(&sockshim_early_socket, true);
        return;
    }
    if (begin_with_socket(by_own_call, fd)) {
        write_start();
    }
    hindrances_tell();
    if (sockshim_at_first_socket) {
        sockshim_at_first_socket();
    }
    errno = kept;
}
