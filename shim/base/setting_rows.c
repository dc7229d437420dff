/* The settings, a row each, and what their values mean. */
#include "base/raw.h"
#include "base/setting.h"

#include <fnmatch.h>
#include <string.h>

static setting_reader read_on, read_log, read_limit, read_format, read_sigpipe, read_nodelay,
    read_level, read_recorder, read_recorder_size, read_recorder_calls, read_skip, read_close,
    read_only;

#define A_DURATION "a duration such as 500ms, 30s or 5m, or off"

const struct setting_row setting_rows[SETTING_COUNT] = {
    [SETTING_ON] = {"SOCKSHIM", "on", read_on, "on, watch, off", "on"},
    [SETTING_LOG] = {"SOCKSHIM_LOG", "log", read_log,
                     "a file whose path is within the system's limit, stderr, off", "stderr"},
    [SETTING_LOG_LIMIT] = {"SOCKSHIM_LOG_LIMIT", "limit", read_limit,
                           "a number of bytes, optionally followed by K, M or G, or 0", "1G"},
    [SETTING_FORMAT] = {"SOCKSHIM_FORMAT", "format", read_format, "logfmt, json", "logfmt"},
    [SETTING_SIGPIPE] = {"SOCKSHIM_SIGPIPE", "sigpipe", read_sigpipe,
                         "sockets, ignore, always, off", "sockets"},
    [SETTING_NODELAY] = {"SOCKSHIM_NODELAY", "nodelay", read_nodelay, "on, off", "on"},
    [SETTING_LEVEL] = {"SOCKSHIM_LEVEL", "level", read_level, "debug, info, warn, error", "debug"},
    [SETTING_RECORDER] = {"SOCKSHIM_RECORDER", "recorder", read_recorder,
                          "a file whose path is within the system's limit, off", "off"},
    [SETTING_RECORDER_SIZE] = {"SOCKSHIM_RECORDER_SIZE", "recorder_size", read_recorder_size,
                               "a number of bytes from 1M to 1G, optionally followed by K, M or G",
                               "16M"},
    [SETTING_RECORDER_CALLS] = {"SOCKSHIM_RECORDER_CALLS", "recorder_calls", read_recorder_calls,
                                "failed, all", "failed"},
    [SETTING_DEAD_PEER] = {"SOCKSHIM_DEAD_PEER", "dead_peer", read_dead_peer,
                           "whole seconds from 3s to 32767s, such as 30s, or off", "off"},
    [SETTING_KEEPALIVE] = {"SOCKSHIM_KEEPALIVE", "keepalive", read_keepalive,
                           "IDLE[,INTERVAL[,COUNT]] in seconds and probes, such as 60,10,6, or off",
                           "off"},
    [SETTING_CONNECT_TIMEOUT] = {"SOCKSHIM_CONNECT_TIMEOUT", "connect_timeout",
                                 read_connect_timeout, A_DURATION, "off"},
    [SETTING_CONNECT_RETRY] = {"SOCKSHIM_CONNECT_RETRY", "connect_retry", read_connect_retry,
                               A_DURATION, "off"},
    [SETTING_RECV_TIMEOUT] = {"SOCKSHIM_RECV_TIMEOUT", "recv_timeout", read_recv_timeout,
                              A_DURATION, "off"},
    [SETTING_BACKLOG] = {"SOCKSHIM_BACKLOG", "backlog", read_backlog,
                         "a number of connections, such as 4096, or off", "off"},
    [SETTING_REUSEADDR] = {"SOCKSHIM_REUSEADDR", "reuseaddr", read_reuseaddr, "on, off", "off"},
    [SETTING_ACCEPT] = {"SOCKSHIM_ACCEPT", "accept", read_accept, "careful, off", "off"},
    [SETTING_EINTR] = {"SOCKSHIM_EINTR", "eintr", read_eintr, "restart, off", "off"},
    [SETTING_RESET] = {"SOCKSHIM_RESET", "reset", read_reset, "eof, off", "off"},
    [SETTING_SKIP] = {"SOCKSHIM_SKIP", "skip", read_skip,
                      "causes, errno names and call names, separated by commas", NULL},
    [SETTING_CLOSE] = {"SOCKSHIM_CLOSE", "close", read_close, "on, off", "on"},
    [SETTING_ONLY] = {"SOCKSHIM_ONLY", "only", read_only, "globs separated by commas", NULL},
};

