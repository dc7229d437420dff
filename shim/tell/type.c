#include "tell/type.h"

#include "base/kernel.h"

static const char *inet_type(const struct facts *f)
{
    if (f->type == SOCK_RAW) {
        return "raw";
    }
    switch (f->protocol) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_MPTCP:
        return "mptcp";
    case IPPROTO_UDP:
        return "udp";
    default:
        return NULL;
    }
}

const char *type_name(const struct facts *f)
{
    switch (f->domain) {
    case AF_INET:
    case AF_INET6:
        return inet_type(f);
    case AF_UNIX:
        return f->type == SOCK_STREAM      ? "unix-stream"
               : f->type == SOCK_DGRAM     ? "unix-dgram"
               : f->type == SOCK_SEQPACKET ? "unix-seqpacket"
                                           : NULL;
    case AF_NETLINK:
        return "netlink";
    case AF_VSOCK:
        return "vsock";
    default:
        return NULL;
    }
}
