#include "log.h"

#include "base/ring.h"
#include "options.h"
#include "words.h"
#include "writable.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *place;
static const char *own;   /* the name of a log that is this run's alone */
static const char *asked; /* that, or the name that the user gave */

/* ---- Where ---- */

/* In upper or lower case, as the shim reads it. */
static bool is(const char *text, const char *word)
{
    return strcasecmp(text, word) == 0;
}

static bool is_stderr(const char *log)
{
    return is(log, "stderr") || is(log, "/dev/stderr") || is(log, "/dev/fd/2") ||
           is(log, "/proc/self/fd/2");
}

static bool has_pattern(const char *path)
{
    return strstr(path, "%p") || strstr(path, "%n");
}

/* The current directory by the name that the shell has for it, links and all. Ends
 * the process if it is gone. */
static const char *current_directory(void)
{
    struct stat here;
    struct stat named;
    const char *name = getenv("PWD");
    if (name && *name == '/' && stat(".", &here) == 0 && stat(name, &named) == 0 &&
        here.st_ino == named.st_ino && here.st_dev == named.st_dev) {
        return name;
    }
    name = getcwd(NULL, 0);
    if (!name || *name != '/') {
        die(WRONG_CALL, "the current directory no longer exists; "
                        "name a log with its full path: -o /DIRECTORY/FILE");
    }
    return name;
}

static void refuse_place(const char *option, const char *typed)
{
    /* What %p and %n make of a folder is known to the shim alone. */
    const char *slash = strrchr(place, '/');
    const char *folder = words("%.*s", (int)(slash - place), place);
    const char *why = NULL;
    if (!has_pattern(place)) {
        why = writable_refusal(place);
    } else if (*folder && !has_pattern(folder)) {
        why = writable_refusal_in(folder);
    }
    if (!why) {
        return;
    }
    if (!option && (own || is(typed, "sockshim.log"))) {
        die(WRONG_CALL, "cannot write %s: %s; choose another place with -o FILE, or -o off", typed,
            why);
    }
    die(WRONG_CALL, "%s %s: cannot write there: %s", option ? option : "SOCKSHIM_LOG:", typed, why);
}

const char *log_word(void)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789/._-+:,@=";
    bool is_plain = asked && *asked != '-' && asked[strspn(asked, plain)] == 0;
    return is_plain && strcmp(asked, "sockshim.log") != 0 ? asked : NULL;
}

/* What people call the other places where logs go. */
static bool is_no_file(const char *typed)
{
    static const char *const names[] = {"-", "stdout", "1", "2", "&1", "&2", "journal", "syslog"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (is(typed, names[i])) {
            return true;
        }
    }
    return false;
}

void log_settle(const char *option, bool is_alone)
{
    const char *typed = setting("SOCKSHIM_LOG");
    if (!*typed && is_alone) {
        typed = own = words("sockshim.%d.log", (int)getpid());
    } else if (!*typed) {
        typed = "sockshim.log";
    }
    asked = typed;
    if (is(typed, "off")) {
        typed = "off";
    }
    if (is_no_file(typed)) {
        wrong_call("%s %s is not allowed; allowed: a file (./%s is one), stderr or off",
                   option ? option : "SOCKSHIM_LOG", typed, typed);
    }
    place = typed;
    bool is_file = !is(typed, "off") && !is_stderr(typed);
    if (is_file && *typed != '/') {
        const char *folder = current_directory();
        place = words("%s/%s", is(folder, "/") ? "" : folder, typed);
        /* A % in the folder's own name is not ours: the shim makes it absolute. */
        options_set("SOCKSHIM_LOG", has_pattern(folder) ? typed : place);
        if (has_pattern(folder)) {
            return;
        }
    } else {
        options_set("SOCKSHIM_LOG", typed);
    }
    if (is_file) {
        refuse_place(option, typed);
    }
}

/* What is there may be a recorder's file, or empty. */
static const char *why_no_recorder(const char *path)
{
    struct stat status;
    char beginning[sizeof RING_MAGIC];
    const char *why = writable_refusal(path);
    if (why || stat(path, &status) || (S_ISREG(status.st_mode) && status.st_size == 0)) {
        return why;
    }
    int file = S_ISREG(status.st_mode) ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    ssize_t len = file < 0 ? 0 : read(file, beginning, sizeof beginning);
    close(file);
    return len == sizeof beginning && memcmp(beginning, RING_MAGIC, sizeof beginning) == 0
               ? NULL
               : "it exists, and is not a recorder file";
}

