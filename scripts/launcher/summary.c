#include "summary.h"

#include "log.h"
#include "options.h"
#include "tally.h"
#include "words.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct part *part;
static size_t parts;
static size_t files;

void summary_start(char **argv, char **variables, void (*feed)(int pipe))
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        dup2(ends[0], STDIN_FILENO);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        while (*variables) {
            putenv(*variables++);
        }
        execvp(argv[0], argv);
        complain("no summary: cannot run %s", argv[0]);
        _exit(1);
    }
    close(ends[0]);
    if (feed) {
        feed(ends[1]);
    }
    close(ends[1]);
    waitpid(child, NULL, 0);
}

/* Whether all was written. SIGPIPE is blocked. */
static bool write_all(int to, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(to, bytes, len);
        if (written <= 0) {
            return false;
        }
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

static void feed_parts(int pipe)
{
    static char piece[65536];
    for (size_t i = 0; i < parts; i++) {
        int file = open(part[i].path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        off_t at = part[i].from;
        ssize_t len;
        while (file >= 0 && (len = pread(file, piece, sizeof piece, at)) > 0 &&
               write_all(pipe, piece, (size_t)len)) {
            at += len;
        }
        close(file);
    }
}

/* Whether the run's records are few enough to be looked at more closely without anybody
 * noticing that it takes time. */
static bool are_few(void)
{
    enum { MOST_BYTES = 2 << 20 }; /* some 5,000 records, 0.2 s */
    off_t bytes = 0;
    struct stat status;
    for (size_t i = 0; i < parts; i++) {
        if (stat(part[i].path, &status) == 0 && status.st_size > part[i].from) {
            bytes += status.st_size - part[i].from;
        }
    }
    return bytes <= MOST_BYTES;
}

/* Whether a value leaves something out; a level that is none does not. */
static bool leaves_out(int filter, const char *value)
{
    static const char *const levels[] = {"info", "warn", "error"};
    bool does = filter > 0 && value[strspn(value, ", ")];
    for (int i = 0; i < 3 && filter == 0 && !does; i++) {
        does = strcasecmp(value, levels[i]) == 0;
    }
    return does;
}

/* What the log was told to leave out, in the words that the user has for it; NULL:
 * nothing. */
static const char *filters(void)
{
    static const char *const variables[] = {"SOCKSHIM_LEVEL", "SOCKSHIM_SKIP", "SOCKSHIM_ONLY"};
    const char *list = NULL;
    for (int i = 0; i < 3; i++) {
        const char *value = setting(variables[i]);
        const char *name = setting_name(variables[i]);
        if (leaves_out(i, value)) {
            list = words("%s%s%s%s%s", list ? list : "", list ? ", " : "", name,
                         *name == '-' ? " " : "=", value);
        }
    }
    return list;
}

/* The name that COMMAND's process ended with, if it is another than it began with:
 * it has become another program, or given itself a name. The kernel keeps 15
 * bytes. */
static const char *other_name(const struct target *target, const struct outcome *outcome)
{
    size_t kept = sizeof outcome->name - 1;
    if (!*outcome->name || strncmp(outcome->name, basename_of(target->file), kept) == 0 ||
        strncmp(outcome->name, basename_of(target->runs), kept) == 0) {
        return NULL;
    }
    return outcome->name;
}

/* Which program's log could not be opened, if there is one, and why. */
static bool say_unopened(void)
{
    const char *unopened = tally_unopened();
    if (unopened) {
        complain("%s; what it saw is not known", unopened);
    }
    return unopened;
}

/* There were records, or may have been, or the shim was not there at all. Returns whether that
 * was so. */
static bool explain_loss(void)
{
    const char *left_out = filters();
    if (say_unopened()) {
        return true;
    }
    if (tally_lost() > 0) {
        complain("no records: %u could not be written: is the file system full, or the size of "
                 "files limited (ulimit -f)?",
                 tally_lost());
    } else if (left_out) {
        complain("no records; not counted: what %s left out", left_out);
    } else if (tally_sockets() > 0) {
        complain("no records: there was a socket, but its log is not there any more, or was moved");
    } else if (tally_loaded() == 0) {
        complain("no records, and whether there was a socket is not known: COMMAND gave no sign "
                 "that sockshim was loaded into it");
    } else {
        return false;
    }
    return true;
}

/* Nothing at all was added to the log. */
static void explain_silence(const struct target *target, const struct outcome *outcome)
{
    const char *other = other_name(target, outcome);
    if (target->problem) {
        complain("no records: sockshim did not work with COMMAND: %s", target->problem);
    } else if (explain_loss()) {
        return;
    } else if (other) {
        complain(
            "no records: no socket was seen; the process became %s; see whether sockshim works "
            "with that: sockshim check %s",
            other, other);
    } else {
        complain("no records: no socket was seen");
    }
}

static bool has_pattern(const char *path)
{
    return strstr(path, "%p") || strstr(path, "%n");
}

/* What the option has cured leaves no record: nothing waited. */
static void say_spared(void)
{
    unsigned connections = 0;
    unsigned exchanges = tally_spared(&connections);
    if (exchanges > 0) {
        complain(
            "TCP_NODELAY may have saved 40 ms in each of %u exchanges of %u connection%s, which "
            "were sent in small pieces: sockshim explain nagle",
            exchanges, connections, connections == 1 ? "" : "s");
    }
}

static void say_where(void)
{
    const char *log = log_place();
    if (!has_pattern(log)) {
        complain("the log is %s", log);
        if (parts > 1) {
            complain("it was rotated: the older records are in %s.1", log);
        }
    } else if (parts == 1) {
        complain("the log is %s", part[0].path);
    } else {
        complain("the log is %zu files: %s, where %%p is the process ID and %%n the program", parts,
                 log);
    }
}

/* A list of awk programs, each a file after -f. */
struct programs {
    char *argv[160];
    size_t count;
};

static void add(struct programs *p, const char *file)
{
    if (p->count + 3 < sizeof p->argv / sizeof *p->argv) {
        p->argv[p->count++] = (char *)"-f";
        p->argv[p->count++] = (char *)file;
        p->argv[p->count] = NULL;
    }
}

static struct programs start_programs(void)
{
    return (struct programs){.argv = {(char *)"awk"}, .count = 1};
}

/* Those of report, as lib/commands/report.sh has them, for the summary's view. */
static struct programs report_programs(const char *lib)
{
    struct programs p = start_programs();
    char line[64];
    struct dirent **entry = NULL;
    FILE *list = fopen(words("%s/report.list", lib), "re");
    while (list && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        add(&p, words("%s/%s", lib, line));
    }
    int kinds = scandir(words("%s/findings", lib), &entry, NULL, alphasort);
    for (int i = 0; i < kinds; i++) {
        if (entry[i]->d_name[0] != '.') {
            add(&p, words("%s/findings/%s", lib, entry[i]->d_name));
        }
    }
    add(&p, words("%s/utc.awk", lib));
    add(&p, words("%s/counts.awk", lib));
    add(&p, words("%s/views/report-summary.awk", lib));
    return p;
}

static struct programs counting_programs(const char *lib)
{
    struct programs p = start_programs();
    add(&p, words("%s/records.awk", lib));
    add(&p, words("%s/counts.awk", lib));
    add(&p, words("%s/summary.awk", lib));
    return p;
}

/* One awk does all. A filter that the caller's environment has is report's, not ours. */
static void start_awk(const char *lib, const char *left_out)
{
    struct programs p = are_few() ? report_programs(lib) : counting_programs(lib);
    summary_start(
        p.argv,
        (char *[]){(char *)"LC_ALL=C", words("IS_UTF8=%s", is_utf8_locale() ? "yes" : ""),
                   words("LEFT_OUT=%s", left_out ? left_out : ""),
                   words("MORE_LOST=%u", tally_lost()), words("REPORT_CAUSES=%s/causes.txt", lib),
                   words("SUMMARY_LOG=%s", log_word() ? words(" %s", log_word()) : ""),
                   words("REPORT_LIMITS=%s/limits.txt", lib), (char *)"REPORT_NAMES=log",
                   (char *)"REPORT_PIECE=1000000", /* no line is in pieces */
                   (char *)"REPORT_TOTAL=", (char *)"FILTER_IS_SET=", (char *)"FILTER_CLOCK=utc",
                   NULL},
        feed_parts);
}

static void summarize_files(const char *lib, const struct target *target,
                            const struct outcome *outcome)
{
    part = log_parts(&parts, &files);
    if (parts == 0) {
        explain_silence(target, outcome);
        return;
    }
    start_awk(lib, filters());
    say_unopened();
    say_where();
}

/* SIGSEGV for 11; SIGRTMIN+1 and the like have no name of their own. */
static const char *name_of_signal(int signal)
{
    static const char *const names[] = {
        [SIGHUP] = "HUP",   [SIGINT] = "INT",       [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
        [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",     [SIGBUS] = "BUS",   [SIGFPE] = "FPE",
        [SIGKILL] = "KILL", [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
        [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",     [SIGTERM] = "TERM", [SIGXCPU] = "XCPU",
        [SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGIO] = "IO",
        [SIGPWR] = "PWR",   [SIGSYS] = "SYS",
    };
    size_t index = (size_t)signal;
    if (index < sizeof names / sizeof *names && names[index]) {
        return words("SIG%s", names[index]);
    }
    return words("signal %d", signal);
}

void summary_print(const char *lib, const struct target *target, const char *command,
                   const struct outcome *outcome)
{
    const char *log = log_place();
    struct stat status;
    if (outcome->signal) {
        complain("%s was killed by %s%s", command, name_of_signal(outcome->signal),
                 outcome->dumped_core ? " (core dumped)" : "");
    }
    if (strcasecmp(setting("SOCKSHIM"), "off") == 0) {
        complain("nothing was logged: SOCKSHIM=off is in the environment");
    } else if (strcmp(log, "off") == 0) {
        complain("nothing was logged: the log is off");
    } else if (strcmp(log, "stderr") == 0) {
        complain("the log went to stderr");
        say_unopened();
    } else if (stat(log, &status) == 0 && !S_ISREG(status.st_mode)) {
        complain("the log went to %s", log);
    } else {
        summarize_files(lib, target, outcome);
        say_spared();
    }
}
