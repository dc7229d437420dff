#include "script.h"

#include "words.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_SIZE = 256, /* BINPRM_BUF_SIZE: the kernel reads no more */
    STEPS_MAX = 5,   /* interpreters of interpreters: fs/exec.c */
    WORDS_MAX = LINE_SIZE / 2,
};

static size_t read_beginning(const char *path, char *to, size_t size)
{
    struct stat status;
    ssize_t len = 0;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (file >= 0) {
            len = read(file, to, size);
            close(file);
        }
    }
    return len > 0 ? (size_t)len : 0;
}

bool script_is_text(const char *path)
{
    char bytes[512];
    size_t len = read_beginning(path, bytes, sizeof bytes);
    return len > 0 && !memchr(bytes, 0, len) && strncmp(bytes, "#!", len < 2 ? len : 2) != 0;
}

/* The next of the words with blanks between them, or NULL; cuts the line. */
static char *next_word(char **line)
{
    char *word = *line + strspn(*line, " \t");
    if (!*word) {
        return NULL;
    }
    *line = word + strcspn(word, " \t");
    if (**line) {
        *(*line)++ = 0;
    }
    return word;
}

static bool is_one_of(const char *word, const char *const list[])
{
    while (*list && strcmp(word, *list) != 0) {
        list++;
    }
    return *list;
}

/* One option of env(1), or an assignment, at word[0]; *loses if it takes LD_PRELOAD
 * away. How many words it is; 0 for neither. */
static size_t env_option(char *const word[], size_t left, bool *loses)
{
    static const char *const clears[] = {
        "-i", "-", "--ignore-environment", "-uLD_PRELOAD", "--unset=LD_PRELOAD", NULL};
    static const char *const unsets[] = {"-u", "--unset", NULL};
    static const char *const changes_folder[] = {"-C", "--chdir", NULL};
    *loses |= is_one_of(word[0], clears) || begins_with(word[0], "LD_PRELOAD=");
    if (is_one_of(word[0], unsets)) {
        *loses |= left > 1 && strcmp(word[1], "LD_PRELOAD") == 0;
        return left > 1 ? 2 : 1;
    }
    if (is_one_of(word[0], changes_folder)) {
        return left > 1 ? 2 : 1;
    }
    return word[0][0] == '-' || strchr(word[0], '=') ? 1 : 0;
}

/* What stands behind -S, or NULL if env does not split its word. */
static char *split_string(char *line)
{
    static const char *const forms[] = {"--split-string", "-vS", "-S"};
    for (int i = 0; i < 3; i++) {
        if (begins_with(line, forms[i])) {
            line += strlen(forms[i]);
            return line + (*line == '=');
        }
    }
    return NULL;
}

/* What env runs when it is called with that word: `PROGRAM`, or with -S in front
 * `[OPTIONS] [NAME=VALUE...] PROGRAM [ARG...]`. */
static char *env_program(char *line, bool *loses)
{
    char *word[WORDS_MAX];
    size_t count = 0;
    line += strspn(line, " \t");
    char *split = split_string(line);
    if (!split) {
        return line;
    }
    while (count < WORDS_MAX && (word[count] = next_word(&split))) {
        count++;
    }
    for (size_t i = 0; i < count;) {
        size_t taken = env_option(&word[i], count - i, loses);
        if (taken == 0) {
            return word[i];
        }
        i += taken;
    }
    return split + strlen(split);
}

static const char *carriage_return(bool has_one)
{
    return has_one ? "; that line ends with a carriage return" : "";
}

static bool follow_env(struct target *target, char *line, bool has_return)
{
    bool loses = false;
    const char *script = target->runs;
    const char *file = target->file;
    const char *program = env_program(line, &loses);
    if (!*program || target_find(target, words("%s", program)) != 0) {
        const char *split =
            strpbrk(program, " \t") ? "; it is one word to env unless -S stands before it" : "";
        target->broken = words("%s names a program that env does not find: %s%s%s", script, program,
                               split, carriage_return(has_return));
        target->runs = script;
        target->problem = NULL;
    } else if (loses) {
        target->problem = words("%s makes env remove LD_PRELOAD for %s", script, target->runs);
        target->instead = "take that out of its first line";
    }
    target->file = file;
    return !target->broken && !loses;
}

static bool is_env(const char *interpreter)
{
    return strcmp(basename_of(interpreter), "env") == 0;
}

/* The kernel passes what follows the interpreter on as one word. */
static bool follow_line(struct target *target, char *line)
{
    size_t len = strlen(line);
    bool has_return = len > 0 && line[len - 1] == '\r';
    while (len > 0 && strchr(" \t", line[len - 1])) {
        line[--len] = 0;
    }
    char *interpreter = next_word(&line);
    if (interpreter && is_env(interpreter)) {
        return follow_env(target, line, has_return);
    }
    if (interpreter && faccessat(AT_FDCWD, interpreter, X_OK, AT_EACCESS) == 0) {
        target->runs = words("%s", interpreter);
        return true;
    }
    target->broken = interpreter
                         ? words("%s names an interpreter that cannot be run: %s%s", target->runs,
                                 interpreter, carriage_return(has_return))
                         : words("%s begins with #!, and names no interpreter", target->runs);
    return false;
}

bool script_follow(struct target *target)
{
    for (int step = 0; step < STEPS_MAX; step++) {
        char line[LINE_SIZE + 1];
        size_t len = read_beginning(target->runs, line, LINE_SIZE);
        line[len] = 0;
        if (strncmp(line, "#!", 2) != 0) {
            return true;
        }
        line[strcspn(line, "\n")] = 0;
        if (!follow_line(target, line + 2)) {
            return false;
        }
    }
    target->broken = words("%s is one script too many that is run by another", target->runs);
    return false;
}
