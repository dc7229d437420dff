#include "options.h"

#include "environment.h"
#include "handling.h"
#include "tables.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* What kind of value an option takes. */
enum kind {
    LOG,      /* a file, stderr or off */
    LIMIT,    /* bytes, with K, M or G behind the number */
    RECORDER, /* a file or off */
    RECORDER_SIZE,
    WORD, /* one of `values` */
    SKIP, /* causes, errno names and calls, with commas between them */
    ONLY, /* glob patterns of programs' names, with commas between them */
    DURATION,
    DEAD_PEER,
    KEEPALIVE,
    NUMBER,
    /* Without a value: */
    FIXED, /* `values` is the value */
    QUIET,
    FORCE,
    QUESTION,
};

static const struct option {
    const char *brief; /* NULL: has none */
    const char *name;
    enum kind kind;
    const char *variable;
    const char *values;
} table[] = {
    {"-o", "--log", LOG, "SOCKSHIM_LOG", NULL},
    {NULL, "--log-limit", LIMIT, "SOCKSHIM_LOG_LIMIT", NULL},
    {NULL, "--format", WORD, "SOCKSHIM_FORMAT", "logfmt, json"},
    {NULL, "--json", FIXED, "SOCKSHIM_FORMAT", "json"},
    {NULL, "--level", WORD, "SOCKSHIM_LEVEL", "debug, info, warn, error"},
    {NULL, "--skip", SKIP, "SOCKSHIM_SKIP", NULL},
    {NULL, "--recorder", RECORDER, "SOCKSHIM_RECORDER", NULL},
    {NULL, "--recorder-size", RECORDER_SIZE, "SOCKSHIM_RECORDER_SIZE", NULL},
    {NULL, "--recorder-calls", WORD, "SOCKSHIM_RECORDER_CALLS", "failed, all"},
    {NULL, "--only", ONLY, "SOCKSHIM_ONLY", NULL},
    {NULL, "--sigpipe", WORD, "SOCKSHIM_SIGPIPE", "sockets, ignore, always, off"},
    {NULL, "--no-sigpipe", FIXED, "SOCKSHIM_SIGPIPE", "off"},
    {NULL, "--no-nodelay", FIXED, "SOCKSHIM_NODELAY", "off"},
    {NULL, "--watch-only", FIXED, "SOCKSHIM", "watch"},
    {NULL, "--dead-peer", DEAD_PEER, "SOCKSHIM_DEAD_PEER", NULL},
    {NULL, "--keepalive", KEEPALIVE, "SOCKSHIM_KEEPALIVE", NULL},
    {NULL, "--connect-timeout", DURATION, "SOCKSHIM_CONNECT_TIMEOUT", NULL},
    {NULL, "--connect-retry", DURATION, "SOCKSHIM_CONNECT_RETRY", NULL},
    {NULL, "--recv-timeout", DURATION, "SOCKSHIM_RECV_TIMEOUT", NULL},
    {NULL, "--backlog", NUMBER, "SOCKSHIM_BACKLOG", NULL},
    {NULL, "--reuseaddr", FIXED, "SOCKSHIM_REUSEADDR", "on"},
    {NULL, "--accept", WORD, "SOCKSHIM_ACCEPT", "careful, off"},
    {NULL, "--eintr", WORD, "SOCKSHIM_EINTR", "restart, off"},
    {NULL, "--reset", WORD, "SOCKSHIM_RESET", "eof, off"},
    {"-q", NULL, QUIET, NULL, NULL},
    {NULL, "--force", FORCE, NULL, NULL},
    {"-h", "--help", QUESTION, NULL, "--help"},
    {"-V", "--version", QUESTION, NULL, "--version"},
};

enum { ROWS = sizeof table / sizeof *table };

/* A value for each row; of rows with one variable the last one given counts. */
static struct {
    const struct option *row;
    const char *value;
} given[ROWS];
static unsigned given_count;

static void give(const struct option *row, const char *value)
{
    unsigned i = 0;
    while (i < given_count && strcmp(given[i].row->variable, row->variable) != 0) {
        i++;
    }
    given[i].row = row;
    given[i].value = value;
    given_count += i == given_count;
}

