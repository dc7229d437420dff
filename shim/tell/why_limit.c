#include "tell/kind.h"
#include "tell/why.h"

/* A router's "fragmentation needed" is reported by the next call, whatever it is. With
 * UDP's header and the smallest IP header this call's message would have fitted. */
static bool is_of_earlier_message(const struct facts *f)
{
    unsigned headers = f->domain == AF_INET6 ? 48 : 28;
    if (!is_inet(f) || f->type == SOCK_STREAM) {
        return false;
    }
    return !f->sends || (counts_bytes(f) && f->mtu > 0 && f->len + headers <= f->mtu);
}

template clause_path_mtu(const struct facts *f)
{
    return f->mtu > 0 ? SAY("; the path MTU is $mtu") : NULL;
}

template clause_of_len(const struct facts *f)
{
    return counts_bytes(f) ? SAY(" of $len") : NULL;
}

template clause_or_earlier_one(const struct facts *f)
{
    return f->hears_errors && f->mtu == 0 ? SAY(", or an earlier one,") : NULL;
}

/* Lengths in UDP's header and in IPv4's have 16 bits: udp(7). */
static bool exceeds_any_datagram(const struct facts *f)
{
    bool by_ipv6 = f->domain == AF_INET6 && address_family(&f->peer) != AF_INET &&
                   !address_is_mapped(&f->peer);
    bool is_udp = is_inet(f) && f->type == SOCK_DGRAM && f->sends;
    return is_udp && counts_bytes(f) && f->len > (by_ipv6 ? 65535 - 8 : 65535 - 28);
}

/* What is longer than any datagram is too large alone. */
template clause_with_corked(const struct facts *f)
{
    bool alone = counts_bytes(f) && f->len > 65535 - 28;
    return is_inet(f) && keeps_messages_apart(f) && f->sends && !alone
               ? SAY(" (with what MSG_MORE or UDP_CORK had kept back before it, if anything)")
               : NULL;
}

/* It limits a message only where one is kept whole until it is read: net/unix/af_unix.c,
 * net/netlink/af_netlink.c. */
template clause_send_buffer(const struct facts *f)
{
    bool limits = is_unix(f) || f->domain == AF_NETLINK;
    return limits && f->send_buffer > 0 ? SAY("; SO_SNDBUF is $sndbuf") : NULL;
}

template why_message_too_big(const struct facts *f)
{
    if (f->call == CALL_recvmmsg) {
        return SAY(
            "An earlier datagram from this socket was too large for the path, as a router reported "
            "(ICMP)$path_mtu; or a message of the call has more than 1024 buffers (UIO_MAXIOV).");
    }
    if (exceeds_any_datagram(f)) {
        return SAY("The message of $len is larger than any datagram can be (65507 bytes over IPv4, "
                   "65527 over IPv6).");
    }
    if (is_of_earlier_message(f)) {
        return f->sends ? SAY("An earlier datagram from this socket was too large for the path, as "
                              "a router "
                              "reported (ICMP)$path_mtu; or what was corked before it (MSG_MORE, "
                              "UDP_CORK) or its IP options made this one too large.")
                        : SAY("An earlier datagram from this socket was too large for the path, as "
                              "a router "
                              "reported (ICMP)$path_mtu.");
    }
    return f->call == CALL_sendmmsg ? SAY("A message$with_corked$or_earlier_one is larger than "
                                          "this socket can send in one piece"
                                          "$path_mtu$send_buffer.")
                                    : SAY("The message$of_len$with_corked$or_earlier_one is larger "
                                          "than this socket can send in one "
                                          "piece$path_mtu$send_buffer.");
}

template why_descriptor_limit(const struct facts *f)
{
    if (f->err == ENFILE) {
        return SAY("The whole system has reached its limit of open files (fs.file-max), or the "
                   "kernel had no memory for another one.");
    }
    return f->descriptor_limit > 0
               ? SAY("The process has reached its limit of open descriptors (RLIMIT_NOFILE "
                     "$descriptor_limit): raise it with ulimit -n or LimitNOFILE=, or look for "
                     "descriptors that are never closed.")
               : SAY("The process has reached its limit of open descriptors: raise it with ulimit "
                     "-n or LimitNOFILE=, or look for descriptors that are never closed.");
}

