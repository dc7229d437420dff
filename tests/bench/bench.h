/* What the bench programs share: the clock, medians, and sockets in the states
 * that are measured. Each program prints one line of numbers. */
#ifndef BENCH_H
#define BENCH_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static inline double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* A positive number of the command line, or the value that stands for it. */
static inline int number(char **argv, int argc, int which, int otherwise)
{
    int given = which < argc ? atoi(argv[which]) : otherwise;
    must(given >= 0, "a number below 0");
    return given;
}

/* The element of that name in a table of structs that begin with their name. */
static inline const void *named(const char *name, const void *table, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *element = (const char *)table + i * size;
        if (strcmp(*(const char *const *)element, name) == 0) {
            return element;
        }
    }
    errno = EINVAL;
    must(false, name);
    return NULL;
}

/* ---- Sockets ---- */

static inline int listener(struct sockaddr_in *address, int backlog)
{
    socklen_t len = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(fd, (struct sockaddr *)address, len) == 0, "bind");
    must(listen(fd, backlog) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)address, &len) == 0, "getsockname");
    return fd;
}

static inline void connection(int at, const struct sockaddr_in *address, int end[2])
{
    end[0] = socket(AF_INET, SOCK_STREAM, 0);
    must(connect(end[0], (const struct sockaddr *)address, sizeof *address) == 0, "connect");
    end[1] = accept(at, NULL, NULL);
    must(end[1] >= 0, "accept");
}

/* A connection over loopback. */
static inline void tcp_pair(int end[2])
{
    struct sockaddr_in address;
    int at = listener(&address, 8);
    connection(at, &address, end);
    close(at);
}

static inline void unix_pair(int end[2])
{
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, end) == 0, "socketpair");
}

static inline void do_not_wait(int fd)
{
    must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
}

/* What is closed from now on, or accepted here and closed, is closed by RST. It
 * leaves no TIME_WAIT behind, of which thousands would change the machine. */
static inline void close_by_reset(int fd)
{
    struct linger at_once = {1, 0};
    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0, "SO_LINGER");
}

/* ---- Sockets on which a call fails ---- */

static inline int nothing_to_read(void)
{
    int end[2];
    tcp_pair(end);
    do_not_wait(end[0]);
    return end[0];
}

static inline bool send_all_that_fits(int fd)
{
    static const char bytes[65536];
    bool some = false;
    for (size_t size = sizeof bytes; size > 0; size /= 2) {
        while (send(fd, bytes, size, 0) > 0) {
            some = true;
        }
    }
    return some;
}

/* A late acknowledgement makes room again, so it is filled until it stays full. */
static inline int no_room_to_write(void)
{
    static const struct timespec pause = {0, 50000000};
    int size = 8192;
    int end[2];
    tcp_pair(end);
    do_not_wait(end[0]);
    must(setsockopt(end[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0 &&
             setsockopt(end[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0,
         "the sizes of buffers");
    while (send_all_that_fits(end[0])) {
        nanosleep(&pause, NULL);
    }
    return end[0];
}

static inline int ended(void)
{
    int end[2];
    tcp_pair(end);
    close(end[1]);
    return end[0];
}

static inline int ended_unix(void)
{
    int end[2];
    unix_pair(end);
    close(end[1]);
    return end[0];
}

/* The next call on it gives ECONNRESET, every later one another result. */
static inline int reset(void)
{
    int end[2];
    tcp_pair(end);
    close_by_reset(end[1]);
    close(end[1]);
    return end[0];
}

/* Every send on it gives EPIPE. */
static inline int broken(void)
{
    char byte;
    int fd = reset();
    must(recv(fd, &byte, 1, 0) == -1 && errno == ECONNRESET, "a reset");
    return fd;
}

#endif
