/* SIGPIPE: our handler in the place of the default action, and what the program
 * sees of it. Every function is async-signal-safe. */
#ifndef SOCKSHIM_SIGPIPE_H
#define SOCKSHIM_SIGPIPE_H

#include "base/next.h"

#include <signal.h>
#include <stdbool.h>

/* Puts our handler in the place of the default action; from a handler of the
 * program's it takes SA_RESETHAND off. Nothing inside a seccomp filter. */
void sigpipe_swallow(void);
/* Whether our handler is there, which means that the default would have been.
 * One system call; false if it fails. */
bool sigpipe_is_swallowed(void);
/* Whether a wish for the default action is to be refused by now. */
bool sigpipe_is_forced(void);

/* For the wrappers of sigaction(2) and its relatives. */

/* Puts our handler where `act` has the default. */
void sigpipe_put_ours(struct sigaction *act);
/* Takes SA_RESETHAND off a handler of the program's: it would put the default back. */
void sigpipe_keep_handler(struct sigaction *act);
/* Makes of the kernel's answer what the program would have seen without us. */
void sigpipe_as_known(struct sigaction *act);
/* The handler to hand to functions that choose the flags themselves. */
signal_handler sigpipe_stand_in(void);
bool sigpipe_is_ours(signal_handler handler);

#endif
