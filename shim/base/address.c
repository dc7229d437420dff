#include "base/address.h"

#include <stddef.h>
#include <string.h>

/* linux/vm_sockets.h and linux/netlink.h are not there with every C library;
 * the layouts are kernel ABI. */
struct vsock_address {
    unsigned short family;
    unsigned short reserved;
    uint32_t port;
    uint32_t cid;
};
struct netlink_address {
    unsigned short family;
    unsigned short pad;
    uint32_t pid;
    uint32_t groups;
};

/* Whole words: an IPv6 address has members of four bytes. */
static unsigned rounded_up(unsigned bytes)
{
    return (bytes + 3) & ~3U;
}

void address_keep(struct address *address, struct address_room *room, socklen_t len)
{
    socklen_t left;
    char *place = address_place(room, &left);
    address->is_cut = len > left;
    len = len < left ? len : left;
    address->len = (uint8_t)len;
    address->ahead = (uint8_t)(place - (char *)address);
    room->used = (uint8_t)(room->used + rounded_up(len));
}

void address_set(struct address *address, struct address_room *room, const void *from,
                 socklen_t len)
{
    socklen_t left;
    char *place = address_place(room, &left);
    memcpy(place, from, len < left ? len : left);
    address_keep(address, room, len);
}

sa_family_t address_family(const struct address *a)
{
    const union socket_address *at = address_at(a);
    return a->len >= sizeof at->any.sa_family ? at->any.sa_family : AF_UNSPEC;
}

static bool is_unix(const struct address *a)
{
    return address_family(a) == AF_UNIX;
}

static bool is_inet(const struct address *a)
{
    return a->len >= sizeof(struct sockaddr_in) && address_family(a) == AF_INET;
}

/* RFC 2133's form without the scope id is 24 bytes long, and still accepted. */
static bool is_inet6(const struct address *a)
{
    return a->len >= 24 && address_family(a) == AF_INET6;
}

static bool is_vsock(const struct address *a)
{
    return a->len >= sizeof(struct vsock_address) && address_family(a) == AF_VSOCK;
}

static bool is_netlink(const struct address *a)
{
    return a->len >= sizeof(struct netlink_address) && address_family(a) == AF_NETLINK;
}

static size_t unix_name_length(const struct address *a)
{
    size_t path = offsetof(struct sockaddr_un, sun_path);
    if (a->len <= path) {
        return 0;
    }
    const size_t room = sizeof address_at(a)->un.sun_path; /* a longer one is refused (unix(7)) */
    size_t len = a->len - path < room ? a->len - path : room;
    /* An abstract name is all of its bytes, a path ends at the first NUL. */
    return address_at(a)->un.sun_path[0] ? strnlen(address_at(a)->un.sun_path, len) : len;
}

unsigned address_port(const struct address *a)
{
    if (is_inet(a)) {
        return ntohs(address_at(a)->in.sin_port);
    }
    return is_inet6(a) ? ntohs(address_at(a)->in6.sin6_port) : 0;
}

bool address_is_abstract(const struct address *a)
{
    return is_unix(a) && a->len > sizeof(sa_family_t) && address_at(a)->un.sun_path[0] == '\0';
}

bool address_is_relative(const struct address *a)
{
    return is_unix(a) && a->len > sizeof(sa_family_t) && address_at(a)->un.sun_path[0] != '\0' &&
           address_at(a)->un.sun_path[0] != '/';
}

bool address_is_named(const struct address *a)
{
    if (is_inet(a)) {
        return address_at(a)->in.sin_port || address_at(a)->in.sin_addr.s_addr;
    }
    if (is_inet6(a)) {
        return address_at(a)->in6.sin6_port ||
               !IN6_IS_ADDR_UNSPECIFIED(&address_at(a)->in6.sin6_addr);
    }
    if (is_unix(a)) {
        return unix_name_length(a) > 0;
    }
    return is_vsock(a) || is_netlink(a);
}

static bool is_this_host_in_ipv4(uint32_t ip)
{
    return ip == 0 || ntohl(ip) >> 24 == 127;
}

bool address_is_any(const struct address *a)
{
    if (is_inet(a)) {
        return address_at(a)->in.sin_addr.s_addr == 0;
    }
    return is_inet6(a) && (IN6_IS_ADDR_UNSPECIFIED(&address_at(a)->in6.sin6_addr) ||
                           (IN6_IS_ADDR_V4MAPPED(&address_at(a)->in6.sin6_addr) &&
                            address_at(a)->in6.sin6_addr.s6_addr32[3] == 0));
}

bool address_is_this_host(const struct address *a)
{
    if (is_inet(a)) {
        return is_this_host_in_ipv4(address_at(a)->in.sin_addr.s_addr);
    }
    return is_inet6(a) && (IN6_IS_ADDR_LOOPBACK(&address_at(a)->in6.sin6_addr) ||
                           IN6_IS_ADDR_UNSPECIFIED(&address_at(a)->in6.sin6_addr) ||
                           (IN6_IS_ADDR_V4MAPPED(&address_at(a)->in6.sin6_addr) &&
                            is_this_host_in_ipv4(address_at(a)->in6.sin6_addr.s6_addr32[3])));
}

