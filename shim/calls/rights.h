/* Descriptors that came with a message: unix(7), SCM_RIGHTS. */
#ifndef SOCKSHIM_RIGHTS_H
#define SOCKSHIM_RIGHTS_H

#include <stdbool.h>
#include <sys/socket.h>

typedef void rights_taker(int fd);

/* Hands each descriptor to `take`, from a message that the kernel has just written.
 * Whether there were any. Async-signal-safe as far as `take` is. */
bool rights_each(const struct msghdr *msg, rights_taker *take);

#endif