/* Made absolute like the log, for children that change directory. */
void recorder_settle(void)
{
    const char *typed = setting("SOCKSHIM_RECORDER");
    if (!*typed || is(typed, "off")) {
        return;
    }
    const char *folder = *typed == '/' ? "" : current_directory();
    if (has_pattern(folder)) {
        return;
    }
    const char *path = *typed == '/' ? typed : words("%s/%s", is(folder, "/") ? "" : folder, typed);
    const char *why = has_pattern(path) ? NULL : why_no_recorder(path);
    if (why) {
        die(WRONG_CALL, "%s %s: cannot record there: %s", setting_name("SOCKSHIM_RECORDER"), typed,
            why);
    }
    options_set("SOCKSHIM_RECORDER", path);
}

const char *log_place(void)
{
    return is_stderr(place) ? "stderr" : place;
}

bool log_is_one(const char *path)
{
    struct stat status;
    char beginning[8] = "";
    if (stat(path, &status) || !S_ISREG(status.st_mode)) {
        return false;
    }
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t len = file < 0 ? 0 : read(file, beginning, sizeof beginning - 1);
    close(file);
    return len > 0 && (strncmp(beginning, "ts=", 3) == 0 || is(beginning, "{\"ts\":\""));
}

/* ---- What a run adds ---- */

struct file {
    dev_t device;
    ino_t inode;
    off_t size;
    char *path;
};

struct files {
    size_t count;
    struct file *file;
};

static struct files before;

/* A glob for the log's files: %p and %n match anything, all else itself. */
static const char *glob_of(const char *path, const char *suffix)
{
    char *pattern = words("%s%s%s", path, path, suffix); /* room for twice the path */
    char *to = pattern;
    for (; *path; path++) {
        if (path[0] == '%' && (path[1] == 'p' || path[1] == 'n')) {
            *to++ = '*';
            path++;
            continue;
        }
        if (strchr("*?[]\\", *path)) {
            *to++ = '\\';
        }
        *to++ = *path;
    }
    memcpy(to, suffix, strlen(suffix) + 1);
    return pattern;
}

static void add_file(struct files *files, char *path)
{
    struct stat status;
    if (stat(path, &status) || !S_ISREG(status.st_mode)) {
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->file[i].path, path) == 0) {
            return;
        }
    }
    files->file = reallocarray(files->file, files->count + 1, sizeof *files->file);
    if (!files->file) {
        _exit(WRONG_CALL);
    }
    files->file[files->count++] = (struct file){status.st_dev, status.st_ino, status.st_size, path};
}

/* The regular ones that are there, FILE.1 of a rotation too, which is the older. */
static struct files find_files(void)
{
    static const char *const suffixes[] = {".1", ""};
    struct files files = {0, NULL};
    for (int i = 0; i < 2; i++) {
        glob_t found;
        if (glob(glob_of(place, suffixes[i]), 0, NULL, &found) == 0) {
            for (size_t j = 0; j < found.gl_pathc; j++) {
                add_file(&files, found.gl_pathv[j]);
            }
        }
    }
    return files;
}

void log_begin(void)
{
    if (*place == '/' && !is_stderr(place)) {
        before = find_files();
    }
}

/* How large the file was before the run. Files are known by inode and name, for a
 * removed file's inode is soon used again; a rotated one's FILE was called FILE. */
static off_t size_before(const struct file *file)
{
    size_t len = strlen(file->path);
    size_t unrotated = len > 2 && strcmp(file->path + len - 2, ".1") == 0 ? len - 2 : len;
    for (size_t i = 0; i < before.count; i++) {
        const struct file *old = &before.file[i];
        bool is_named_so =
            strcmp(old->path, file->path) == 0 ||
            (strlen(old->path) == unrotated && strncmp(old->path, file->path, unrotated) == 0);
        if (is_named_so && old->inode == file->inode && old->device == file->device) {
            return old->size <= file->size ? old->size : 0;
        }
    }
    return 0;
}

struct part *log_parts(size_t *parts, size_t *files)
{
    struct files now = {0, NULL};
    if (*place == '/' && !is_stderr(place)) {
        now = find_files();
    }
    struct part *list = calloc(now.count + 1, sizeof *list);
    *parts = 0;
    *files = now.count;
    for (size_t i = 0; list && i < now.count; i++) {
        off_t size = size_before(&now.file[i]);
        if (size < now.file[i].size) {
            list[(*parts)++] = (struct part){size, now.file[i].path};
        }
    }
    return list;
}
