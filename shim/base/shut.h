/* Which sides of a socket the program has shut down: once a connection is over the
 * kernel does not tell. It is kept on the socket itself, as a hint on how long written
 * data lives (fcntl(2), F_SET_RW_HINT), which means nothing there: so it holds for every
 * descriptor of the socket, in whatever process. Async-signal-safe. */
#ifndef SOCKSHIM_SHUT_H
#define SOCKSHIM_SHUT_H

#include "base/facts.h"
#include "base/hidden.h"

/* After a shutdown(fd, how) that succeeded. Two system calls; errno stays. */
hidden void shut_note(int fd, int how);

/* A connection begins anew: a TCP socket keeps nothing of what it was when the connection was
 * dissolved (net/ipv4/tcp.c, tcp_disconnect()). One system call; errno stays. */
hidden void shut_forget(int fd);

/* Fills in facts->shut_reading and shut_writing. UNKNOWN where nothing can be kept: before
 * Linux 4.13, or on a socket that another user made (6.9 and later). One system call. */
hidden void shut_find(struct facts *facts);

#endif
