/* recv, recvfrom and read as a program built with _FORTIFY_SOURCE calls them:
 * fortified LENGTH [CALL]. Where LENGTH is larger than the buffer, it is aborted. */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2
#include "calls.h"

enum { RECV, RECVFROM, READ, CALLS };
static const char *const names[CALLS] = {"recv", "recvfrom", "read"};

static void receive(int call, size_t len)
{
    char buf[16];
    ssize_t n;
    errno = UNTOUCHED;
    if (call == RECV) {
        n = recv(US, buf, len, 0);
    } else if (call == RECVFROM) {
        n = recvfrom(US, buf, len, 0, NULL, NULL);
    } else {
        n = read(US, buf, len);
    }
    saw(names[call], n);
    printf("  %.*s\n", n > 0 ? (int)n : 0, buf);
}

static void all_results(int call, size_t len)
{
    tcp_pair();
    MUST(send(THEM, "hello", 5, 0));
    await(US, POLLIN);
    receive(call, len);
    MUST(close(THEM));
    await(US, POLLRDHUP);
    receive(call, len);
    clear();
    tcp_pair();
    reset(THEM);
    await(US, POLLERR);
    receive(call, len);
    clear();
}

int main(int argc, char **argv)
{
    size_t len = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int call = 0; call < CALLS; call++) {
        if (argc < 3 || strcmp(argv[2], names[call]) == 0) {
            all_results(call, len);
        }
    }
    return 0;
}
