/* Descriptors that are open for a moment, and never in the program's way: open() and
 * socket() take the lowest free number, which another thread may be about to get by close(0)
 * and open(). */
#ifndef SOCKSHIM_APART_H
#define SOCKSHIM_APART_H

#include "base/hidden.h"

#include <stdbool.h>
#include <stddef.h>

/* Runs work(what), which opens and closes what it likes by raw(), calls nothing that asks
 * who is running, and leaves what it found in *what. In a program of one thread it runs
 * right here, with all signals blocked; in one of several, in a child on the same memory and
 * stack, with a table of its own, for which this waits. Returns false, and has not run it,
 * where no child may be made. Three system calls more than those of `work`, five with a
 * child; async-signal-safe. Not in a cage. */
hidden bool apart(void (*work)(void *), void *what);

/* The beginning of a file, of `size` bytes at most, by apart(). Returns how many there are; 0 also
 * where it cannot be read. */
hidden size_t apart_read(const char *path, char *text, size_t size);

/* Whether a child that runs work(what), on the same memory and stack, ends before work() does:
 * a seccomp filter kills it. Five system calls besides; async-signal-safe. */
hidden bool apart_dies(void (*work)(void *), void *what);

#endif
