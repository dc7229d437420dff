/* SOCKSHIM_RECV_TIMEOUT ends a receive that waits for more than has come (MSG_WAITALL, several
 * messages of recvmmsg) with what there is: no failure, but less than without it. */
#ifndef SOCKSHIM_SHORT_H
#define SOCKSHIM_SHORT_H

#include "base/facts.h"

#include <stddef.h>
#include <sys/socket.h>

/* Before the call: when it began; 0 if no receive is limited. No system call. */
unsigned long long short_begin(void);

/* After the call, which returned less than was wanted: a record of it if that was our limit.
 * Async-signal-safe, errno kept. */
void short_tell(enum call call, int fd, long n, unsigned long long begin);

/* How much a message that the kernel has read has room for. */
size_t short_room(const struct msghdr *msg);

#endif