void options_set(const char *variable, const char *value)
{
    for (unsigned i = 0; i < ROWS; i++) {
        if (table[i].variable && strcmp(table[i].variable, variable) == 0) {
            give(&table[i], value);
            return;
        }
    }
}

const char *options_setting(unsigned i, const char **value)
{
    if (i >= given_count) {
        return NULL;
    }
    *value = given[i].value;
    return given[i].row->variable;
}

const char *setting(const char *variable)
{
    for (unsigned i = 0; i < given_count; i++) {
        if (strcmp(given[i].row->variable, variable) == 0) {
            return given[i].value;
        }
    }
    const char *value = environment_get(variable);
    return value ? value : "";
}

const char *setting_name(const char *variable)
{
    for (unsigned i = 0; i < given_count; i++) {
        if (strcmp(given[i].row->variable, variable) == 0) {
            return given[i].row->name;
        }
    }
    return variable;
}

/* ---- Values ---- */

static _Noreturn void not_allowed(const char *option, const char *value, const char *allowed)
{
    wrong_call(*value ? "%s %s is not allowed; allowed: %s" : "%s needs a value%s: %s", option,
               value, allowed);
}

static void check_place(const char *option, const char *value, const char *places)
{
    if (!*value) {
        wrong_call("%s needs %s", option, places);
    }
}

/* As the shim reads it: at most 2^63 - 1 bytes. */
static void check_limit(const char *option, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    const char *end = value + digits;
    if (*end && strchr("KMGkmg", *end)) {
        end++;
    }
    if (digits == 0 || digits > 18 || *end) {
        not_allowed(option, value, "a number of bytes, optionally followed by K, M or G, or 0");
    }
}

/* From 1M to 1G. */
static void check_recorder_size(const char *option, const char *value)
{
    char *end;
    unsigned long long bytes = strtoull(value, &end, 10);
    unsigned shift = !strcasecmp(end, "K")   ? 10
                     : !strcasecmp(end, "M") ? 20
                     : !strcasecmp(end, "G") ? 30
                                             : 0;
    end += shift != 0;
    if (!strchr("0123456789", *value) || *end || bytes > 1 << 30 || bytes << shift < 1 << 20 ||
        bytes << shift > 1 << 30) {
        not_allowed(option, value,
                    "a number of bytes from 1M to 1G, optionally followed by K, M or G");
    }
}

/* The one of the words of the list that `word` is in upper or lower case; NULL if it is
 * none. */
static const char *among(const char *word, const char *list)
{
    size_t len = strlen(word);
    while (*list) {
        size_t one = strcspn(list, ",");
        if (one == len && strncasecmp(list, word, len) == 0) {
            return words("%.*s", (int)len, list);
        }
        list += one + strspn(list + one, ", ");
    }
    return NULL;
}

/* Empty, it takes back what the environment has. */
static void check_list(const char *option, const char *value)
{
    if (*value && !value[strspn(value, ", ")]) {
        wrong_call("%s needs a value", option);
    }
}

