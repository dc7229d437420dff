/* hosts NAME...: each is asked for by gethostbyname and its relatives, in the order of the
 * man page, and at last with a buffer that is too small. What the program sees of it is printed:
 * the result, errno and both forms of h_errno. With PORT in the environment, what the first found
 * is connected to. With ADDRESSES in it, the names of these addresses are asked for by
 * gethostbyaddr and its relative, also with too small a buffer. */
#include "calls.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>

static char buffer[8192];

static void reach(const struct hostent *host, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (!host || host->h_addrtype != AF_INET) {
        return;
    }
    memcpy(&to.sin_addr, host->h_addr_list[0], sizeof to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)!connect(fd, (struct sockaddr *)&to, sizeof to);
    close(fd);
}

static struct hostent *ask(int form, const char *name, int *result, int *error)
{
    static struct hostent room;
    struct hostent *found = NULL;
    switch (form) {
    case 0:
        return gethostbyname(name);
    case 1:
        return gethostbyname2(name, AF_INET);
    case 2:
        *result = gethostbyname_r(name, &room, buffer, sizeof buffer, &found, error);
        return found;
    case 3:
        *result = gethostbyname2_r(name, AF_INET, &room, buffer, sizeof buffer, &found, error);
        return found;
    default:
        *result = gethostbyname_r(name, &room, buffer, 8, &found, error);
        return found;
    }
}

static struct hostent *ask_back(int form, const char *text, int *result, int *error)
{
    static struct hostent room;
    struct hostent *found = NULL;
    struct in6_addr addr;
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    socklen_t len = family == AF_INET ? 4 : 16;
    MUST(inet_pton(family, text, &addr));
    if (form == 0) {
        return gethostbyaddr(&addr, len, family);
    }
    *result = gethostbyaddr_r(&addr, len, family, &room, buffer, form == 1 ? sizeof buffer : 8,
                              &found, error);
    return found;
}

int main(int argc, char **argv)
{
    bool is_back = getenv("ADDRESSES") != NULL;
    for (int i = 1; i < argc; i++) {
        for (int form = 0; form < (is_back ? 3 : 5); form++) {
            int result = 0;
            int error = 99;
            errno = 0;
            h_errno = 98;
            struct hostent *host = is_back ? ask_back(form, argv[i], &result, &error)
                                           : ask(form, argv[i], &result, &error);
            printf("%s %d %d %d errno %d h_errno %d %d\n", argv[i], form, host != NULL, result,
                   errno, h_errno, error);
            if (getenv("PORT")) {
                reach(host, getenv("PORT"));
            }
        }
    }
}
