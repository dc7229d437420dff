/* What is said to the user: on stderr, one line, with nothing in it that a
 * terminal would obey. */
#ifndef LAUNCHER_WORDS_H
#define LAUNCHER_WORDS_H

#include <stdbool.h>

/* Exit statuses of our own; all others are COMMAND's. */
enum {
    WRONG_CALL = 2,   /* or the shared object is missing */
    CANNOT_RUN = 126, /* COMMAND exists, and cannot be run, or not under the shim */
    NOT_FOUND = 127,
};

/* A string like printf's, allocated. Nothing here is ever freed: the process is
 * short-lived, or waits. Ends the process if there is no memory. */
char *words(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on stderr, `sockshim: ` before it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and the end of the process with that status. */
_Noreturn void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the pointer to run's help, and status WRONG_CALL. */
_Noreturn void wrong_call(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool begins_with(const char *text, const char *beginning);

/* What stands behind the last slash. */
const char *basename_of(const char *path);

/* Replaces, in place, by `?`: control characters (C1, too), those that change the
 * direction of writing or are invisible, and what is not valid UTF-8; beyond ASCII
 * everything, unless the locale is UTF-8. The same as printable() in records.awk. */
void make_printable(char *text);

bool is_utf8_locale(void);

/* Whether `word` is a slip of the fingers, or the beginning, of `choice`, and
 * nearer than *best, which then becomes the distance. To begin with *best is
 * farthest(word). */
unsigned farthest(const char *word);
bool is_nearer(const char *word, const char *choice, unsigned *best);

#endif
