/* What comes of a getaddrinfo or getnameinfo. Cold; errno is kept. */
#ifndef SOCKSHIM_UNRESOLVED_H
#define SOCKSHIM_UNRESOLVED_H

#include "base/hidden.h"

#include <stdint.h>
#include <sys/socket.h>

struct addrinfo;

/* Logs that a name was not resolved, if that is wanted: not of a question whether it is an
 * address (AI_NUMERICHOST), nor of arguments that ask for nothing. `result` is getaddrinfo's, and
 * not 0; `begun`: when it was called, by clock_nanoseconds(); `site`: where it returns to, or NULL.
 */
hidden void unresolved(const char *node, const struct addrinfo *hints, int result, int64_t begun,
                       const void *site);

/* Logs that a name was resolved only after a second or more. */
hidden void resolved_late(const char *node, const struct addrinfo *hints, int64_t begun,
                          const void *site);

/* The same of a getnameinfo that was to find a name, whatever its result. */
hidden void unnamed(const struct sockaddr *addr, socklen_t len, int result, int64_t begun,
                    const void *site);

#endif
