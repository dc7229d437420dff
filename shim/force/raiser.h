/* What raised a SIGPIPE that has been delivered. */
#ifndef SOCKSHIM_RAISER_H
#define SOCKSHIM_RAISER_H

#include "base/facts.h"

#include <signal.h>
#include <stdbool.h>

enum raiser {
    RAISED_UNKNOWN, /* a write, but nothing tells into what */
    RAISED_BY_SOCKET,
    RAISED_BY_PIPE,   /* or by another descriptor that is no socket */
    RAISED_BY_SIGNAL, /* kill, raise, sigqueue, a timer, ... */
};

/* For a handler with SA_SIGINFO, which hands over what it was given. For
 * RAISED_BY_SOCKET, `call` and `attempt` become the write that raised it. At most
 * five system calls, none inside a seccomp filter of the program's own. */
enum raiser raiser_of(const siginfo_t *info, const void *context, enum call *call,
                      struct attempt *attempt);

/* Of a signal that waits until it is unblocked, when no register tells any more what raised
 * it: a pipe did, alone or too. Pure. */
void raiser_mark_as_pipe(siginfo_t *info);

/* The program is about to send itself a SIGPIPE. */
void raiser_self(void);

/* Whether the kernel says that this is a pipe's descriptor, or a socket's. One system
 * call, and one that filters for programs without sockets let pass. */
bool raiser_is_pipe(int fd);
bool raiser_is_socket(int fd);

#endif
