#include "base/settings.h"

#include "base/nearest.h"
#include "base/raw.h"
#include "base/setting.h"
#include "base/tally_page.h"

#include <errno.h>
#include <string.h>

_Alignas(64) struct settings settings;

/* The value of `entry` if it is this variable's, else NULL. */
static const char *value_of(const char *entry, const char *variable)
{
    size_t len = strlen(variable);
    return strncmp(entry, variable, len) == 0 && entry[len] == '=' ? entry + len + 1 : NULL;
}

static void note_unknown(const char *entry)
{
    for (int i = 0; i < UNKNOWN_MAX; i++) {
        if (!settings.unknown[i]) {
            settings.unknown[i] = entry;
            return;
        }
    }
}

/* The first of two counts, as with getenv(). */
static void find_setting(const char *entry, const char *given[SETTING_COUNT])
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        const char *value = value_of(entry, setting_rows[i].variable);
        if (value) {
            given[i] = given[i] ? given[i] : value;
            return;
        }
    }
    if (entry[sizeof "SOCKSHIM" - 1] == '_') {
        note_unknown(entry);
    }
}

/* Where the digits end. */
static const char *read_digits(const char *at, uint64_t *number)
{
    for (*number = 0; *at >= '0' && *at <= '9'; at++) {
        *number = *number * 10 + (uint64_t)(*at - '0');
    }
    return at;
}

/* DEVICE:INODE, from systemd (systemd.exec(5)). */
static void read_journal_stream(const char *value)
{
    uint64_t device, inode;
    const char *at = read_digits(value, &device);
    if (*at == ':' && *read_digits(at + 1, &inode) == 0) {
        settings.journal_device = device;
        settings.journal_inode = inode;
    }
}

/* What the environment has of our settings; an empty value counts as unset. */
static void find_settings(char **environment, const char *given[SETTING_COUNT])
{
    for (; environment && *environment; environment++) {
        if (strncmp(*environment, "SOCKSHIM", 8) == 0) {
            find_setting(*environment, given);
        } else if (value_of(*environment, "JOURNAL_STREAM")) {
            read_journal_stream(value_of(*environment, "JOURNAL_STREAM"));
        } else if (value_of(*environment, TALLY_VARIABLE)) {
            settings.tally = value_of(*environment, TALLY_VARIABLE);
        }
    }
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (given[i] && !*given[i]) {
            given[i] = NULL;
        }
    }
}

void settings_find_exe(void)
{
    if (!*settings.exe) {
        raw(SYS_readlinkat, -100, "/proc/self/exe", settings.exe, sizeof settings.exe - 1);
    }
}

/* The name that a program starts itself anew by (Chromium, Electron, runc) tells
 * nothing: there the executable is asked for. */
static const char *invoked_as(void)
{
    const char *path = program_invocation_name ? program_invocation_name : "";
    if (strcmp(path, "/proc/self/exe") != 0) {
        return path;
    }
    settings_find_exe();
    return *settings.exe ? settings.exe : path;
}

static void name_program(void)
{
    const char *name = basename_of(invoked_as());
    size_t len = strnlen(name, sizeof settings.prog - 1);
    memcpy(settings.prog, name, len);
    settings.prog[len] = 0;
}

static void put_number(struct text *t, const char *name, int number)
{
    text_add(t, name);
    text_unsigned(t, (unsigned)number);
}

/* What was derived, which nobody has written down. */
static void put_derived(struct text *t)
{
    const struct handling *h = &settings.handling;
    put_number(t, "(idle=", h->keepalive.idle);
    put_number(t, ",interval=", h->keepalive.interval);
    put_number(t, ",count=", h->keepalive.count);
    put_number(t, ",user_timeout=", (int)h->dead_peer_ms);
    text_add(t, ")");
}

static bool is_of_recorder(enum setting i)
{
    return i == SETTING_RECORDER || i == SETTING_RECORDER_SIZE || i == SETTING_RECORDER_CALLS;
}

static void put_setting(struct text *t, enum setting i, const char *value)
{
    bool is_free =
        i == SETTING_LOG || i == SETTING_LOG_LIMIT || i == SETTING_SKIP || i == SETTING_ONLY;
    text_add(t, i == SETTING_LOG ? "" : " ");
    text_add(t, setting_rows[i].label);
    text_add(t, "=");
    text_add(t, is_free ? value : "");
    for (const char *at = value; !is_free && *at; at++) {
        text_char(t, small_letter(*at));
    }
    if (i == SETTING_DEAD_PEER) {
        put_derived(t);
    }
}

