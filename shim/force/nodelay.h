/* TCP_NODELAY, on for every TCP and MPTCP stream socket unless SOCKSHIM_NODELAY says
 * otherwise; nothing inside a seccomp filter. All async-signal-safe, errno kept. */
#ifndef SOCKSHIM_NODELAY_H
#define SOCKSHIM_NODELAY_H

#include <stdbool.h>

/* On the socket that socket(domain, type, protocol) has just made, which is known
 * from these arguments: no question. One system call, or none. */
void nodelay_of_new(int fd, int domain, int type, int protocol);
/* On a socket from elsewhere, if it is one of TCP's and the option is not on. One
 * to four system calls. */
void nodelay_force(int fd);
/* On again, after the program switched it off. Returns whether this was done. */
bool nodelay_put_back(int fd);

#endif
