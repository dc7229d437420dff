/* A program that does next to nothing.
 * tiny: nothing at all.
 * tiny socket: makes a socket, and ends.
 * tiny memory: uses sockets, one call that fails among it; prints how much
 *     memory it has, in KiB: Rss, Pss, Anonymous (proc(5), smaps_rollup). */
#include "bench.h"

static void use_sockets(void)
{
    int end[2];
    char byte = 0;
    unix_pair(end);
    must(send(end[0], &byte, 1, 0) == 1 && recv(end[1], &byte, 1, 0) == 1, "a byte");
    must(recv(ended(), &byte, 1, 0) == 0, "end of file");
}

static void print_memory(void)
{
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long rss = 0, pss = 0, anonymous = 0;
    must(rollup, "/proc/self/smaps_rollup");
    while (fgets(line, sizeof line, rollup)) {
        (void)(sscanf(line, "Rss: %ld", &rss) || sscanf(line, "Pss: %ld", &pss) ||
               sscanf(line, "Anonymous: %ld", &anonymous));
    }
    printf("%ld %ld %ld\n", rss, pss, anonymous);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "socket") == 0) {
        must(socket(AF_UNIX, SOCK_STREAM, 0) >= 0, "socket");
    }
    if (argc > 1 && strcmp(argv[1], "memory") == 0) {
        use_sockets();
        print_memory();
    }
    return 0;
}