/* The value in force, in words; NULL: nothing to tell of. */
static const char *value_in_force(enum setting i, const char *given)
{
    const char *initial = setting_rows[i].initial;
    bool replaced = settings.wrong[i] && initial;
    const char *value = given && !replaced ? given : initial;
    if (is_of_recorder(i)) {
        return NULL;
    }
    if (setting_is_handling(i)) {
        return settings.watch || setting_is(value, "off") ? NULL : value;
    }
    if (i == SETTING_LOG && settings.log != LOG_OFF) {
        return settings.log == LOG_FILE ? settings.log_path : "stderr";
    }
    return settings.watch && (i == SETTING_SIGPIPE || i == SETTING_NODELAY) ? "off" : value;
}

/* Of the summary. */
static size_t length_without_recorder;

/* Kept as text: programs that write a title over their arguments (setproctitle)
 * write over the environment, too. */
static void summarize(const char *const given[])
{
    struct text t = text_in(settings.summary, sizeof settings.summary - 1, QUOTE_PLAIN);
    for (enum setting i = SETTING_LOG; i < SETTING_COUNT; i++) {
        const char *value = value_in_force(i, given[i]);
        if (value) {
            put_setting(&t, i, value);
        }
    }
    if (settings.watch) {
        text_add(&t, " mode=watch");
    }
    *t.at = 0;
    length_without_recorder = (size_t)(t.at - settings.summary);
    if (settings.recording) {
        text_add(&t, " recorder=");
        text_bytes(&t, settings.recorder_path, strlen(settings.recorder_path));
        text_add(&t, settings.records_calls ? " recorder_calls=all" : "");
        *t.at = 0;
    }
}

/* Who wants what. */
static void settle_records(void)
{
    bool is_logged =
        settings.logging && settings.level <= LEVEL_INFO && !settings_skips_call(CALL_close);
    settings.closes = settings.asks_closes && (settings.recording || is_logged);
    settings.unwanted_calls = settings.recording ? 0 : settings.skip_calls;
}

void settings_drop_recorder(void)
{
    settings.recording = false;
    settings.summary[length_without_recorder] = 0;
    settle_records();
}

void settings_load(char **environment)
{
    const char *given[SETTING_COUNT] = {NULL};
    name_program();
    find_settings(environment, given);
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (setting_rows[i].initial) {
            size_t nothing;
            setting_rows[i].read(setting_rows[i].initial, &nothing);
        }
        if (given[i]) {
            settings.wrong[i] = setting_rows[i].read(given[i], &settings.wrong_len[i]);
        }
    }
    if (!settings.on || settings.watch) {
        settings.nodelay = false;
        settings.sigpipe = settings.on ? SIGPIPE_WATCH : SIGPIPE_OFF;
        settings.handling = (struct handling){0};
    }
    handling_settle(&settings.handling);
    settings.logging = settings.on && settings.log != LOG_OFF;
    if (!settings.logging) {
        settings.skip_calls = ~(uint64_t)0; /* asked first of all by failed() */
    }
    settings.recording &= settings.on;
    settle_records();
    summarize(given);
}

static void complain_about_value(struct text *t, enum setting setting)
{
    size_t len = settings.wrong_len[setting];
    bool cut = len > 100;
    text_add(t, setting_rows[setting].variable);
    text_add(t, ": ");
    text_bytes(t, settings.wrong[setting], cut ? 100 : len);
    text_add(t, cut ? "..." : "");
    text_add(t, " is not allowed; allowed: ");
    text_add(t, setting_rows[setting].allowed);
    text_add(t, "; using ");
    text_add(t, setting_rows[setting].initial ? setting_rows[setting].initial : "the others");
}

/* NULL if none is near: most of the letters are others. */
static const char *nearest_variable(const char *name, size_t len)
{
    const size_t skipped = sizeof "SOCKSHIM_" - 1;
    const char *nearest = NULL;
    unsigned least = (unsigned)(len - skipped) * 2 / 3 + 1;
    for (int i = SETTING_LOG; i < SETTING_COUNT; i++) {
        const char *variable = setting_rows[i].variable;
        unsigned letters = letters_between(name + skipped, len - skipped, variable + skipped,
                                           strlen(variable) - skipped);
        nearest = letters < least ? variable : nearest;
        least = letters < least ? letters : least;
    }
    return nearest;
}

static void complain_about_name(struct text *t, const char *entry)
{
    size_t len = strcspn(entry, "=");
    bool cut = len > 100;
    text_bytes(t, entry, cut ? 100 : len);
    text_add(t, cut ? "..." : "");
    text_add(t, " is not a setting and is ignored; ");
    const char *nearest = nearest_variable(entry, len);
    text_add(t, nearest ? "did you mean " : "man libsockshim lists the settings");
    text_add(t, nearest ? nearest : "");
    text_add(t, nearest ? "?" : "");
}

bool settings_complaint(struct text *t, unsigned i)
{
    const char *unknown = i >= SETTING_COUNT ? settings.unknown[i - SETTING_COUNT] : NULL;
    if (unknown) {
        complain_about_name(t, unknown);
    } else if (i < SETTING_COUNT && settings.wrong[i]) {
        complain_about_value(t, (enum setting)i);
    } else {
        return false;
    }
    return true;
}
