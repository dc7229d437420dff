# For doctor of a process: what its user, its unit or container and its network namespace
# do not let it do.

$1 == "nproc" { most_processes = $2; its_processes = $3; limited_user = $4 }
$1 == "pids" { pids_now = $2; pids_max = $3; pids_cgroup = rest_from(4) }
$1 == "addresses-of-it" { knows_addresses = 1 }
$1 == "address-of-it" { addresses_of_it++; reaches_others += $2 !~ /^(127\.|00000000000000000000000000000001$)/ }

# RLIMIT_NPROC counts all threads of the user; pids.max those of the cgroup and below it. One of 0
# or 1 is a sandbox's: the process means never to fork (sshd's before a login, sandbox-rlimit.c).
function few_processes() {
    if (most_processes ~ /^[0-9]+$/ && most_processes > 1 && its_processes >= 0.9 * most_processes)
        tell_few_processes(its_processes, most_processes, "its user " limited_user " may have", \
            "LimitNPROC= of its unit (ulimit -u), and restart it; prlimit --pid " pid " --nproc=" 2 * most_processes " changes it as it runs. `ps -L -u " limited_user "` shows them.")
    else if (pids_max ~ /^[0-9]+$/ && pids_now >= 0.9 * pids_max)
        tell_few_processes(pids_now, pids_max, "its cgroup " pids_cgroup " may have (pids.max)", \
            "TasksMax= of the unit (systemctl set-property UNIT TasksMax=" 2 * pids_max "), docker update --pids-limit, podPidsLimit; `systemd-cgls` shows them.")
}

function tell_few_processes(now, most, whose, advice) {
    finding("process-limit", (now >= most ? "All of the " most : now " of the " most) " processes and threads that " whose " are in use. When none is left, fork and pthread_create fail with EAGAIN " \
        "(Resource temporarily unavailable): it may accept connections, and then has nobody to serve them.", 1)
    act("if they are all needed: " advice " If their number only ever grows, somebody forgets to end them or to wait for them (defunct).")
    avoid("more memory, longer accept queues, or more connections of a pool: each may need a process.")
}

# Of its network namespace, which is not this shell's.
function network_of_its_own() {
    return ", in a network namespace of its own" (!knows_addresses || reaches_others ? "" : ", which has " (addresses_of_it ? "loopback alone" : "no address at all: even loopback is down") \
        ". No other host can be reached from there, whatever this host's routes are (PrivateNetwork=, docker --network none, unshare -n)")
}
