/* One record, one line: libsockshim(7), "LOG". */
#ifndef SOCKSHIM_RECORD_H
#define SOCKSHIM_RECORD_H

#include "base/change.h"
#include "base/clock.h"
#include "base/facts.h"
#include "base/process.h"
#include "base/text.h"

/* No record is longer; a sentence that does not fit is cut short. A line and its
 * facts have to fit the 2 KiB of stack that a record may take. */
#define RECORD_SIZE 1024

/* What every record begins with. */
struct moment {
    struct clock_time now;
    struct identity who;
};

/* Now, and who is running. Async-signal-safe; one or two system calls, none under a
 * seccomp filter. */
struct moment this_moment(void);

/* All of these write a whole line, newline included, into a buffer of
 * RECORD_SIZE bytes and return its length. Async-signal-safe. */

/* A call's 0 or -1. thread: the thread's name, or empty. In two steps, for the sentence goes
 * deepest, and what the head takes is not to be on the stack then. */
void record_return_head(struct text *t, char *line, const struct moment *m,
                        const struct facts *facts, enum cause cause, const char *thread);
size_t record_return_sentence(struct text *t, const char *line, const struct facts *facts,
                              enum cause cause);
static inline size_t record_return(char *line, const struct moment *m, const struct facts *facts,
                                   enum cause cause, const char *thread)
{
    struct text t;
    record_return_head(&t, line, m, facts, cause, thread);
    return record_return_sentence(&t, line, facts, cause);
}

/* What all begin with. */
void record_begin(struct text *t, char *line, const struct moment *m, enum level level,
                  const char *event);

/* What a layer has changed of what the program sees. CAUSE_COUNT: there is no failure
 * behind it. */
enum level record_handled_level(const struct facts *facts, enum cause cause);
size_t record_handled_change(struct text *t, const char *line, const struct facts *facts,
                             enum cause cause, const struct change *change);
static inline size_t record_handled(char *line, const struct moment *m, const struct facts *facts,
                                    enum cause cause, const struct change *change)
{
    struct text t;
    record_begin(&t, line, m, record_handled_level(facts, cause), "handled");
    return record_handled_change(&t, line, facts, cause, change);
}

/* A refused attempt to undo a forced setting. */
size_t record_refused(char *line, const struct moment *m, enum call call, int fd, const char *why);

/* A call that succeeded. peer: of a connect, or one that says nothing. */
struct success {
    enum call call;
    int fd; /* -1: none */
    long ret;
    uint64_t duration_ns;
    const struct address *peer;
};
size_t record_call(char *line, const struct moment *m, const struct success *success);

/* The program's first socket. settings.exe, host and cgroup are left out if empty. */
size_t record_start(char *line, const struct moment *m, const char *host, const char *cgroup);
/* The level of a line that one of these composed. */
enum level record_level(const char *line);
/* `count` records of this process could not be written. */
size_t record_lost(char *line, const struct moment *m, uint64_t count);
/* The first line of a new log; `older` is the path of the one before. */
size_t record_rotated(char *line, const struct moment *m, const char *older);
/* Rotation is refused, with errno `err`. */
size_t record_unrotated(char *line, const struct moment *m, int err);
/* What is wrong with a setting, or keeps it from having its effect: `len` bytes of `why`, which
 * are escaped. */
size_t record_config(char *line, const struct moment *m, enum level level, const char *why,
                     size_t len);

#endif
