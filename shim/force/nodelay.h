/* TCP_NODELAY, on for every TCP and MPTCP stream socket unless SOCKSHIM_NODELAY says
 * otherwise; nothing inside a seccomp filter. All async-signal-safe, errno kept. */
#ifndef SOCKSHIM_NODELAY_H
#define SOCKSHIM_NODELAY_H

#include <stdbool.h>

/* On the IP stream socket that socket() has just made with this protocol: no question. One
 * system call, or none. Returns 0, or the errno with which the option was refused. */
int nodelay_of_new(int fd, int protocol);
/* On a socket from elsewhere, if it is one of TCP's and the option is not on. One
 * to four system calls. Returns as nodelay_of_new(). */
int nodelay_force(int fd);
/* The inherited ones, up to this descriptor, are left alone until nodelay_catch_up(), since
 * a filter may kill for a socket call. Then two to five system calls each, the first time. */
void nodelay_put_off(int last);
void nodelay_catch_up(void);
/* On again, after the program switched it off. Returns whether this was done. */
bool nodelay_put_back(int fd);

#endif
