/* What comes of a getaddrinfo, gethostbyname, getnameinfo or gethostbyaddr. Cold; errno is kept. */
#ifndef SOCKSHIM_UNRESOLVED_H
#define SOCKSHIM_UNRESOLVED_H

#include "base/hidden.h"

#include <stdint.h>
#include <sys/socket.h>

struct question;

/* Logs that a name was not resolved, if that is wanted: not of a question whether it is an
 * address (AI_NUMERICHOST), nor of arguments that ask for nothing. `result` is getaddrinfo's, or
 * h_errno, and not 0. */
hidden void unresolved(const struct question *q, int result);

/* Logs that a name was resolved only after a second or more. */
hidden void resolved_late(const struct question *q);

/* The same of a getnameinfo that was to find a name, whatever its result. `begun`: when it was
 * called, by clock_nanoseconds(); `site`: where it returns to, or NULL. */
hidden void unnamed(const struct sockaddr *addr, socklen_t len, int result, int64_t begun,
                    const void *site);

/* What was asked of gethostbyaddr: an address without a port, as long as its family has it. */
struct unnamed_address {
    const void *addr;
    socklen_t len;
    int family;
    int64_t begun;
    const void *site;
};

/* The same of that. `error`: h_errno; 0: it has a name. */
hidden void unnamed_address(const struct unnamed_address *asked, int error);

#endif
