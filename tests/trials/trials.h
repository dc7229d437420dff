/* What the parts of the program trials share. */
#ifndef TRIALS_H
#define TRIALS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum family { IPV4, IPV6, MAPPED, MULTIPATH, UNIX_STREAM, UNIX_SEQPACKET, UDP };
enum end { CLOSES, RESETS, IS_LEFT };
enum { MESSAGE = 1000 }; /* a datagram has at most so many bytes */

/* One end of the connection, as its program has set it. */
struct side {
    int nonblocking;
    int has_own;     /* it has set a timeout, or taken it off again */
    unsigned own_ms; /* 0: none */
};

/* Of all processes of a trial. */
struct shared {
    unsigned seed, total; /* bytes */
    enum family family;
    enum end end;
    int has_storm, interrupts, is_late, server_writes, quits;
    char words[80];
    volatile unsigned sent, received, messages_sent, messages_received;
    volatile int listens, writer_ended, reader_ended, hold, held;
    struct side reader, writer;
};
extern struct shared *shared;

/* The settings that are on. */
extern struct promised {
    unsigned recv_timeout_ms, connect_retry_ms;
    int accept_careful, eintr_restart, reset_eof;
} promised;

unsigned below(unsigned n);
/* Ends the trial. */
__attribute__((format(printf, 1, 2))) void wrong(const char *format, ...);
unsigned long now_ms(void);
void nap(unsigned ms);

static inline int is_stream(void)
{
    return shared->family != UDP && shared->family != UNIX_SEQPACKET;
}

/* A handler without SA_RESTART may have run in a call that waits. */
static inline int may_be_interrupted(void)
{
    return shared->has_storm && shared->interrupts && !promised.eintr_restart;
}

/* The byte at that place of the stream. */
static inline char byte_at(unsigned at)
{
    return (char)(at * 131 + (at >> 8) * 17 + (at >> 16) + shared->seed);
}

/* receive.c, send.c: all of the stream, by random calls. */
void read_all(int fd);
void write_all(int fd);

#endif
