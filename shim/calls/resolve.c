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

/* ERANGE asks for a larger buffer. What was not found is told by no host, whatever the result,
 * and `error`, which the C library has written to then: another preload need not have. */
static void host_was_asked_for(const struct question *q, int result, struct hostent **found,
                               const int *error)
{
    bool has_host = result == 0 && found && *found;
    if (has_host || (result != ERANGE && can_read(error, sizeof *error))) {
        host_was_asked(q, has_host ? *found : NULL, has_host ? 0 : *error);
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
