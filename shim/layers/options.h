/* The options of a socket that a person has asked for: keepalive and user timeout
 * (SOCKSHIM_DEAD_PEER, SOCKSHIM_KEEPALIVE), receive timeout (SOCKSHIM_RECV_TIMEOUT). All
 * async-signal-safe, errno kept, nothing inside a seccomp filter. */
#ifndef SOCKSHIM_OPTIONS_H
#define SOCKSHIM_OPTIONS_H

/* On a TCP socket from elsewhere (accepted, inherited, received), unless it has them:
 * one to three questions, and a system call each for at most five options. */
void options_adopt(int fd);

/* SO_RCVTIMEO on a connection, unless it has one: of the program's own. Not on a listening
 * socket, whose accept it would end. */
void options_limit_receiving(int fd);

#endif
