/* Name resolution: what it said is remembered for the records of connects; what it could not
 * say, or said late, is logged. */
#include "base/clock.h"
#include "base/settings.h"
#include "calls/wrap.h"
#include "failure/unresolved.h"
#include "observe/resolved.h"

WRAP(int, getaddrinfo,
     (const char *node, const char *service, const struct addrinfo *hints,
      struct addrinfo **answer))
{
    int64_t begun = clock_nanoseconds();
    int result = next.getaddrinfo(node, service, hints, answer);
    if (result != 0) {
        unresolved(node, hints, result, begun, __builtin_return_address(0));
    } else if (settings.logging || settings.recording) {
        resolved_keep(node, *answer);
        resolved_late(node, hints, begun, __builtin_return_address(0));
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
