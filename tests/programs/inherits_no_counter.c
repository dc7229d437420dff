/* Starts itself anew without the processor's cycle counter: SIGSEGV for whoever reads it. The exit
 * status is 7 if all went as it should, 8 where the counter cannot be forbidden. */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int pair[2];
    char room[8];
    if (argc == 1) {
        return prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0
                   ? execl(argv[0], argv[0], "again", NULL)
                   : 8;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || close(pair[1]) < 0) {
        return 1;
    }
    return recv(pair[0], room, 2, 0) == 0 ? 7 : 2;
}
