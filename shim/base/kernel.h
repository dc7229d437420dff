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
    uint64_t times[8];
    uint32_t special_major, special_minor, device_major, device_minor;
    uint64_t mount;
    uint64_t rest[13];
};
_Static_assert(sizeof(struct kernel_statx) == 256, "as the kernel fills it");
enum { STATX_TYPE_TO_GID = 0x1f, STATX_INODE = 0x100, STATX_BYTES = 0x200, STATX_MOUNT = 0x1000 };

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

#endif
