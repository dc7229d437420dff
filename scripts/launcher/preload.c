#include "preload.h"

#include "words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char BETWEEN[] = ": \t\n\v\f\r";

/* A name without a slash is the loader's to find; ours is it, for it is taken by the
 * name that is in the object. */
static bool is_our_object(const char *entry, const char *object)
{
    if (strcmp(entry, "libsockshim.so") == 0) {
        return true;
    }
    const char *path = realpath(entry, NULL);
    return path && strcmp(path, object) == 0;
}

static bool is_sanitizer(const char *entry)
{
    return begins_with(basename_of(entry), "libasan");
}

const char *preload_problem(const char *object)
{
    const char *path = realpath(object, NULL);
    path = path ? path : object;
    return strpbrk(path, BETWEEN) ? words("%s: LD_PRELOAD cannot contain a space or a colon; move "
                                          "it to another directory",
                                          path)
                                  : NULL;
}

const char *preload_list(const char *object, const char *preloaded)
{
    const char *path = realpath(object, NULL);
    const char *first = "";
    const char *others = "";
    char *rest = words("%s", preloaded);
    if (!path) {
        path = object;
    }
    const char *problem = preload_problem(path);
    if (problem) {
        die(WRONG_CALL, "%s", problem);
    }
    for (const char *entry; (entry = strtok_r(rest, BETWEEN, &rest));) {
        if (is_sanitizer(entry)) {
            first = words("%s%s:", first, entry);
        } else if (!is_our_object(entry, path)) {
            others = words("%s:%s", others, entry);
        }
    }
    return words("%s%s%s", first, path, others);
}
