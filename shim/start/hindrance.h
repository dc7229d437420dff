/* What keeps a setting for robust handling from having its effect, in whole or in part: said once
 * in the log by each process (event=config), as soon as there is a socket. Async-signal-safe,
 * errno kept. */
#ifndef SOCKSHIM_HINDRANCE_H
#define SOCKSHIM_HINDRANCE_H

#include "base/settings.h"

enum hindrance {
    HINDRANCE_REFUSED,     /* the kernel, or a filter, does not let its option be set */
    HINDRANCE_NONBLOCKING, /* the program does not wait */
    HINDRANCE_CAGE,        /* the program puts a seccomp filter on itself */
    HINDRANCE_FILTER,      /* it has inherited one that ends it for system calls of ours */
    HINDRANCES
};

/* After the first time, one compare. */
void hindrance_found(enum setting setting, enum hindrance hindrance);
/* The program is about to put a seccomp filter on itself. Of all settings at once. */
void hindrance_by_cage(void);
/* HINDRANCE_REFUSED, with the option's name, which stays, and the errno. Found before there is a
 * socket, it stands in event=start as well. */
void hindrance_refused(enum setting setting, const char *option, int err);

/* What was found so far. */
void hindrances_tell(void);

#endif
