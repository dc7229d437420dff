/* Of several addresses that getaddrinfo gave for a name, only the last one is waited for:
 * a program that tries one after the other must get to it. */
#ifndef SOCKSHIM_RESOLVED_H
#define SOCKSHIM_RESOLVED_H

#include <stdbool.h>
#include <sys/socket.h>

/* Whether the address stood in a recent answer with another one behind it.
 * Async-signal-safe, no system call. */
bool resolved_has_another(const struct sockaddr *addr, socklen_t len);

/* Remembers answers of getaddrinfo. */
void resolved_install(void);

#endif
