/* A client of no luck, a listener without a client and a wait for nobody, with no call beside
 * these: what there is to see of them. */
#include "harm.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static void say(const char *what, long result)
{
    char line[64];
    int len = snprintf(line, sizeof line, "%s %ld %d\n", what, result, result < 0 ? errno : 0);
    CHECK(write(1, line, (size_t)len) == len);
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(1)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char byte;
    int client = socket(AF_INET, SOCK_STREAM, 0);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int pair[2];
    say("connect", connect(client, (struct sockaddr *)&at, sizeof at));
    say("recv", recv(client, &byte, 1, 0));
    at.sin_port = 0;
    say("bind", bind(server, (struct sockaddr *)&at, sizeof at));
    say("listen", listen(server, 1));
    say("accept", accept(server, NULL, NULL));
    say("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    say("close", close(pair[1]));
    say("send", send(pair[0], "x", 1, MSG_NOSIGNAL));
    say("close", close(client));
    return 0;
}
