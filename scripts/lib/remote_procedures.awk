# RPC (NFS, NIS): its library takes a privileged port for itself, and asks the portmapper of the
# other host (port 111) for the port of each service.

# Whether the address that could not be had was one of several that would do: bindresvport(3) of
# libtirpc tries one port from 512 to 1023 after the other, and curl --local-port those of a
# range. A client that went on has a later record of the same socket with such a port.
function is_passed_over(i,    j) {
    if (cause_of[i] != "address-in-use" || call_of[i] != "bind" || !port_of(local_of[i]))
        return 0
    if (is_reserved(port_of(local_of[i])) && site_of[i] ~ /^libtirpc\./)
        return 1
    for (j = i + 1; j <= kept_count; j++)
        if (fd_of[j] == fd_of[i] && pid_of[j] == pid_of[i] && machine_of[j] == machine_of[i]) {
            if (!is_next_port(port_of(local_of[i]), port_of(local_of[j])))
                return 0
            if (cause_of[j] != "address-in-use")
                return peer_of[j] != "" && side_of[j] != "accepted"
        }
    return 0
}

function is_reserved(port) {
    return port >= 512 && port < 1024
}

function is_next_port(port, other) {
    return port != other && (is_reserved(port) && is_reserved(other) || other > port && other <= port + 100)
}

# mount.nfs connects by itself; the ports of rpcbind and of NFS are fixed.
function is_port_of_rpc(i) {
    return (site_of[i] ~ /^libtirpc\./ || prog_of[i] ~ /^u?mount\.nfs4?$/) && type_of[i] ~ /^(tcp|udp)$/ && \
        port_of(peer_of[i]) && port_of(peer_of[i]) != 111 && port_of(peer_of[i]) != 2049 && !is_same_host(i)
}

function port_of_rpc(i) {
    return "RPC: the portmapper there (111) answered, and named this port: " \
        (cause_of[i] == "connection-refused" ? "nothing listens there any more, or a firewall rejects it." : "a firewall lets 111 through and, it seems, not this one.")
}

function port_of_rpc_advice(i) {
    return "`rpcinfo -p " printable(without_brackets(host_of(peer_of[i]))) "` says whose it is: " \
        (cause_of[i] == "connection-refused" ? "restart that service." : "give that a fixed port (nfs.conf) and open it; NFSv4 needs 2049 alone.")
}