static void check_skip(const char *option, const char *value, const char *tables)
{
    while (*value) {
        value += strspn(value, ", ");
        size_t len = strcspn(value, ",");
        size_t end = len;
        while (end > 0 && value[end - 1] == ' ') {
            end--;
        }
        const char *word = words("%.*s", (int)end, value);
        const char *meant = NULL;
        if (*word && !tables_know(tables, word, &meant)) {
            wrong_call("%s: %s is not a cause, errno name or call%s%s%s", option, word,
                       meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
        }
        value += len;
    }
}

/* A program is known by its name, so a path would fit none. */
static void check_only(const char *option, const char *value)
{
    if (strchr(value, '/')) {
        wrong_call("%s %s is not allowed; allowed: names of programs without their paths, such as "
                   "%s",
                   option, value, basename_of(words("%.*s", (int)strcspn(value, ","), value)));
    }
}

/* What is wrong with a value for robust handling: what is allowed, or NULL. */
static const char *allowed_instead(enum kind kind, const char *value)
{
    long seconds;
    if (strcasecmp(value, "off") == 0) {
        return NULL;
    }
    switch (kind) {
    case DURATION:
        return handling_duration(value) > 0 ? NULL : "a duration such as 500ms, 30s or 5m, or off";
    case DEAD_PEER:
        return handling_is_dead_peer(value)
                   ? NULL
                   : "whole seconds from 3s to 32767s, such as 30s, or off";
    case KEEPALIVE:
        return handling_is_keepalive(value, &seconds)
                   ? NULL
                   : "IDLE[,INTERVAL[,COUNT]] in seconds and probes, such as 60,10,6, or off";
    case NUMBER:
        return handling_is_number(value) ? NULL : "a number of connections, such as 4096, or off";
    default:
        return NULL;
    }
}

static void take_value(const struct option *row, const char *option, const char *value,
                       const char *tables, struct options *options)
{
    switch (row->kind) {
    case LOG:
        check_place(option, value, "a file, stderr or off");
        options->log_option = option;
        break;
    case LIMIT:
        check_limit(option, value);
        break;
    case RECORDER:
        check_place(option, value, "a file, or off");
        break;
    case RECORDER_SIZE:
        check_recorder_size(option, value);
        break;
    case WORD:
        if (!among(value, row->values)) {
            not_allowed(option, value, row->values);
        }
        value = among(value, row->values);
        break;
    case SKIP:
        check_list(option, value);
        check_skip(option, value, tables);
        break;
    case ONLY:
        check_list(option, value);
        check_only(option, value);
        break;
    default:
        if (allowed_instead(row->kind, value)) {
            not_allowed(option, value, allowed_instead(row->kind, value));
        }
        break;
    }
    give(row, value);
}

static void take_switch(const struct option *row, struct options *options)
{
    switch (row->kind) {
    case FIXED:
        give(row, row->values);
        break;
    case QUIET:
        options->quiet = true;
        break;
    case FORCE:
        options->force = true;
        break;
    default:
        options->question = row->values;
    }
}

/* ---- Words ---- */

/* -v for -V: one letter is no slip of another. */
static bool is_in_other_case(const char *name, const char *brief)
{
    return brief && strcasecmp(name, brief) == 0;
}

static const struct option *find(const char *name)
{
    bool is_letter = strlen(name) == 2;
    const char *meant = NULL;
    unsigned best = farthest(name);
    for (unsigned i = 0; i < ROWS; i++) {
        const struct option *row = &table[i];
        if ((row->name && strcmp(row->name, name) == 0) ||
            (row->brief && strcmp(row->brief, name) == 0)) {
            return row;
        }
        if (is_letter ? is_in_other_case(name, row->brief)
                      : row->name && is_nearer(name, row->name, &best)) {
            meant = is_letter ? row->brief : row->name;
        }
    }
    wrong_call("unknown option %s%s%s%s", name, meant ? " (did you mean " : "", meant ? meant : "",
               meant ? "?)" : "");
}

/* Takes the option at word[0]; how many words it was. */
static int take_option(char **word, const char *tables, struct options *options)
{
    /* --name=value, -oFILE, --name value */
    const char *name = word[0];
    const char *value = NULL;
    const char *equals = strchr(name, '=');
    if (strncmp(name, "--", 2) == 0 && equals) {
        value = equals + 1;
        name = words("%.*s", (int)(equals - name), name);
    } else if (strncmp(name, "-o", 2) == 0 && name[2]) {
        value = name + 2;
        name = "-o";
        if (value[0] == '=' && value[1]) {
            wrong_call("write -o %s, or --log%s", value + 1, value);
        }
        value += *value == '=';
    }
    const struct option *row = find(name);
    if (row->kind >= FIXED) {
        if (value) {
            wrong_call("%s takes no value", name);
        }
        take_switch(row, options);
        options->last_switch = name;
        return 1;
    }
    options->last_switch = NULL;
    int taken = value ? 1 : 2;
    value = value ? value : word[1];
    if (taken == 2 && value && value[0] == '-' && value[1] && !strchr("0123456789", value[1])) {
        wrong_call("%s needs a value, not %s", name, value);
    }
    if (value) {
        take_value(row, name, value, tables, options);
        return taken;
    }
    wrong_call("%s needs a value", name);
}

void options_read(char **word, const char *tables, struct options *options)
{
    while (*word && word[0][0] == '-' && word[0][1] && !options->question) {
        if (strcmp(*word, "--") == 0) {
            options->last_switch = NULL;
            word++;
            break;
        }
        word += take_option(word, tables, options);
    }
    options->command = word;
    handling_check_together();
}