static const char *read_switch(const char *value, size_t *len, bool *result)
{
    if (setting_is(value, "on") || setting_is(value, "off")) {
        *result = setting_is(value, "on");
        return NULL;
    }
    return all_wrong(value, len);
}

static const char *read_on(const char *value, size_t *len)
{
    settings.watch = setting_is(value, "watch");
    return settings.watch ? NULL : read_switch(value, len, &settings.on);
}

static const char *read_nodelay(const char *value, size_t *len)
{
    return read_switch(value, len, &settings.nodelay);
}

static const char *read_close(const char *value, size_t *len)
{
    return read_switch(value, len, &settings.asks_closes);
}

static const char *read_format(const char *value, size_t *len)
{
    settings.json = setting_is(value, "json");
    return settings.json || setting_is(value, "logfmt") ? NULL : all_wrong(value, len);
}

static const char *read_sigpipe(const char *value, size_t *len)
{
    static const char *const words[] = {"off", "sockets", "ignore", "always"};
    for (int i = 0; i < 4; i++) {
        if (setting_is(value, words[i])) {
            settings.sigpipe = (enum sigpipe_mode)i;
            return NULL;
        }
    }
    return all_wrong(value, len);
}

static const char *read_level(const char *value, size_t *len)
{
    for (enum level level = LEVEL_DEBUG; level <= LEVEL_ERROR; level++) {
        if (setting_is(value, level_name(level))) {
            settings.level = level;
            return NULL;
        }
    }
    return all_wrong(value, len);
}

