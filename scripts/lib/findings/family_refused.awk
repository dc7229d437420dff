# A family of sockets that every Linux has is refused with EAFNOSUPPORT: not by the kernel, but by a
# seccomp filter, as systemd makes one of RestrictAddressFamilies=. Of IP nothing is said: a kernel may be
# without IPv6, and programs just try.

function find_family_refused(    i, g) {
    begin_groups()
    for (i = 1; i <= kept_count; i++)
        if (is_open(i) && call_of[i] ~ /^socket(pair)?$/ && error_of[i] == "EAFNOSUPPORT" && type_of[i] ~ /^(unix-(stream|dgram|seqpacket)|netlink)$/)
            put_in_group(prog_of[i] SUBSEP family_word(i), i, 0)
    for (g = 1; g <= groups; g++)
        tell_family_refused(g)
}

function family_word(i) {
    return type_of[i] == "netlink" ? "AF_NETLINK" : "AF_UNIX"
}

function tell_family_refused(g,    i, n) {
    i = group_first[g]
    n = found("family-refused", "warn", g, \
        spoken_prog(i) " may not make sockets of " family_word(i) ": a seccomp filter refuses them", \
        tally(g, "time", "times") " (EAFNOSUPPORT), first at " clock(i) ".", \
        "Every kernel has it (" (type_of[i] == "netlink" ? "for interfaces" : "for syslog, paths") "); the unit's RestrictAddressFamilies=, or a container's profile, lacks it.", \
        "`systemctl edit UNIT`: RestrictAddressFamilies=" family_word(i) " adds it; `sockshim explain address-family`.")
    add_figure(n, "records", group_size[g])
}
