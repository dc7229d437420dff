/* Name resolution: what it said is remembered for the records of connects; what it could not
 * say, or said late, is logged. */
#include "base/ask.h"
#include "base/clock.h"
#include "base/kernel.h"
#include "base/settings.h"
#include "calls/wrap.h"
#include "failure/unresolved.h"
#include "observe/resolved.h"

#include <errno.h>

WRAP(int, getaddrinfo,
     (const char *node, const char *service, const struct addrinfo *hints,
      struct addrinfo **answer))
{
    struct question q = {CALL_getaddrinfo, node, hints, clock_nanoseconds(),
                         __builtin_return_address(0)};
    int result = next.getaddrinfo(node, service, hints, answer);
    if (result != 0) {
        unresolved(&q, result);
    } else if (settings.logging || settings.recording) {
        resolved_keep(node, *answer);
        resolved_late(&q);
    }
    return result;
}

static void host_was_asked(const struct question *q, const struct hostent *host, int error)
{
    if (!host) {
        unresolved(q, error);
    } else if (settings.logging || settings.recording) {
        resolved_keep_host(q->name, host);
        resolved_late(q);
    }
}

WRAP(struct hostent *, gethostbyname, (const char *name))
{
    struct question q = {CALL_gethostbyname, name, NULL, clock_nanoseconds(),
                         __builtin_return_address(0)};
    struct hostent *host = next.gethostbyname(name);
    host_was_asked(&q, host, host ? 0 : h_errno);
    return host;
}

WRAP(struct hostent *, gethostbyname2, (const char *name, int family))
{
    struct question q = {CALL_gethostbyname, name, NULL, clock_nanoseconds(),
                         __builtin_return_address(0)};
    struct hostent *host = next.gethostbyname2(name, family);
    if (is_inet_family(family)) {
        host_was_asked(&q, host, host ? 0 : h_errno);
    }
    return host;
}

static bool has_host(int result, struct hostent **found)
{
    return result == 0 && found && *found;
}

/* ERANGE asks for a larger buffer. What was not found is told by no host, whatever the result,
 * and `error`, which the C library has written to then: another preload need not have. */
static bool tells_why(int result, const int *error)
{
    return result != ERANGE && can_read(error, sizeof *error);
}

static void host_was_asked_for(const struct question *q, int result, struct hostent **found,
                               const int *error)
{
    if (has_host(result, found)) {
        host_was_asked(q, *found, 0);
    } else if (tells_why(result, error)) {
        host_was_asked(q, NULL, *error);
    }
}

WRAP(int, gethostbyname_r,
     (const char *name, struct hostent *host, char *buffer, size_t room, struct hostent **found,
      int *error))
{
    struct question q = {CALL_gethostbyname, name, NULL, clock_nanoseconds(),
                         __builtin_return_address(0)};
    int result = next.gethostbyname_r(name, host, buffer, room, found, error);
    host_was_asked_for(&q, result, found, error);
    return result;
}

WRAP(int, gethostbyname2_r,
     (const char *name, int family, struct hostent *host, char *buffer, size_t room,
      struct hostent **found, int *error))
{
    struct question q = {CALL_gethostbyname, name, NULL, clock_nanoseconds(),
                         __builtin_return_address(0)};
    int result = next.gethostbyname2_r(name, family, host, buffer, room, found, error);
    if (is_inet_family(family)) {
        host_was_asked_for(&q, result, found, error);
    }
    return result;
}

WRAP(int, getnameinfo,
     (const struct sockaddr *addr, socklen_t addrlen, char *host, socklen_t hostlen, char *service,
      socklen_t servicelen, int flags))
{
    int64_t begun = clock_nanoseconds();
    int result = next.getnameinfo(addr, addrlen, host, hostlen, service, servicelen, flags);
    if (host && hostlen > 0 && !(flags & NI_NUMERICHOST)) {
        unnamed(addr, addrlen, result, begun, __builtin_return_address(0));
    }
    return result;
}

WRAP(struct hostent *, gethostbyaddr, (const void *addr, socklen_t len, int family))
{
    struct unnamed_address asked = {addr, len, family, clock_nanoseconds(),
                                    __builtin_return_address(0)};
    struct hostent *host = next.gethostbyaddr(addr, len, family);
    unnamed_address(&asked, host ? 0 : h_errno);
    return host;
}

WRAP(int, gethostbyaddr_r,
     (const void *addr, socklen_t len, int family, struct hostent *host, char *buffer, size_t room,
      struct hostent **found, int *error))
{
    struct unnamed_address asked = {addr, len, family, clock_nanoseconds(),
                                    __builtin_return_address(0)};
    int result = next.gethostbyaddr_r(addr, len, family, host, buffer, room, found, error);
    if (has_host(result, found)) {
        unnamed_address(&asked, 0);
    } else if (tells_why(result, error)) {
        unnamed_address(&asked, *error);
    }
    return result;
}
