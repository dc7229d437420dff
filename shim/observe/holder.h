/* Whether anybody still holds a connection after this process has closed a descriptor of
 * it: a dup, the child of a fork, whoever it was passed to. Asked of the kernel
 * (sock_diag(7)), which answers everybody. Async-signal-safe; errno is kept. */
#ifndef SOCKSHIM_HOLDER_H
#define SOCKSHIM_HOLDER_H

#include "base/facts.h"

/* struct nlmsghdr and struct inet_diag_req_v2 of include/uapi/linux/. */
struct connection {
    uint32_t length;
    uint16_t kind, flags;
    uint32_t sequence, port_id;
    uint8_t family, protocol, extensions, pad;
    uint32_t states;
    uint16_t local_port, peer_port;
    uint32_t local[4], peer[4];
    uint32_t interface;
    uint32_t cookie[2];
};
_Static_assert(sizeof(struct connection) == 72, "as the kernel reads it");

struct holder {
    enum known is_held;
    bool is_there;        /* held or not: one that was reset is gone */
    bool waits_for_timer; /* a retransmission is due in timer_ms */
    uint32_t timer_ms;
};

/* The connection that the facts are of, while its descriptor is open; false if it cannot
 * be named. One system call. */
hidden bool connection_of(struct connection *c, const struct facts *f);

/* UNKNOWN where the kernel does not answer. By apart(), so that no number of the program's is
 * taken; four system calls besides. */
hidden struct holder connection_holder(const struct connection *c);

#endif
