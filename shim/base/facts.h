/* What is known of a call that did not simply succeed: data alone. observe/ fills it
 * in, tell/ reads it. */
#ifndef SOCKSHIM_FACTS_H
#define SOCKSHIM_FACTS_H

#include "base/address.h"
#include "base/names.h"

#include <stdbool.h>
#include <stdint.h>

/* What the program asked for: each wrapper fills in what its call has and
 * leaves the rest as it is. Nothing behind a pointer is read before the kernel
 * has read it: observe() knows when that is. */
struct attempt {
    int fd;
    int flags;        /* MSG_*; RWF_* of preadv2 and pwritev2; the type of socket() */
    int other;        /* sendfile's and splice's input; the domain of socket() */
    size_t len;       /* bytes, iovecs or messages; the protocol of socket() */
    const void *data; /* struct iovec, msghdr or mmsghdr */
    const struct sockaddr *addr;
    socklen_t addrlen;
    const void *site; /* where the call returns to; NULL: not known */
};

enum __attribute__((packed)) known { UNKNOWN, NO, YES };

/* Who closes sooner after the last thing it said has not waited for an answer. */
enum { LEAST_WAIT_MS = 50 };

/* Timers that end idle connections are not shorter. */
enum { LEAST_SILENCE_MS = 1000 };

/* One retransmission is no sign that a peer is gone. */
enum { LEAST_TRIES = 2 };

/* Who made the connection. */
enum __attribute__((packed)) side { SIDE_UNKNOWN, CONNECTED, ACCEPTED };

/* What the kernel says of an IPv6 address that bind could not have. */
enum __attribute__((packed)) assigned {
    ASSIGNED_NOT_KNOWN, /* not asked, or it is there by now */
    ASSIGNED_NOT,
    ASSIGNED_TENTATIVE, /* duplicate address detection runs */
    ASSIGNED_DUPLICATE, /* which found another one */
    ASSIGNED_ELSEWHERE  /* to another interface than the address names */
};

/* Without gaps, for it is on the stack below a whole line; and what every record has comes first,
 * for the recorder keeps words that are not 0. */
struct facts {
    uint64_t len; /* bytes, or messages for recvmmsg and sendmmsg */
    int ret;
    int fd;                       /* -1: none */
    int err;                      /* 0 where ret is not -1, but for SO_ERROR */
    int flags;                    /* MSG_* */
    short domain, type, protocol; /* -1: not known */
    uint8_t call;                 /* enum call */
    uint8_t cause;                /* enum cause, once tell_facts() has found it */
    bool has_len;
    bool receives; /* the direction; splice has either */
    bool sends;
    enum known is_lean;       /* YES: only the call's own facts are there */
    enum known nonblocking;   /* the socket or this call */
    enum known sets_timeouts; /* NO: this program never set SO_RCVTIMEO or SO_SNDTIMEO */
    bool peer_from_call;      /* the call named it; the socket may have another one, or none */
    bool names_in_vain;       /* the call named an address, which such a socket does not take */

    uint64_t timeout_us; /* SO_RCVTIMEO or SO_SNDTIMEO of this direction; 0: none */
    uint64_t rx, tx;
    uint32_t unacked, unsent;
    uint32_t idle_ms, sent_ms, rtt_us, retrans;
    uint32_t fin_ms;           /* of TCP: since the peer's FIN came, at least; 0: not known */
    uint32_t offset;           /* in the object, as addr2line(1) takes it */
    const char *object;        /* the name of what called; NULL: not known */
    int peer_pid;              /* unix; 0: not known */
    uint32_t queued;           /* bytes that wait to be read */
    uint32_t descriptor_limit; /* RLIMIT_NOFILE, for EMFILE; 0: not asked */
    uint32_t send_buffer;      /* SO_SNDBUF, for EMSGSIZE and ENOBUFS; 0: not asked */
    uint32_t mtu;              /* of the path, for EMSGSIZE; 0: not known */
    uint32_t waited_ms;        /* of a connect under way, or timed out, 0: not known; of a name */
    uint32_t user_timeout_ms;
    uint16_t port_low, port_high; /* ip_local_port_range, for EADDR*; 0: not asked */

    bool too_many_buffers; /* EMSGSIZE is of the number of buffers in a message */
    enum known is_open;    /* the descriptor, at EBADF */
    bool is_first_connect; /* EINVAL of a connect: the socket had no other one before */
    bool is_path;          /* it is open with O_PATH */
    enum assigned assigned;
    enum known listens_unseen; /* at ENOENT: a socket listens at that path, which is not there */
    int8_t closed_at; /* at EACCES: how much of the peer's path, of 108 bytes at most, is the first
                       * directory that may not be searched; -1: all may be; 0: not known */
    bool is_filtered; /* at EPERM, EACCES, EAFNOSUPPORT: by a seccomp filter, which may answer */
    bool is_own_name; /* what getaddrinfo was asked for is what uname(2) calls this host */
    bool has_own_ports; /* port_low and port_high are the socket's: IP_LOCAL_PORT_RANGE */

    /* Another error waits behind this result. UNKNOWN as well where notices in the error
     * queue look the same. */
    enum known error_pending;
    enum known hung_up; /* poll's POLLHUP and POLLRDHUP */
    enum known read_closed;
    bool has_queued;         /* asked for */
    bool saved_from_sigpipe; /* the default action would have ended the program */
    bool ended_by_sigpipe;   /* it does so as soon as this is logged */
    bool hears_errors;       /* of a datagram socket: the error may be of an earlier datagram; at
                              * ECONNREFUSED, of one to whom it was never connected */

    bool was_connected;  /* the figures of a connection are there */
    bool send_failed;    /* this host itself failed to send, now or earlier */
    bool has_payload;    /* rx and tx are known: Linux 4.19 and later */
    uint8_t state;       /* tcp_states.h; 0: not known */
    enum known fin_seen; /* the peer's FIN; NO and YES only in state CLOSE */
    enum known own_fin;  /* this program's FIN was sent; it shut down its writing side */
    enum known refused;  /* data that came after SHUT_RDWR, with RST; NO and YES only in CLOSE */
    enum side side;
    bool has_sent;                         /* payload, at least once: sent_ms means something */
    enum known shut_reading, shut_writing; /* by this program; of TCP asked in state CLOSE alone */
    uint8_t tries;                         /* retransmissions since the last acknowledgement */
    uint8_t probes;                        /* unanswered probes: of a closed window, or keepalive */
    bool window_closed;
    bool held_back; /* what is not sent is less than a segment, and the peer has room for it: the
                     * program itself corks it (TCP_CORK, MSG_MORE), or Nagle's algorithm does */
    bool keepalive;
    bool lingers_not; /* SO_LINGER 0: closing sends RST */
    bool spares;      /* observe/nagle.h */

    struct address local, peer;
    struct address name;      /* of the peer, or that was asked for: as it was written, no NUL */
    struct address_room room; /* of the three; most of it stays empty and uncleared */
    int kept; /* errno as the program has it, for failure/handled.c: here it takes no room */
};

#endif