static bool read_bytes(const char *value, uint64_t *bytes)
{
    uint64_t number = 0;
    const char *at = value;
    while (*at >= '0' && *at <= '9') {
        unsigned digit = (unsigned)(*at++ - '0');
        if (number > ((uint64_t)INT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    bool has_digits = at > value;
    unsigned shift = setting_is(at, "K")   ? 10
                     : setting_is(at, "M") ? 20
                     : setting_is(at, "G") ? 30
                                           : 0;
    at += shift != 0;
    if (!has_digits || *at || number > (uint64_t)INT64_MAX >> shift) {
        return false;
    }
    *bytes = number << shift;
    return true;
}

static const char *read_limit(const char *value, size_t *len)
{
    return read_bytes(value, &settings.log_limit) ? NULL : all_wrong(value, len);
}

/* Whole pages. */
static const char *read_recorder_size(const char *value, size_t *len)
{
    uint64_t bytes;
    if (!read_bytes(value, &bytes) || bytes < RECORDER_LEAST || bytes > RECORDER_MOST) {
        return all_wrong(value, len);
    }
    settings.recorder_size = bytes / 4096 * 4096;
    return NULL;
}

static const char *read_recorder_calls(const char *value, size_t *len)
{
    settings.records_calls = setting_is(value, "all");
    return settings.records_calls || setting_is(value, "failed") ? NULL : all_wrong(value, len);
}

/* The next of the words with commas between them, blanks around it taken off;
 * *len is 0 for an empty one. NULL at the end. */
static const char *next_word(const char **at, size_t *len)
{
    const char *word = *at;
    if (!word) {
        return NULL;
    }
    const char *comma = strchr(word, ',');
    const char *end = comma ? comma : word + strlen(word);
    *at = comma ? comma + 1 : NULL;
    while (word < end && *word == ' ') {
        word++;
    }
    while (end > word && end[-1] == ' ') {
        end--;
    }
    *len = (size_t)(end - word);
    return word;
}

/* Whether the word was one. */
static bool skip(const char *word, size_t len)
{
    int call = call_number(word, len);
    int cause = cause_number(word, len);
    int err = errno_number(word, len);
    if (call >= 0) {
        settings.skip_calls |= (uint64_t)1 << call;
    }
    if (cause >= 0) {
        settings.skip_causes |= (uint64_t)1 << cause;
    }
    if (err > 0) {
        settings.skip_errnos[err / 64] |= (uint64_t)1 << err % 64;
    }
    bool known = call >= 0 || cause >= 0 || err > 0;
    settings.skips |= known;
    return known;
}

static const char *read_skip(const char *value, size_t *len)
{
    const char *wrong = NULL;
    size_t word_len;
    for (const char *word, *at = value; (word = next_word(&at, &word_len));) {
        if (word_len > 0 && !skip(word, word_len) && !wrong) {
            wrong = word;
            *len = word_len;
        }
    }
    return wrong;
}

static const char *read_only(const char *value, size_t *len)
{
    const char *wrong = NULL;
    size_t globs = 0;
    size_t word_len;
    bool matches = false;
    settings_find_exe();
    for (const char *word, *at = value; (word = next_word(&at, &word_len));) {
        char glob[256];
        if (word_len == 0) {
            continue;
        }
        if (word_len >= sizeof glob) {
            wrong = word;
            *len = word_len;
            continue;
        }
        memcpy(glob, word, word_len);
        glob[word_len] = 0;
        globs++;
        matches |= fnmatch(glob, settings.prog, 0) == 0 ||
                   fnmatch(glob, basename_of(settings.exe), 0) == 0;
    }
    settings.on = settings.on && (matches || globs == 0);
    return wrong;
}

static bool append(char **at, const char *end, const char *bytes, size_t len)
{
    if ((size_t)(end - *at) <= len) {
        return false;
    }
    memcpy(*at, bytes, len);
    *at += len;
    **at = 0;
    return true;
}

static bool append_pid(char **at, const char *end)
{
    char digits[24];
    struct text t = text_in(digits, sizeof digits, QUOTE_PLAIN);
    text_signed(&t, raw(SYS_getpid));
    return append(at, end, digits, (size_t)(t.at - digits));
}

/* What may be put behind a path: rotation's ".new", and a pid before it. */
enum { SUFFIX_ROOM = 48 };

/* The path made absolute, with %p and %n put in, into PATH_MAX bytes, which hold what may
 * be put behind it, too. */
static bool expand_path(const char *value, char *path)
{
    char *at = path;
    const char *end = path + PATH_MAX - SUFFIX_ROOM;
    bool fits = true;
    if (*value != '/') {
        long len = raw(SYS_getcwd, at, end - at);
        if (len <= 1) {
            return false;
        }
        at += len - 1; /* it counts the NUL */
        fits = at[-1] == '/' || append(&at, end, "/", 1);
    }
    for (; fits && *value; value++) {
        if (value[0] == '%' && value[1] == 'p') {
            fits = append_pid(&at, end);
            value++;
        } else if (value[0] == '%' && value[1] == 'n') {
            fits = append(&at, end, settings.prog, strlen(settings.prog));
            value++;
        } else {
            fits = append(&at, end, value, 1);
        }
    }
    return fits;
}

static const char *read_recorder(const char *value, size_t *len)
{
    settings.recording = !setting_is(value, "off");
    if (settings.recording && !expand_path(value, settings.recorder_path)) {
        settings.recording = false;
        return all_wrong(value, len);
    }
    return NULL;
}

/* Other names of descriptor 2: to open them would keep it open by a copy of ours. */
static bool is_stderr(const char *value)
{
    return setting_is(value, "stderr") || setting_is(value, "/dev/stderr") ||
           setting_is(value, "/dev/fd/2") || setting_is(value, "/proc/self/fd/2");
}

static const char *read_log(const char *value, size_t *len)
{
    if (is_stderr(value) || setting_is(value, "off")) {
        settings.log = setting_is(value, "off") ? LOG_OFF : LOG_STDERR;
        return NULL;
    }
    if (!expand_path(value, settings.log_path)) {
        return all_wrong(value, len);
    }
    settings.log = LOG_FILE;
    return NULL;
}
