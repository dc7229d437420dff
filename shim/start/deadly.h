/* A seccomp filter that was inherited, and that ends the program for a system call of ours. */
#ifndef SOCKSHIM_DEADLY_H
#define SOCKSHIM_DEADLY_H

#include "base/hidden.h"

#include <stdbool.h>

enum filter {
    FILTER_NONE,     /* or one that does no harm */
    FILTER_DEADLY,   /* for what records ask, or what is forced or was asked for sets */
    FILTER_DEADLIER, /* for what opens a log, and handles a signal, too */
};

/* Tried in a child, once in a process that inherited a filter: some forty system calls, all but six
 * of them the child's. Async-signal-safe; errno is kept. */
hidden enum filter filter_kind(void);

#endif