uint64_t address_hash(const struct sockaddr *addr, socklen_t len)
{
    const union socket_address *from = (const void *)addr;
    const unsigned char *at = NULL;
    size_t size = 0;
    uint64_t hash = 0xcbf29ce484222325;
    if (addr->sa_family == AF_INET && len >= sizeof from->in) {
        at = (const unsigned char *)&from->in.sin_addr;
        size = 4;
    } else if (addr->sa_family == AF_INET6 && len >= sizeof from->in6) {
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&from->in6.sin6_addr);
        at = from->in6.sin6_addr.s6_addr + (is_mapped ? 12 : 0);
        size = is_mapped ? 4 : 16;
    }
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3;
    }
    return size == 0 ? 0 : hash;
}

bool address_same_host(const struct address *a, const struct address *b)
{
    if (is_inet(a) && is_inet(b)) {
        return address_at(a)->in.sin_addr.s_addr == address_at(b)->in.sin_addr.s_addr;
    }
    return is_inet6(a) && is_inet6(b) &&
           memcmp(&address_at(a)->in6.sin6_addr, &address_at(b)->in6.sin6_addr,
                  sizeof(struct in6_addr)) == 0;
}

bool address_is_mapped(const struct address *a)
{
    return is_inet6(a) && IN6_IS_ADDR_V4MAPPED(&address_at(a)->in6.sin6_addr);
}

bool address_is_loopback6(const struct address *a)
{
    return is_inet6(a) && IN6_IS_ADDR_LOOPBACK(&address_at(a)->in6.sin6_addr);
}

bool address_may_be_broadcast(const struct address *a)
{
    return is_inet(a) && (ntohl(address_at(a)->in.sin_addr.s_addr) & 3) == 3;
}

bool address_is_multicast(const struct address *a)
{
    return is_inet(a) ? IN_MULTICAST(ntohl(address_at(a)->in.sin_addr.s_addr))
                      : is_inet6(a) && IN6_IS_ADDR_MULTICAST(&address_at(a)->in6.sin6_addr);
}

bool address_lacks_interface(const struct address *a)
{
    return is_inet6(a) && IN6_IS_ADDR_LINKLOCAL(&address_at(a)->in6.sin6_addr) &&
           (a->len < sizeof(struct sockaddr_in6) || address_at(a)->in6.sin6_scope_id == 0);
}

bool address_is_plain(const struct address *a)
{
    if (!is_unix(a)) {
        return true;
    }
    size_t len = unix_name_length(a);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)address_at(a)->un.sun_path[i];
        bool abstract_mark = i == 0 && c == 0;
        if (!abstract_mark && (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')) {
            return false;
        }
    }
    return true;
}

static unsigned group(const unsigned char *bytes, int i)
{
    bytes += (ptrdiff_t)2 * i;
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Not inlined, nor is unix_text(): the deepest path of a record leads through
 * address_text(), and each of them would add to its frame.
 * RFC 5952: the longest run of two or more zero groups becomes "::", the first
 * of equals; a mapped IPv4 address keeps its dots. */
static __attribute__((noinline)) void ipv6_text(struct text *t, const struct in6_addr *address)
{
    const unsigned char *bytes = address->s6_addr;
    int best = -1;
    int best_len = 1;
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        text_add(t, "::ffff:");
        text_dotted(t, bytes + 12);
        return;
    }
    for (int i = 0; i < 8; i++) {
        int len = 0;
        while (i + len < 8 && group(bytes, i + len) == 0) {
            len++;
        }
        if (len > best_len) {
            best = i;
            best_len = len;
        }
        i += len ? len - 1 : 0;
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            text_add(t, "::");
            i += best_len - 1;
            continue;
        }
        if (i > 0 && i != best + best_len) {
            text_char(t, ':');
        }
        text_hex(t, group(bytes, i));
    }
}

static __attribute__((noinline)) void unix_text(struct text *t, const struct address *a)
{
    size_t len = unix_name_length(a);
    const char *name = address_at(a)->un.sun_path;
    if (len && name[0] == 0) {
        text_char(t, '@');
        name++;
        len--;
    }
    text_bytes(t, name, len);
    if (a->is_cut) {
        text_add(t, "...");
    }
}

static void pair_text(struct text *t, uint32_t first, uint32_t second)
{
    text_unsigned(t, first);
    text_char(t, ':');
    text_unsigned(t, second);
}

void address_text(struct text *t, const struct address *a)
{
    if (is_inet(a)) {
        text_dotted(t, (const unsigned char *)&address_at(a)->in.sin_addr);
        text_char(t, ':');
        text_unsigned(t, ntohs(address_at(a)->in.sin_port));
    } else if (is_inet6(a)) {
        text_char(t, '[');
        ipv6_text(t, &address_at(a)->in6.sin6_addr);
        if (a->len >= sizeof(struct sockaddr_in6) && address_at(a)->in6.sin6_scope_id) {
            text_char(t, '%');
            text_unsigned(t, address_at(a)->in6.sin6_scope_id);
        }
        text_add(t, "]:");
        text_unsigned(t, ntohs(address_at(a)->in6.sin6_port));
    } else if (is_unix(a)) {
        unix_text(t, a);
    } else if (is_vsock(a)) {
        struct vsock_address v;
        memcpy(&v, &address_at(a)->any, sizeof v);
        pair_text(t, v.cid, v.port);
    } else if (is_netlink(a)) {
        struct netlink_address n;
        memcpy(&n, &address_at(a)->any, sizeof n);
        pair_text(t, n.pid, n.groups);
    }
}
