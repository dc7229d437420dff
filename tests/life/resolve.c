/* Name resolution, of addresses that are written as numbers: nobody is asked. */
#include "life.h"
#include <netdb.h>

/* Where the answer lies differs from run to run: what is in it counts. */
static void tell(const struct addrinfo *answer)
{
    for (const struct addrinfo *at = answer; at; at = at->ai_next) {
        say("%u answer %d %d %d %u %08x\n", number, at->ai_family, at->ai_socktype, at->ai_protocol,
            at->ai_addrlen, (unsigned)sum_of((const unsigned char *)at->ai_addr, at->ai_addrlen));
    }
}

static void name(void)
{
    struct sockaddr_in addr = {.sin_family = (sa_family_t)ANY(AF_INET, AF_INET, 99),
                               .sin_port = htons(80)};
    char host[64] = "";
    char service[64] = "";
    int flags = NI_NUMERICHOST | NI_NUMERICSERV | (int)ANY(0, NI_DGRAM, NI_NAMEREQD);
    CALL(getnameinfo((struct sockaddr *)&addr, sizeof addr, host, below(9), service, sizeof service,
                     flags),
         "getnameinfo %d %d", addr.sin_family, flags);
    say("%u name %s %s\n", number, host, service);
}

/* Of gethostbyname and its relatives: with a buffer that is large enough or too small. */
static void host(const char *node)
{
    static _Alignas(16) char buffer[1024];
    struct hostent room;
    struct hostent *found = NULL;
    int error = 99;
    int result = 0;
    size_t size = (size_t)ANY(sizeof buffer, sizeof buffer, 8);
    int family = (int)ANY(AF_INET, AF_INET6);
    h_errno = 98;
    switch (below(4)) {
    case 0:
        CALL((found = gethostbyname(node)) ? 0 : -1, "gethostbyname %s", node);
        break;
    case 1:
        CALL((found = gethostbyname2(node, family)) ? 0 : -1, "gethostbyname2 %s %d", node, family);
        break;
    case 2:
        CALL((result = gethostbyname_r(node, &room, buffer, size, &found, &error)) ? -1 : 0,
             "gethostbyname_r %s %zu", node, size);
        break;
    default:
        CALL((result = gethostbyname2_r(node, family, &room, buffer, size, &found, &error)) ? -1
                                                                                            : 0,
             "gethostbyname2_r %s %d %zu", node, family, size);
    }
    say("%u host %d %d %d %d %08x\n", number, result, found != NULL, error, h_errno,
        found ? (unsigned)sum_of((const void *)found->h_addr_list[0], (size_t)found->h_length) : 0);
}

void resolve(void)
{
    if (below(3) == 0) {
        name();
        return;
    }
    static const char *const nodes[] = {"127.0.0.1", "127.0.0.1", "::1", "127.1", "1.2.3.4.5"};
    const char *node = nodes[below(sizeof nodes / sizeof *nodes)];
    if (below(3) == 0) {
        for (int i = 0; i < 4; i++) {
            host(node);
        }
        return;
    }
    const char *service = (const char *[]){"80", "80", NULL, "70000000000", "no number"}[below(5)];
    struct addrinfo hints = {
        /* 0x40000000 is no flag: EAI_BADFLAGS, which is -1 */
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | (int)ANY(0, 0, 0, AI_PASSIVE, 0x40000000),
        .ai_family = (int)ANY(AF_INET, AF_INET, AF_INET6, AF_UNSPEC, 99),
        .ai_socktype = (int)ANY(SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, 0),
    };
    struct addrinfo *answer = NULL;
    long result = CALL(getaddrinfo(node, service, given(&hints, sizeof hints), &answer),
                       "getaddrinfo %s %s %d %d %x", node, service ? service : "-", hints.ai_family,
                       hints.ai_socktype, (unsigned)hints.ai_flags);
    if (result == 0) {
        tell(answer);
        freeaddrinfo(answer);
    }
}