template clause_call_size(const struct facts *f)
{
    if (!counts_bytes(f)) {
        return NULL;
    }
    return f->send_buffer > 0 ? SAY(" ($len; SO_SNDBUF is $sndbuf)") : SAY(" ($len)");
}

/* What ran out besides memory. */
template clause_what_ran_out(const struct facts *f)
{
    if (f->flags & MSG_ZEROCOPY) {
        return SAY(". MSG_ZEROCOPY: either more memory would be locked than RLIMIT_MEMLOCK allows, "
                   "or the socket's pending notifications have reached net.core.optmem_max.");
    }
    bool by_interface = f->type != SOCK_STREAM && !is_unix(f) && f->domain != AF_NETLINK;
    return by_interface ? SAY(", or the queue of the network interface is full (tc -s "
                              "qdisc).$or_too_much_control")
                        : SAY(".$or_too_much_control");
}

/* net/socket.c, ____sys_sendmsg(); net/core/sock.c, sock_kmalloc() */
template clause_or_too_much_control(const struct facts *f)
{
    return f->call == CALL_sendmsg || f->call == CALL_sendmmsg
               ? SAY(" Or the control data of the call is larger than net.core.optmem_max allows.")
               : NULL;
}

template why_no_memory(const struct facts *f)
{
    if (is_of_option(f)) {
        return SAY("The kernel had no memory for the option, or a limit is reached (such as "
                   "net.core.optmem_max or net.ipv4.igmp_max_memberships).");
    }
    if (f->err != ENOBUFS) {
        return SAY("The kernel had no memory for the call$call_size.");
    }
    if (f->receives) {
        return SAY("More data had arrived than the socket's receive buffer (SO_RCVBUF) holds, so "
                   "messages were lost.");
    }
    return f->sends ? SAY("The kernel had no buffer space for the call$call_size$what_ran_out")
                    : SAY("The kernel had no buffer space for the call$call_size.");
}

/* seccomp(2): it answers in the kernel's place, with what errno it likes. */
template clause_or_filter(const struct facts *f)
{
    return f->is_filtered ? SAY(" Or the program's seccomp filter refuses the call (as systemd's "
                                "RestrictAddressFamilies= and SystemCallFilter= do).")
                          : NULL;
}

/* What the path tells, for a connect or a message that names one. */
static template why_no_way_to_socket(const struct facts *f)
{
    if (f->closed_at > 0) {
        return SAY("This user is not allowed to search the directory $closed_folder (it needs x "
                   "there), so it does not get to the socket at $peer; or a security module "
                   "forbids it.$or_filter");
    }
    return f->closed_at < 0
               ? SAY("This process is not allowed to write to the socket at $peer: the socket's "
                     "mode does not let its user, or the groups it was started with (every "
                     "directory of the path may be searched), or a security module forbids "
                     "it.$or_filter")
               : SAY("This user is not allowed to use the socket at $peer (file permissions along "
                     "the path), or a security module forbids it.$or_filter");
}

static template why_not_permitted_unix(const struct facts *f)
{
    if (f->call == CALL_bind) {
        return SAY("This user is not allowed to create a socket at $local (directory permissions), "
                   "or a security module forbids it.$or_filter");
    }
    if (f->err != EPERM) {
        return why_no_way_to_socket(f);
    }
    /* net/unix/af_unix.c, unix_may_send(); net/core/scm.c, scm_check_creds(). */
    if (f->call == CALL_connect) {
        return SAY("$Peer is connected to another socket and accepts nothing from this one, or a "
                   "security module forbids it.$or_filter");
    }
    return keeps_messages_apart(f)
               ? SAY("$Peer is connected to another socket and accepts nothing from this one, or "
                     "the message carries credentials that are not the program's own "
                     "(SCM_CREDENTIALS), or a security module forbids it.$or_filter")
               : SAY("$Peer was not involved: the message carries credentials that are not the "
                     "program's own (SCM_CREDENTIALS), or a security module forbids it.$or_filter");
}

