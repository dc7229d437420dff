/* Whatever else may notice. */
#include "life.h"

void wait_for_events(void)
{
    struct pollfd fds[16];
    struct epoll_event event = {
        .events = (uint32_t)ANY(EPOLLIN, EPOLLIN | EPOLLET, EPOLLOUT | EPOLLRDHUP)};
    struct epoll_event got[8];
    struct timespec now = {0, 0};
    int epoll = 3 + (int)below(20);
    int fd = descriptor();
    long n;
    event.data.u64 = (uint64_t)fd;
    switch (below(4)) {
    case 0:
        CALL(epoll_ctl(epoll, one_in(4) ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, fd, &event),
             "epoll_ctl %d %d", epoll, fd);
        break;
    case 1:
        n = CALL(epoll_wait(epoll, got, 8, 0), "epoll_wait %d", epoll);
        for (long i = 0; i < n; i++) {
            say("   %llu %x\n", (unsigned long long)got[i].data.u64, got[i].events);
        }
        break;
    default:
        for (int i = 0; i < 16; i++) {
            fds[i] = (struct pollfd){.fd = 3 + i, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
        }
        CALL(one_in(2) ? poll(fds, 16, 0) : ppoll(fds, 16, &now, NULL), "poll");
        for (int i = 0; i < 16; i++) {
            say(" %x", (unsigned)fds[i].revents);
        }
        say("\n");
        break;
    }
}

void by_number(void)
{
    int fd = descriptor();
    char name[32] = "";
    char *buf = room(64);
    socklen_t one = 1;
    (void)one;
    switch (below(7)) {
    case 0:
        CALL(syscall(SYS_recvfrom, fd, buf, 20, MSG_DONTWAIT, NULL, NULL), "syscall recvfrom %d %p",
             fd, (void *)buf);
        break;
    case 1:
        CALL(syscall(SYS_fcntl, fd, F_GETFL), "syscall F_GETFL %d", fd);
        break;
    case 2:
        CALL(syscall(9999, 1, 2, 3), "syscall 9999");
        break;
    case 3:
        CALL(prctl(PR_SET_NAME, "transparent"), "prctl PR_SET_NAME");
        break;
    case 4:
        if (one_in(2)) {
            CALL(prctl(PR_GET_NAME, name), "prctl PR_GET_NAME");
        } else if (HAS(__prctl_time64)) {
            CALL(x___prctl_time64(PR_GET_NAME, (unsigned long)name, 0, 0, 0),
                 "__prctl_time64 PR_GET_NAME");
        }
        say("   %s\n", name);
        break;
    case 5:
        CALL(one_in(2) ? prctl(PR_SET_SECCOMP, ANY(7, 2, -1), 0, 0, 0)
                       : (int)syscall(SYS_seccomp, ANY(1, 9, 1), 0, bad_pointer()),
             "seccomp");
        break;
    default:
        CALL(prctl((int)ANY(PR_GET_DUMPABLE, PR_GET_SECCOMP, 9999, -1), 0, 0, 0, 0), "prctl");
        break;
    }
}
