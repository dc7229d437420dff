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

void address_set(struct address *address, const void *from, socklen_t len)
{
    socklen_t room = sizeof *address - offsetof(struct address, any);
    address->len = len < room ? len : room;
    memcpy(&address->any, from, address->len);
}

static bool has_family(const struct address *address)
{
    return address->len >= sizeof address->any.sa_family;
}

static bool is_inet(const struct address *a)
{
    return a->len >= sizeof a->in && a->any.sa_family == AF_INET;
}

/* RFC 2133's form without the scope id is 24 bytes long, and still accepted. */
static bool is_inet6(const struct address *a)
{
    return a->len >= 24 && a->any.sa_family == AF_INET6;
}

static size_t unix_name_length(const struct address *a)
{
    size_t path = offsetof(struct sockaddr_un, sun_path);
    if (a->len <= path) {
        return 0;
    }
    size_t len = a->len - path;
    /* An abstract name is all of its bytes, a path ends at the first NUL. */
    return a->un.sun_path[0] ? strnlen(a->un.sun_path, len) : len;
}

unsigned address_port(const struct address *a)
{
    if (is_inet(a)) {
        return ntohs(a->in.sin_port);
    }
    return is_inet6(a) ? ntohs(a->in6.sin6_port) : 0;
}

bool address_is_named(const struct address *a)
{
    if (!has_family(a)) {
        return false;
    }
    if (is_inet(a)) {
        return a->in.sin_port || a->in.sin_addr.s_addr;
    }
    if (is_inet6(a)) {
        return a->in6.sin6_port || !IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
    }
    if (a->any.sa_family == AF_UNIX) {
        return unix_name_length(a) > 0;
    }
    return (a->any.sa_family == AF_VSOCK && a->len >= sizeof(struct vsock_address)) ||
           (a->any.sa_family == AF_NETLINK && a->len >= sizeof(struct netlink_address));
}

static bool is_this_host_in_ipv4(uint32_t ip)
{
    return ip == 0 || ntohl(ip) >> 24 == 127;
}

bool address_is_this_host(const struct address *a)
{
    if (is_inet(a)) {
        return is_this_host_in_ipv4(a->in.sin_addr.s_addr);
    }
    return is_inet6(a) &&
           (IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr) ||
            (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr) &&
             is_this_host_in_ipv4(a->in6.sin6_addr.s6_addr32[3])));
}

bool address_same_host(const struct address *a, const struct address *b)
{
    if (is_inet(a) && is_inet(b)) {
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    }
    return is_inet6(a) && is_inet6(b) &&
           memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
}

bool address_is_mapped(const struct address *a)
{
    return is_inet6(a) && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr);
}

bool address_lacks_interface(const struct address *a)
{
    return is_inet6(a) && IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr) &&
           (a->len < sizeof a->in6 || a->in6.sin6_scope_id == 0);
}

bool address_is_plain(const struct address *a)
{
    if (!has_family(a) || a->any.sa_family != AF_UNIX) {
        return true;
    }
    size_t len = unix_name_length(a);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)a->un.sun_path[i];
        bool abstract_mark = i == 0 && c == 0;
        if (!abstract_mark && (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')) {
            return false;
        }
    }
    return true;
}

static void ipv4_text(struct text *t, const unsigned char bytes[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) {
            text_char(t, '.');
        }
        text_unsigned(t, bytes[i]);
    }
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
        ipv4_text(t, bytes + 12);
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
    const char *name = a->un.sun_path;
    if (len && name[0] == 0) {
        text_char(t, '@');
        name++;
        len--;
    }
    text_bytes(t, name, len);
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
        unsigned char bytes[4];
        memcpy(bytes, &a->in.sin_addr, sizeof bytes);
        ipv4_text(t, bytes);
        text_char(t, ':');
        text_unsigned(t, address_port(a));
    } else if (is_inet6(a)) {
        text_char(t, '[');
        ipv6_text(t, &a->in6.sin6_addr);
        if (a->len >= sizeof a->in6 && a->in6.sin6_scope_id) {
            text_char(t, '%');
            text_unsigned(t, a->in6.sin6_scope_id);
        }
        text_add(t, "]:");
        text_unsigned(t, address_port(a));
    } else if (has_family(a) && a->any.sa_family == AF_UNIX) {
        unix_text(t, a);
    } else if (has_family(a) && a->any.sa_family == AF_VSOCK &&
               a->len >= sizeof(struct vsock_address)) {
        struct vsock_address v;
        memcpy(&v, &a->any, sizeof v);
        pair_text(t, v.cid, v.port);
    } else if (has_family(a) && a->any.sa_family == AF_NETLINK &&
               a->len >= sizeof(struct netlink_address)) {
        struct netlink_address n;
        memcpy(&n, &a->any, sizeof n);
        pair_text(t, n.pid, n.groups);
    }
}
