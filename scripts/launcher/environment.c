#include "environment.h"

#include "words.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char **list;
static size_t count;

static void add(char *entry)
{
    list = reallocarray(list, count + 2, sizeof *list);
    if (!list) {
        _exit(WRONG_CALL);
    }
    list[count++] = entry;
    list[count] = NULL;
}

/* The whole file with a NUL behind it, allocated; *len is without that. NULL if it
 * cannot be read. */
static char *read_file(const char *path, size_t *len)
{
    size_t size = 65536;
    char *bytes = malloc(size);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    *len = 0;
    while (file >= 0 && bytes && (got = read(file, bytes + *len, size - *len - 1)) > 0) {
        *len += (size_t)got;
        if (size - *len == 1) {
            size *= 2;
            char *more = realloc(bytes, size);
            if (!more) {
                break;
            }
            bytes = more;
        }
    }
    close(file);
    if (!bytes || got != 0) {
        free(bytes);
        return NULL;
    }
    bytes[*len] = 0;
    return bytes;
}

/* It is a copy of the shell, memory and all, the place included that /proc shows as
 * the environment. */
static char *read_keeper(pid_t keeper, size_t *len)
{
    if (keeper <= 0) {
        return NULL;
    }
    char *bytes = read_file(words("/proc/%d/environ", (int)keeper), len);
    kill(keeper, SIGKILL);
    waitpid(keeper, NULL, 0);
    return bytes;
}

void environment_read(pid_t keeper, const char *preloaded)
{
    size_t len;
    char *bytes = read_keeper(keeper, &len);
    if (!bytes) {
        for (char **entry = environ; *entry; entry++) {
            add(*entry);
        }
        if (*preloaded) {
            environment_set("LD_PRELOAD", preloaded);
        }
        return;
    }
    for (char *entry = bytes; entry < bytes + len; entry += strlen(entry) + 1) {
        add(entry);
    }
}

static bool is_called(const char *entry, const char *variable)
{
    size_t len = strlen(variable);
    return strncmp(entry, variable, len) == 0 && entry[len] == '=';
}

const char *environment_get(const char *variable)
{
    for (size_t i = 0; i < count; i++) {
        if (is_called(list[i], variable)) {
            return list[i] + strlen(variable) + 1;
        }
    }
    return NULL;
}

void environment_set(const char *variable, const char *value)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_called(list[i], variable)) {
            list[kept++] = list[i];
        }
    }
    count = kept;
    add(words("%s=%s", variable, value));
}

char **environment_list(void)
{
    return list;
}
