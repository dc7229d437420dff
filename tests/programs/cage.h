/* A seccomp cage that kills for all but read, write, recvfrom, sendto and
 * exit_group, however it is entered, and what fails in it. */
#ifndef CAGE_H
#define CAGE_H

#include "harm.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int gone; /* its peer closed */

/* Lengths tell the records apart. */
static inline void fail_in_cage(void)
{
    static char room[64];
    errno = 12345;
    CHECK(recv(gone, room, 2, 0) == 0 && errno == 12345);
    CHECK(recv(quiet[0], room, 3, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(recvfrom(-1, room, 4, 0, NULL, NULL) == -1 && errno == EBADF);
    CHECK(send(gone, room, 5, MSG_NOSIGNAL) == -1 && errno == EPIPE);
    CHECK(read(gone, room, 6) == 0);
    CHECK(write(quiet[0], room, 0) == 0);
    CHECK(write(-1, room, 7) == -1 && errno == EBADF);
    CHECK(sendto(quiet[0], room, 8, 0, NULL, 0) == 8);
    CHECK(recv(quiet[1], room, 8, 0) == 8);
}

static inline void open_for_cage(void)
{
    int pair[2];
    open_quiet();
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
    gone = pair[0];
    leave_record(1);
}

/* Nothing may be written to files; a write would raise SIGXFSZ. */
static inline void limit_files(void)
{
    struct rlimit none = {0, 0};
    CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
}

/* As sshd does it: a child enters, and its parent logs on. */
static inline void go_on_in_child(void)
{
    pid_t pid = fork();
    if (pid != 0) {
        int status = 0;
        CHECK(waitpid(pid, &status, 0) == pid);
        leave_record(9);
        printf("%d %d\n", pid, status);
        exit(0);
    }
}

#endif
