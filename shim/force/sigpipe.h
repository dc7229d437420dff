/* SIGPIPE: our handlers in the place of the default action, and what the program
 * sees of them. Every function is async-signal-safe and keeps errno. */
#ifndef SOCKSHIM_SIGPIPE_H
#define SOCKSHIM_SIGPIPE_H

#include "base/facts.h"
#include "base/next.h"

#include <signal.h>
#include <stdbool.h>

/* Told of a write to a socket by which SIGPIPE ends the program, just before it does. */
typedef void sigpipe_witness(enum call call, const struct attempt *attempt);
extern hidden sigpipe_witness *sigpipe_tell;

/* Puts our handlers in the place of the default action and of a one-shot handler of
 * the program's. Nothing inside a seccomp filter, and in a vfork child, whose memory
 * is its parent's. */
void sigpipe_install(void);
/* Just before a seccomp filter is on, under which our handlers could not let the default
 * happen, nor follow a one-shot handler: the program's own one-shot handler is put back, and
 * where nothing is to be changed its default, too. If the filter is refused,
 * sigpipe_install() follows. */
void sigpipe_enter_cage(void);
/* Whether the default action would be in place without us, and SIGPIPE is not
 * blocked. Two system calls; false if one fails. */
bool sigpipe_is_deadly(void);
/* Whether dispositions go through us by now. */
bool sigpipe_is_forced(void);

/* For machines where the handler cannot tell what was written to: after a write to
 * `fd` that failed with EPIPE and raised the signal, lets the default action happen if it is
 * due. */
void sigpipe_after_write(int fd);

/* After such a write on any machine: if this thread has the signal blocked, the one that is
 * pending is marked if a pipe raises it, too, for when it is delivered. Returns whether it is
 * blocked; false, and marks nothing, unless those of sockets alone are swallowed. One system
 * call, two if it is blocked, five more for a pipe. */
bool sigpipe_mark_blocked(int fd);

/* For the wrappers of sigaction(2) and its relatives. */

/* Makes of the program's wish what the kernel is to be told. */
void sigpipe_put_ours(struct sigaction *act);
/* Makes of the kernel's answer what the program would have seen without us. */
void sigpipe_as_known(struct sigaction *act);
/* The same for a handler alone. */
signal_handler sigpipe_known_handler(signal_handler handler);
/* The handler to hand to functions that choose the flags themselves, until
 * sigpipe_put_ours() follows. */
signal_handler sigpipe_stand_in(void);
bool sigpipe_is_ours(signal_handler handler);

#endif
