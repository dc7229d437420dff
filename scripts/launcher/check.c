#include "check.h"

#include "preload.h"
#include "script.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static int answer(int status, char *text)
{
    make_printable(text);
    if (puts(text) < 0 || fflush(stdout)) {
        die(WRONG_CALL, "cannot write to standard output: %s", strerror(errno));
    }
    return status;
}

static int yes(const char *name, const char *text)
{
    return answer(0, words("%s: yes, %s", name, text));
}

static int no(const char *name, const char *text)
{
    return answer(1, words("%s: no, %s", name, text));
}

/* `problem` begins with the name. */
static int not_found(const char *name, const char *problem, int status)
{
    char link[PATH_MAX];
    problem += strlen(name) + 2;
    if (status == CANNOT_RUN) {
        bool is_denied = strcmp(problem, "permission denied") == 0;
        return no(name, words("%s%s%s", begins_with(problem, "is ") ? "it " : "", problem,
                              is_denied ? "; make it executable (chmod +x), or check what runs it, "
                                          "such as sh"
                                        : ""));
    }
    if (!strchr(name, '/')) {
        const char *here = access(name, F_OK) == 0 ? words("; for the file here: ./%s", name) : "";
        return no(name, words("%s in PATH%s", problem, here));
    }
    ssize_t len = readlink(name, link, sizeof link - 1);
    if (len > 0) {
        return no(name, words("it is a link to %.*s, which is not there", (int)len, link));
    }
    return no(name, words("there is no such file%s",
                          strchr(name, ' ') ? "; leave out the arguments" : ""));
}

/* What the object can be loaded into. */
static int fitting(const char *name, const struct target *target)
{
    const struct elf *elf = &target->elf;
    if (*elf->interpreter && access(elf->interpreter, F_OK)) {
        return no(name, words("%s needs the loader %s, which does not exist", target->runs,
                              elf->interpreter));
    }
    if (strcmp(target->runs, target->file) != 0) {
        return yes(name, words("sockshim works with %s, which runs %s; what that starts in turn "
                               "needs a check of its own",
                               target->runs, target->file));
    }
    if (*elf->sanitizer) {
        return yes(name, words("sockshim works with %s, with LD_PRELOAD=%s in the environment: "
                               "AddressSanitizer needs its runtime to be loaded first",
                               target->file, elf->sanitizer));
    }
    return yes(name, words("sockshim works with %s", target->file));
}

int check_command(const char *object, const char *name)
{
    static struct target target;
    int status = target_find(&target, name);
    if (status != 0) {
        return not_found(name, target.problem, status);
    }
    bool fits = target_check(&target, object);
    /* A shell, and env, give what the kernel cannot run to sh. */
    if (fits && target.broken && script_is_text(target.runs)) {
        target.runs = "/bin/sh";
        fits = target_check(&target, object);
    }
    if (!fits) {
        return no(name, words("%s; %s", target.problem, target.instead));
    }
    const char *problem = preload_problem(object);
    if (problem) {
        return no(name, problem);
    }
    return target.broken ? no(name, target.broken) : fitting(name, &target);
}

int check_fits(const char *object, const char *path, const char *name, const char *instead)
{
    static struct target target;
    target.runs = path;
    target.instead = instead;
    if (!target_fits(&target, object, name)) {
        return answer(1, words("%s; %s", target.problem, target.instead));
    }
    const char *problem = preload_problem(object);
    if (problem) {
        return answer(1, words("%s", problem));
    }
    return target.broken ? answer(3, words("%s", target.broken)) : 0;
}

/* The vector has words of the process's own size. */
int check_secure(const char *pid)
{
    static struct elf elf;
    static unsigned char vector[4096] __attribute__((aligned(8)));
    int file = open(words("/proc/%s/auxv", pid), O_RDONLY | O_CLOEXEC);
    ssize_t len = file < 0 ? 0 : read(file, vector, sizeof vector);
    close(file);
    bool is_wide = !elf_read(words("/proc/%s/exe", pid), &elf) || elf.class != ELFCLASS32;
    size_t size = is_wide ? 8 : 4;
    for (ssize_t at = 0; at + (ssize_t)(2 * size) <= len; at += (ssize_t)(2 * size)) {
        uint64_t type = 0;
        uint64_t value = 0;
        memcpy(&type, vector + at, size);
        memcpy(&value, vector + at + size, size);
        if (type == AT_SECURE) {
            return value ? 0 : 1;
        }
    }
    return 1;
}
