# bind was told that somebody else has the address (not_reached.awk).

function address_in_use_meaning(i) {
    return is_at_path(i) ? "A socket is bound to it, or it is a file, as of a program that was killed: a path remains until it is unlinked." \
        : type_of[i] ~ /^unix/ ? "Another socket has that name, which goes with its last descriptor: the program runs already, or left it to a child." \
        : is_restart(i) ? "Connections of its last run in TIME_WAIT hold it for a minute, or that run is not over." \
        : type_of[i] == "udp" ? "Another socket has that port" (is_to_all(i) ? ": as this asks for all addresses, one at a single address" (port_of(local_of[i]) == 53 ? " (127.0.0.53)" : "") " can be in the way" : ", at this address or at all") \
            (may_be_given_out(i) ? "; perhaps a client's, which the kernel gave it" : "") "." \
        : "A listener, a connection of the last run in TIME_WAIT" (may_be_given_out(i) ? ", or an outgoing one, to which the kernel gave this port" : ", or another one") "."
}

function address_in_use_advice(i) {
    return type_of[i] ~ /^unix/ ? "`ss -axp src " printable(local_of[i]) "` names who has it." (is_at_path(i) ? " Nobody, nor in a container: `rm` it." : "") \
        : is_restart(i) ? "`SOCKSHIM_REUSEADDR=on`, also for the run before; `ss -tanp sport = :" port_of(local_of[i]) "` shows what is left of it." \
        : "`ss -" (type_of[i] == "udp" ? "u" : "t") "anp sport = :" port_of(local_of[i]) "` names it." (port_of(local_of[i]) == 53 ? " systemd-resolved: `sockshim explain port-53`." : is_to_all(i) && type_of[i] == "udp" ? " Or listen at one address of this host." : "") (may_be_given_out(i) ? " Outgoing: reserve the port, net.ipv4.ip_local_reserved_ports." : "") \
            (type_of[i] == "udp" ? "" : " TIME_WAIT alone: `SOCKSHIM_REUSEADDR=on`.")
}

# A path remains when its socket is closed (unix(7)); a name in the abstract namespace does not.
function is_at_path(i) {
    return type_of[i] ~ /^unix/ && local_of[i] !~ /^@/
}

function is_to_all(i) {
    return local_of[i] ~ /^(0\.0\.0\.0|\[::\]):/
}

# Whether the kernel gives that port to connects, by its default range (ip_local_port_range).
function may_be_given_out(i) {
    return port_of(local_of[i]) >= 32768 && port_of(local_of[i]) <= 60999
}

# Whether an earlier process of the same program served clients at that address.
function is_restart(i,    j) {
    for (j = i - 1; j > 0; j--)
        if (prog_of[j] == prog_of[i] && machine_of[j] == machine_of[i] && pid_of[j] != pid_of[i] && side_of[j] == "accepted" && port_of(local_of[j]) == port_of(local_of[i]) && type_of[j] == type_of[i])
            return 1
    return 0
}
