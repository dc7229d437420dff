/* A seccomp filter that was inherited, and that ends the program for a system call of ours. */
#ifndef SOCKSHIM_DEADLY_H
#define SOCKSHIM_DEADLY_H

#include "base/hidden.h"

#include <stdbool.h>

/* Whether there is such a filter: tried in a child. Where there is none, as
 * process_is_filtered(); else once a process some thirty system calls, all but six of them the
 * child's. Async-signal-safe; errno is kept. */
hidden bool filter_is_deadly(void);

#endif
