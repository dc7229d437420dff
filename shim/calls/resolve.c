/* Name resolution: a layer may stand here. */
#include "calls/wrap.h"

WRAP(int, getaddrinfo,
     (const char *node, const char *service, const struct addrinfo *hints,
      struct addrinfo **answer))
{
    return next.getaddrinfo(node, service, hints, answer);
}
