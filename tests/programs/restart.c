/* A handler installed in the way that the first argument says, for the signal with the
 * number in the second: does a read that it interrupts go on? */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static int out;

static void handler(int sig)
{
    (void)sig;
    if (write(out, "x", 1) != 1) { /* lets the read end, if it goes on */
        _exit(3);
    }
}

int main(int argc, char **argv)
{
    int pair[2];
    char byte;
    const char *way = argc > 2 ? argv[1] : "";
    int sig = argc > 2 ? atoi(argv[2]) : 0;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    out = pair[1];
    if (strcmp(way, "siginterrupt") == 0) {
        signal(sig, handler);
        siginterrupt(sig, 1);
    } else if (strcmp(way, "sigset") == 0) {
        sigset(sig, handler);
    } else if (strcmp(way, "sysv_signal") == 0) {
        sysv_signal(sig, handler);
    } else {
        siginterrupt(sig, 1); /* makes signal() install without SA_RESTART */
        signal(sig, handler);
    }
    pid_t parent = getpid();
    if (fork() == 0) {
        char state[256] = "";
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/wchan", parent);
        for (;;) { /* until it waits */
            FILE *f = fopen(path, "r");
            if (f && fgets(state, sizeof state, f) && strstr(state, "unix_stream")) {
                break;
            }
            if (f) {
                fclose(f);
            }
            usleep(1000);
        }
        kill(parent, sig);
        _exit(0);
    }
    ssize_t n = read(pair[0], &byte, 1);
    puts(n == 1 ? "restarted" : errno == EINTR ? "interrupted" : strerror(errno));
    wait(NULL);
    return 0;
}
