/* Socket addresses, kept small enough for a record's stack, and their text. Pure
 * and async-signal-safe. */
#ifndef SOCKSHIM_ADDRESS_H
#define SOCKSHIM_ADDRESS_H

#include "base/text.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union socket_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

/* len is 0 where there is no address; else it lies `ahead` bytes behind this, in a struct
 * address_room. */
struct address {
    uint8_t len;
    uint8_t ahead;
    bool is_cut; /* there was no room for the rest, which its text says */
};

/* Where several addresses lie one behind the other: two long paths would not fit, and
 * hardly ever come together. In one struct with those who point into it. */
struct address_room {
    uint8_t used;
    _Alignas(4) char bytes[116];
};

/* The rest of the room, for the kernel to write to, and its size in *len. */
static inline void *address_place(struct address_room *room, socklen_t *len)
{
    *len = (socklen_t)(sizeof room->bytes - room->used);
    return room->bytes + room->used;
}
/* What is there, `len` bytes or as many as fit, is that address from now on. */
void address_keep(struct address *address, struct address_room *room, socklen_t len);
/* Takes over at most what fits. `from` must be readable for `len` bytes. */
void address_set(struct address *address, struct address_room *room, const void *from,
                 socklen_t len);
static inline const union socket_address *address_at(const struct address *address)
{
    return (const void *)((const char *)address + address->ahead);
}
/* AF_UNSPEC: none. */
sa_family_t address_family(const struct address *address);
/* Whether it says anything: an unnamed unix socket or an IP socket that is
 * bound to nothing does not. */
bool address_is_named(const struct address *address);
/* Of a unix socket, and not a path: unix(7). */
bool address_is_abstract(const struct address *address);
/* Of a unix socket, a path that begins at the working directory. */
bool address_is_relative(const struct address *address);
/* As a destination this host: 127.0.0.0/8, 0.0.0.0, ::1, ::, and the mapped forms. */
bool address_is_this_host(const struct address *address);
/* 0.0.0.0, ::, and the mapped form. */
bool address_is_any(const struct address *address);
/* Of an IP address without its port, 64 bits of FNV-1a; 0: of another kind, or cut short. An
 * IPv4 address in IPv6's form is the IPv4 address. */
uint64_t address_hash(const struct sockaddr *addr, socklen_t len);
/* IP addresses that differ in their ports alone. */
bool address_same_host(const struct address *a, const struct address *b);
/* An IPv4 address in IPv6's form. */
bool address_is_mapped(const struct address *address);
/* ::1 */
bool address_is_loopback6(const struct address *address);
/* Of IPv4: the broadcast address of a network, or of all, ends in two bits of 1 at least: a
 * network of two addresses has none (RFC 3021). */
bool address_may_be_broadcast(const struct address *address);
bool address_is_multicast(const struct address *address);
/* An IPv6 link-local address without the scope id that says where. */
bool address_lacks_interface(const struct address *address);
/* The port in host order, or 0 where the family has none. */
unsigned address_port(const struct address *address);
/* 10.0.0.5:443, [::1]:443, [fe80::1%2]:443, a unix path, @abstract, CID:PORT
 * for vsock, PID:GROUPS for netlink: no quotes, but escaped as the text wants. */
void address_text(struct text *t, const struct address *address);
/* Whether its text holds nothing that a logfmt value must quote. */
bool address_is_plain(const struct address *address);

#endif
