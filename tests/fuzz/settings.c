/* Hostile environments: the settings that come out of them make sense, and what
 * is said about them is well-formed in both formats. */
#include "base/settings.h"

#include "check.h"

#include <errno.h>

enum { VARIABLES_MAX = 16 };

/* NUL ends a variable. Its first byte says which; none of ours: whatever stands
 * there. The first string of all is argv[0]. */
static char **environment_of(const uint8_t *data, size_t size, char *text, char **argv0)
{
    static char *environment[VARIABLES_MAX + 1];
    const uint8_t *end = data + size;
    int count = -1;
    while (data < end && count < VARIABLES_MAX) {
        size_t len = strnlen((const char *)data, (size_t)(end - data));
        char *start = text;
        if (count >= 0 && len > 0 && *data > 0 && *data <= SETTING_COUNT) {
            text = stpcpy(stpcpy(text, setting_rows[*data - 1].variable), "=");
            data++;
            len--;
        }
        memcpy(text, data, len);
        text[len] = 0;
        text += len + 1;
        data += len + (len < (size_t)(end - data));
        *(count < 0 ? argv0 : &environment[count]) = start;
        count++;
    }
    environment[count < 0 ? 0 : count] = NULL;
    return environment;
}

static void require(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static bool ends(const char *text, size_t room)
{
    return memchr(text, 0, room);
}

static void check_settings(void)
{
    require(settings.on ||
                (!settings.nodelay && settings.sigpipe == SIGPIPE_OFF && !settings.logging),
            "off, and yet something is on");
    require(settings.sigpipe <= SIGPIPE_WATCH, "SIGPIPE's mode");
    require(settings.level <= LEVEL_ERROR, "the level");
    require(settings.log <= LOG_OFF, "the log");
    require(settings.log_limit <= INT64_MAX, "the limit");
    require(ends(settings.prog, sizeof settings.prog) && ends(settings.exe, sizeof settings.exe) &&
                ends(settings.summary, sizeof settings.summary),
            "a text without an end");
    require(settings.log != LOG_FILE || *settings.log_path == '/', "a path that is not absolute");
    /* What rotation puts behind it. */
    require(settings.log != LOG_FILE || ends(settings.log_path, sizeof settings.log_path - 4),
            "a path without room for .new");
}

static void check_defaults(void)
{
    require(!settings.wrong[SETTING_LOG] || settings.log == LOG_STDERR, "the log's default");
    require(!settings.wrong[SETTING_LOG_LIMIT] || settings.log_limit == 1 << 30, "the limit's");
    require(!settings.wrong[SETTING_FORMAT] || !settings.json, "the format's");
    require(!settings.wrong[SETTING_LEVEL] || settings.level == LEVEL_DEBUG, "the level's");
    require(!settings.on || !settings.wrong[SETTING_SIGPIPE] || settings.watch ||
                settings.sigpipe == SIGPIPE_SOCKETS,
            "SIGPIPE's");
    require(!settings.on || !settings.wrong[SETTING_NODELAY] || settings.watch || settings.nodelay,
            "TCP_NODELAY's");
}

/* One line that a terminal may be shown. */
static void check_plain(const char *text, size_t len)
{
    struct check c = {.line = text, .at = text, .end = text + len};
    while (c.at < c.end) {
        check_character(&c);
    }
}

static void check_complaint(enum setting setting)
{
    char about[COMPLAINT_SIZE], line[RECORD_SIZE];
    struct moment m = {.who = {.pid = 1, .tid = 1}};
    struct text t = text_in(about, sizeof about, QUOTE_PLAIN);
    settings_complaint(&t, setting);
    size_t len = (size_t)(t.at - about);
    require(!t.full, "a complaint that does not fit");
    check_plain(about, len);
    require(memmem(about, len, " is not allowed; allowed: ", 26), "what is allowed");
    require(memcmp(about, setting_rows[setting].variable, strlen(setting_rows[setting].variable)) ==
                0,
            "the variable");
    check_line(line, record_config(line, &m, LEVEL_ERROR, about, len), settings.json);
}

static void check_start(void)
{
    char line[RECORD_SIZE];
    struct moment m = {.who = {.pid = 1, .tid = 1}};
    struct check c = check_line(line, record_start(line, &m, "host", "/system.slice/nginx.service"),
                                settings.json);
    check_that(&c, check_is(&c, "event", "start") && check_has(&c, "settings"), "a start");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + VARIABLES_MAX * sizeof "SOCKSHIM_LOG_LIMIT=" + 1);
    char *argv0 = NULL;
    char **environment = environment_of(data, size, text, &argv0);
    char *own_name = program_invocation_name;
    memset(&settings, 0, sizeof settings);
    program_invocation_name = argv0;
    settings_load(environment);
    check_settings();
    check_defaults();
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (settings.wrong[i]) {
            check_complaint((enum setting)i);
        }
    }
    check_start();
    program_invocation_name = own_name;
    free(text);
    return 0;
}
