/* Which sides of a socket the program has shut down, or that it has dissolved a datagram
 * socket's connection: once that is over the kernel does not tell. It is kept on the socket
 * itself, as a hint on how long written data lives (fcntl(2), F_SET_RW_HINT), which means
 * nothing there: so it holds for every descriptor of the socket, in whatever process.
 * Async-signal-safe. */
#ifndef SOCKSHIM_SHUT_H
#define SOCKSHIM_SHUT_H

#include "base/facts.h"
#include "base/hidden.h"

/* After a shutdown(fd, how) that succeeded. Two system calls; errno stays. */
hidden void shut_note(int fd, int how);
/* Around the call and its note: a thread that it has woken finds UNKNOWN until it is noted. No
 * system call. */
hidden void shut_begins(void);
hidden void shut_is_noted(void);

/* After a connect of a datagram socket to AF_UNSPEC that succeeded. Two system calls; errno
 * stays. */
hidden void shut_note_dissolved(int fd);

/* Whether a datagram socket was connected once, and then dissolved. UNKNOWN as below. One system
 * call. */
hidden enum known shut_was_dissolved(int fd);

/* A connection begins anew: a TCP socket keeps nothing of what it was when the connection was
 * dissolved (net/ipv4/tcp.c, tcp_disconnect()). One system call; errno stays. */
hidden void shut_forget(int fd);

/* Fills in facts->shut_reading and shut_writing. UNKNOWN while one is under way, and
 * where nothing can be kept: before Linux 4.13, or on a socket that another user made (6.9 and
 * later). One system call. */
hidden void shut_find(struct facts *facts);

#endif
