/* SOCKSHIM_CONNECT_TIMEOUT: one connect, with a limit to how long it goes unanswered. */
#ifndef SOCKSHIM_LIMIT_H
#define SOCKSHIM_LIMIT_H

#include <stdbool.h>
#include <sys/socket.h>

/* beneath.connect, with ETIMEDOUT after the time that was asked for (LIMIT_REACHED instead of
 * -1); as it is where none was. A socket that does not wait is given TCP_SYNCNT, for nobody could
 * take a finer limit off again. */
enum { LIMIT_REACHED = -2 };
int connect_within_limit(int fd, const struct sockaddr *addr, socklen_t len);

/* Before a send that connects (MSG_FASTOPEN): it is given TCP_SYNCNT, however it waits. */
void limit_connecting_send(int fd);

/* Whether the kernel's steps of this socket are those that were asked for. */
bool limit_is_ours(int fd);

/* Whether a connect that timed out ended by a limit of so many milliseconds, and not by the
 * kernel's own steps before that (net.ipv4.tcp_syn_retries). waited_ms: 0 if it is not known. */
bool limit_came_first(int fd, unsigned ms, unsigned waited_ms);

#endif
