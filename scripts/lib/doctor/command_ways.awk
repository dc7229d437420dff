# For command.awk: what else there is where something failed: a listener at another address of this host, a
# default route of the other family, the server that a name was meant for.

!are_records && $1 == "holder" { add_holder($2, $3, $4) }
!are_records && $1 == "default" { has_default[$2] = 1 }
!are_records && $1 == "searched" { search_name[++searches] = $2; search_found[searches] = $3; search_ip[searches] = $4; search_others[searches] = $5; search_ndots[searches] = $6 }

BEGIN { has_default[4] = has_default[6] = 0 }

function add_holder(type, address, owner) {
    holder_type[++holders] = type
    holder_port[holders] = address
    sub(/.*:/, "", holder_port[holders])
    sub(/:[0-9]+$/, "", address)
    sub(/%.*/, "", address)
    holder_ip[holders] = address
    holder_owner[holders] = owner
}

# Whether somebody listens at another address of a port that refused: sets beside_text and beside_advice, of the first.
function listens_beside(    i, ip, at, where) {
    for (i = 1; i <= holders && ip == ""; i++)
        ip = refused_beside(i)
    if (ip == "")
        return 0
    at = holder_ip[--i]
    where = at ":" holder_port[i]
    beside_text = where (holder_owner[i] == "" ? "" : " (" holder_owner[i] ")") (at == "0.0.0.0" ? ", all addresses of IPv4 and none of IPv6" : at == "[::]" ? ", all addresses of IPv6 and none of IPv4" : "")
    sub(/^0\.0\.0\.0:/, "127.0.0.1:", where)
    sub(/^\[::\]:/, "[::1]:", where)
    beside_advice = "ask for " where (ip == "[::1]" ? " (localhost is ::1 first in many an /etc/hosts, and not every program tries its next address)" : "") ", or let that server listen at " ip " as well" \
        (at ~ /^\[/ || ip ~ /^\[/ ? " ([::] without IPV6_V6ONLY takes both families; nginx: a listen line for each)." : ", or at all (0.0.0.0).")
    return 1
}

# The address of this host that was refused at the port of listener I, which is not there for it; "" if none was.
function refused_beside(i,    key, word, ip, port, found) {
    for (key in by_peer) {
        split(key, word, SUBSEP)
        port = ip = word[3]
        sub(/.*:/, "", port)
        sub(/:[0-9]+$/, "", ip)
        if (word[1] == "connection-refused" && word[2] == "here" && holder_type[i] == "tcp" && port == holder_port[i] && !covers(holder_ip[i], ip) && (found == "" || ip < found))
            found = ip
    }
    return found
}

function covers(at, ip) {
    return at == ip || at == "*" || at == (ip ~ /^\[/ ? "[::]" : "0.0.0.0")
}

# Who holds a port that COMMAND could not have, of the first such port.
function held_by_others(    i, k, port, ip, is_to_all, list, count, single) {
    for (k = 1; k <= wanted; k++) {
        port = ip = wanted_local[k]
        sub(/.*:/, "", port)
        sub(/:[0-9]+$/, "", ip)
        is_to_all = ip == "0.0.0.0" || ip == "[::]"
        for (i = 1; i <= holders; i++)
            if (holder_port[i] == port && holder_type[i] == wanted_type[k] && (ip == "[::]" || ip == "0.0.0.0" && holder_ip[i] !~ /^\[.*[0-9a-f]/ || covers(holder_ip[i], ip))) {
                single = single || is_to_all && holder_ip[i] !~ /^(\*|0\.0\.0\.0|\[::\])$/
                if (++count > 3)
                    continue
                list = join(list, holder_ip[i] ":" port (holder_owner[i] == "" ? "" : " (" holder_owner[i] ")"))
            }
        if (!count)
            continue
        finding("address-held", "COMMAND could not have " wanted_local[k] " (" wanted_type[k] "), and there is now: " list (count > 3 ? " and others" : "") "." (single ? " One at a single address keeps others from having that port at all addresses." : ""))
        act("stop that one (an earlier run of COMMAND?), or let COMMAND have " (single ? "an address of its own" : "another port") (port == 53 ? "; sockshim explain port-53." : "."))
        return
    }
}

# The first name is another one with a search domain at its end, and that one's address was asked.
function search_domain_went() {
    if (!searches)
        return
    finding("search-domain", "COMMAND looked for " search_name[1] " and went to " search_ip[1] ", which is the address of " search_found[1] ": /etc/resolv.conf has ndots:" search_ndots[1] " and a search domain, and a record answers there, as a wildcard does. " \
        search_name[1] " itself has " search_others[1] ": if that was meant, COMMAND talked to another server.")
    act(search_name[1] ". (with a dot at its end) in COMMAND's settings; or ndots to 1 (options; Kubernetes: dnsConfig), or that domain out of the search list, or the wildcard out of DNS.")
}

# 4 or 6: the family of all that was unreachable, if this host has a default route for the other one alone; 0.
function family_without_route(    key, word, seen) {
    for (key in by_peer) {
        split(key, word, SUBSEP)
        if (word[1] == "unreachable" && word[2] == "elsewhere")
            seen[word[3] ~ /^\[/ && word[3] !~ /^\[::ffff:/ ? 6 : 4] = 1
    }
    if (has_default[4] == has_default[6] || 4 in seen && 6 in seen)
        return 0
    return 4 in seen && !has_default[4] ? 4 : 6 in seen && !has_default[6] ? 6 : 0
}
