/* The options of a socket that a person has asked for: keepalive and user timeout
 * (SOCKSHIM_DEAD_PEER, SOCKSHIM_KEEPALIVE), receive timeout (SOCKSHIM_RECV_TIMEOUT). All
 * async-signal-safe, errno kept, nothing inside a seccomp filter. */
#ifndef SOCKSHIM_OPTIONS_H
#define SOCKSHIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* On a TCP socket from elsewhere (accepted, inherited, received), unless it has them:
 * one to three questions, and a system call each for at most five options. */
void options_adopt(int fd);

/* SO_RCVTIMEO on a connection, unless it has one: of the program's own. Not on a listening
 * socket, whose accept it would end. */
void options_limit_receiving(int fd);
/* Of a connection that was just accepted it need not be asked. */
void options_limit_accepted(int fd);

/* The same before a datagram is sent to an address by a socket that has no port yet: it
 * asks, and waits for answers. A server's is bound. */
void options_limit_asking(int fd);

/* Whether a socket's SO_RCVTIMEO, in microseconds, is that: one of the program's own may
 * be as long. */
bool options_is_our_limit(uint64_t timeout_us);

#endif
