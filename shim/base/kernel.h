/* Kernel ABI that not every C library's headers have, or have under one name. */
#ifndef SOCKSHIM_KERNEL_H
#define SOCKSHIM_KERNEL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SO_PEERNAME
#define SO_PEERNAME 28
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

static inline bool is_inet_family(int domain)
{
    return domain == AF_INET || domain == AF_INET6;
}

static inline bool is_tcp_protocol(int protocol)
{
    return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

/* Options and ioctls: include/uapi/linux/tcp.h, mptcp.h, in.h, in6.h, splice.h;
 * SO_MEMINFO of asm-generic/socket.h;
 * the queues are tcp(7)'s SIOCOUTQ, and SIOCOUTQNSD of sockios.h. */
enum {
    OPTION_TCP_INFO = 11,
    OPTION_TCP_USER_TIMEOUT = 18,
    OPTION_TCP_REPAIR = 19,
    OPTION_TCP_FASTOPEN_CONNECT = 30,
    OPTION_TCP_ZEROCOPY_RECEIVE = 35,
    OPTION_MEMORY = 55,
    LEVEL_MPTCP = 284,
    OPTION_MPTCP_INFO = 1,
    OPTION_IP_RECVERR = 11,
    OPTION_IP_LOCAL_PORTS = 51,
    OPTION_IPV6_RECVERR = 25,
    FLAG_SPLICE_NONBLOCK = 2,
    OUTPUT_QUEUE = 0x5411,
    UNSENT_QUEUE = 0x894B,
};

/* include/uapi/linux/fcntl.h: F_GET_RW_HINT, F_SET_RW_HINT. */
enum { GET_HINT = 1035, SET_HINT = 1036 };

/* The old form of the options, whose value is two longs. */
#if __SIZEOF_LONG__ == 4
enum { OPTION_RECEIVE_TIMEOUT = 20, OPTION_SEND_TIMEOUT = 21 };
#else
enum { OPTION_RECEIVE_TIMEOUT = SO_RCVTIMEO, OPTION_SEND_TIMEOUT = SO_SNDTIMEO };
#endif

/* struct tcp_info of include/uapi/linux/tcp.h as far as it is used: C libraries
 * stop at different fields. A kernel that knows less returns less. */
struct tcp_facts {
    uint8_t state, ca_state, retransmits, probes, backoff, options, scales, limited;
    uint32_t rto, ato, snd_mss, rcv_mss;
    uint32_t unacked, sacked, lost, retrans, fackets;
    uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
    uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
    uint32_t rcv_rtt, rcv_space, total_retrans;
    uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
    uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
    uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
    uint32_t delivered, delivered_ce;
    uint64_t bytes_sent, bytes_retrans;
    uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
};

/* struct mptcp_info of include/uapi/linux/mptcp.h, likewise. */
struct mptcp_facts {
    uint8_t counts[8];
    uint32_t flags, token;
    uint64_t write_seq, snd_una, rcv_nxt;
    uint8_t local[4];
    uint32_t retransmits;
    uint64_t bytes_retrans, bytes_sent, bytes_received, bytes_acked;
};

/* O_LARGEFILE, which headers make 0 where the C library sees to it. */
#ifdef __i386__
enum { LARGEFILE = 0100000 };
#else
enum { LARGEFILE = 0 };
#endif

/* struct statx of include/uapi/linux/stat.h, and the bits of its mask. */
struct kernel_statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, spare;
    uint64_t inode, size, blocks, attributes_mask;
    uint64_t access_time[2];
    uint64_t birth_seconds;
    uint32_t birth_ns, gap;
    uint64_t other_times[4];
    uint32_t special_major, special_minor, device_major, device_minor;
    uint64_t mount;
    uint64_t rest[13];
};
_Static_assert(sizeof(struct kernel_statx) == 256, "as the kernel fills it");
enum {
    STATX_TYPE_TO_GID = 0x1f,
    STATX_INODE = 0x100,
    STATX_BYTES = 0x200,
    STATX_BIRTH = 0x800,
    STATX_MOUNT = 0x1000,
};

/* include/uapi/linux/fs.h */
enum { NO_REPLACE = 1, EXCHANGE_NAMES = 2 }; /* RENAME_NOREPLACE, RENAME_EXCHANGE */

/* include/net/tcp_states.h */
enum {
    TCP_STATE_ESTABLISHED = 1,
    TCP_STATE_SYN_SENT,
    TCP_STATE_SYN_RECV,
    TCP_STATE_FIN_WAIT1,
    TCP_STATE_FIN_WAIT2,
    TCP_STATE_TIME_WAIT,
    TCP_STATE_CLOSE,
    TCP_STATE_CLOSE_WAIT,
    TCP_STATE_LAST_ACK,
    TCP_STATE_LISTEN,
    TCP_STATE_CLOSING,
};

/* The states into which the peer's FIN leads. */
static inline bool state_has_peer_fin(unsigned state)
{
    return state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_LAST_ACK ||
           state == TCP_STATE_CLOSING || state == TCP_STATE_TIME_WAIT;
}

/* Those into which the program's own leads, besides CLOSE. */
static inline bool state_has_own_fin(unsigned state)
{
    return state == TCP_STATE_FIN_WAIT1 || state == TCP_STATE_FIN_WAIT2 ||
           state == TCP_STATE_CLOSING || state == TCP_STATE_LAST_ACK ||
           state == TCP_STATE_TIME_WAIT;
}

#endif
