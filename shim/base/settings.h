/* The settings: libsockshim(7), "ENVIRONMENT". Read once; constant afterwards. */
#ifndef SOCKSHIM_SETTINGS_H
#define SOCKSHIM_SETTINGS_H

#include "base/handling.h"
#include "base/hidden.h"
#include "base/names.h"
#include "base/text.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCKSHIM_VERSION "0.1.0"

enum log_target { LOG_STDERR, LOG_FILE, LOG_OFF };
enum sigpipe_mode {
    SIGPIPE_OFF,
    SIGPIPE_SOCKETS,
    SIGPIPE_IGNORE,
    SIGPIPE_ALWAYS,
    SIGPIPE_WATCH, /* no value of the setting: SOCKSHIM=watch */
};

enum setting {
    SETTING_ON,
    SETTING_LOG,
    SETTING_LOG_LIMIT,
    SETTING_FORMAT,
    SETTING_SIGPIPE,
    SETTING_NODELAY,
    SETTING_LEVEL,
    SETTING_RECORDER,
    SETTING_RECORDER_SIZE,
    SETTING_RECORDER_CALLS,
    /* Robust handling on request, up to and with SETTING_RESET; off by default. */
    SETTING_DEAD_PEER,
    SETTING_KEEPALIVE,
    SETTING_CONNECT_TIMEOUT,
    SETTING_CONNECT_RETRY,
    SETTING_RECV_TIMEOUT,
    SETTING_BACKLOG,
    SETTING_REUSEADDR,
    SETTING_ACCEPT,
    SETTING_EINTR,
    SETTING_RESET,
    SETTING_SKIP,
    SETTING_CLOSE,
    SETTING_ONLY,
    SETTING_COUNT
};
static inline bool setting_is_handling(enum setting i)
{
    return i >= SETTING_DEAD_PEER && i <= SETTING_RESET;
}

/* Takes a value and says what is wrong with it: NULL for nothing, else the part
 * that was not understood, with its length in *len. */
typedef const char *setting_reader(const char *value, size_t *len);

struct setting_row {
    const char *variable;
    const char *label; /* in settings.summary */
    setting_reader *read;
    const char *allowed;
    const char *initial; /* the default, in words that its reader takes; NULL: a list, and empty */
};
extern hidden const struct setting_row setting_rows[SETTING_COUNT];

enum { UNKNOWN_MAX = 4 };

/* Bytes of the recorder's file. */
enum { RECORDER_LEAST = 1 << 20, RECORDER_MOST = 1 << 30 };

/* All zero, as it is until settings_load(), it makes the shim inert. */
struct settings {
    bool on;      /* false: everything passes straight through */
    bool watch;   /* nothing is changed: neither SIGPIPE nor TCP_NODELAY */
    bool nodelay; /* false too where `on` is, and where `watch` is true */
    bool logging; /* false too where `on` is */
    bool json;
    bool recording;     /* every record goes to the recorder, too; false too where `on` is */
    bool records_calls; /* those that succeed, too */
    bool asks_closes;   /* SOCKSHIM_CLOSE */
    bool closes; /* what a close leaves undone is logged; false too where nobody would see it */
    enum sigpipe_mode sigpipe; /* SIGPIPE_OFF too where `on` is false */
    enum level level;
    enum log_target log;
    bool skips;          /* SOCKSHIM_SKIP has words */
    uint64_t log_limit;  /* bytes; 0: none */
    uint64_t skip_calls; /* a bit for each enum call; all of them if nothing is logged */
    /* Of these there is not even a record in the recorder: none, or those above. */
    uint64_t unwanted_calls;
    uint64_t skip_causes; /* a bit for each enum cause */
    /* Up to here: what each connection and record looks at. */
    uint64_t recorder_size; /* bytes */
    /* What $JOURNAL_STREAM says of the journal's stream: stat's st_dev and st_ino; 0: none. */
    uint64_t journal_device, journal_inode;
    const char *tally; /* $_SOCKSHIM_RUN: in the environment, to be read at start only; NULL */
    uint64_t skip_errnos[ERRNO_MAX / 64 + 1];
    char prog[64];            /* basename of argv[0]; cut if longer */
    struct handling handling; /* nothing of it where `on` is false or `watch` true */
    /* The value, or the part of it, that was not understood; NULL: none. Points
     * into the environment: to be read at start only. */
    const char *wrong[SETTING_COUNT];
    size_t wrong_len[SETTING_COUNT];
    /* Variables that begin like ours and are none: the first ones, likewise. */
    const char *unknown[UNKNOWN_MAX];
    char summary[512]; /* the settings in force: `log=/tmp/x level=info ...`; cut if longer */
    /* The long ones are last: what is written to at every start is on one page. */
    char log_path[PATH_MAX];      /* absolute */
    char exe[PATH_MAX];           /* empty until settings_find_exe() */
    char recorder_path[PATH_MAX]; /* absolute */
};

_Static_assert(offsetof(struct settings, recorder_size) <= 64, "a line of the cache");
extern _Alignas(64) struct settings settings;

/* Fills `settings` from the environment. Not safe to run twice at once. Uses no
 * allocation and no stdio. */
void settings_load(char **environment);

/* Fills in settings.exe. Not at every start, for the kernel takes longer over it
 * than over all the rest: it builds the process's folder in /proc. One system
 * call, the first time. */
void settings_find_exe(void);

/* Once, after settings_load(): the recorder cannot be had, and all is as if nobody had
 * asked for it. */
void settings_drop_recorder(void);

/* No complaint is longer: 100 bytes of the value, each escaped, and our words. */
enum { COMPLAINT_SIZE = 640, COMPLAINT_COUNT = SETTING_COUNT + UNKNOWN_MAX };

/* One line that says which variable had which value, what is allowed and what is used
 * instead, or which variable does not exist. Nothing, and false, where all is right.
 * `i` is below COMPLAINT_COUNT: a setting, or SETTING_COUNT and more for the unknown. */
bool settings_complaint(struct text *t, unsigned i);

static inline bool settings_skips_call(enum call call)
{
    return settings.skip_calls >> call & 1;
}

static inline bool settings_wants_no_call(enum call call)
{
    return settings.unwanted_calls >> call & 1;
}

static inline bool settings_skips_cause(enum cause cause)
{
    return settings.skip_causes >> cause & 1;
}

static inline bool settings_skips_errno(int err)
{
    return err > 0 && err <= ERRNO_MAX && (settings.skip_errnos[err / 64] >> err % 64 & 1);
}

#endif