/* Over IPv4 no ICMP error is told as EACCES: net/ipv4/icmp.c, icmp_err_convert. */
static template why_no_access(const struct facts *f)
{
    bool sends_to = f->sends || f->call == CALL_connect;
    if (f->domain != AF_INET && !address_is_mapped(&f->peer)) {
        return SAY(
            "A firewall rule (on this host, or on the path and reported by ICMP), a route or rule "
            "of type prohibit or a security module forbids it.$or_earlier_datagram$or_filter");
    }
    bool is_no_broadcast = f->peer.len > 0 && !address_may_be_broadcast(&f->peer);
    return keeps_messages_apart(f) && sends_to && !is_no_broadcast
               ? SAY("The address is a broadcast address and SO_BROADCAST is not set, or a route "
                     "or "
                     "security module forbids it.$or_filter")
               : SAY("A prohibiting route or rule of this host or a security module forbids "
                     "it.$or_filter");
}

/* net/core/sock.c, __sock_cmsg_send() */
template clause_or_control(const struct facts *f)
{
    return f->call == CALL_sendmsg || f->call == CALL_sendmmsg
               ? SAY(" Or a control message of the call (such as SO_MARK) requires privileges that "
                     "the program lacks.")
               : NULL;
}

static template why_not_permitted_inet(const struct facts *f)
{
    if (f->err != EPERM) {
        return why_no_access(f);
    }
    if (f->receives && is_tcp(f)) { /* net/ipv4/tcp.c, tcp_recvmsg_locked() */
        return SAY("The socket is in repair mode (TCP_REPAIR), or a security module forbids "
                   "it.$or_filter");
    }
    if (!f->sends && f->call != CALL_connect) {
        return SAY("A BPF program (cgroup) or a security module on this host forbids "
                   "it.$or_filter");
    }
    /* A stream is not told that a packet of its was dropped. kernel/bpf/cgroup.c;
     * net/netfilter/nf_conntrack_core.c, nf_conntrack_in(); net/xfrm/xfrm_policy.c */
    return f->sends && keeps_messages_apart(f)
               ? SAY("A firewall rule, an IPsec policy, a BPF program (cgroup, as of systemd's "
                     "IPAddressDeny=) or a security module on this host forbids it, or its "
                     "conntrack table is "
                     "full.$or_control$or_filter")
               : SAY("An IPsec policy, a BPF program (cgroup) or a security module on this host "
                     "forbids it.$or_filter");
}

template why_not_permitted(const struct facts *f)
{
    if (is_of_option(f)) {
        return SAY(
            "This option, or this value of it, requires privileges that the program lacks "
            "(usually CAP_NET_ADMIN or CAP_NET_RAW), or cannot be changed now (a filter that is "
            "locked by SO_LOCK_FILTER, a socket that listens), or a security module forbids "
            "it.$or_filter");
    }
    if (is_unix(f)) {
        return why_not_permitted_unix(f);
    }
    if (f->call == CALL_bind && f->err == EACCES && address_port(&f->local) > 0) {
        return SAY("Port $port requires root or CAP_NET_BIND_SERVICE if it is below "
                   "net.ipv4.ip_unprivileged_port_start (mostly 1024); or a security module or a "
                   "BPF program (cgroup) forbids it.$or_filter");
    }
    if (f->call == CALL_socket) {
        return SAY(
            "This kind of socket requires privileges that the program lacks (CAP_NET_RAW "
            "for raw sockets, a group in net.ipv4.ping_group_range for pings), or a security "
            "module or a BPF program (cgroup) forbids "
            "it.$or_filter");
    }
    if (f->domain >= 0 && !is_inet(f)) {
        return SAY(
            "The program lacks the required privileges, or a security module or a BPF program "
            "(cgroup) forbids it.$or_filter");
    }
    return why_not_permitted_inet(f);
}
