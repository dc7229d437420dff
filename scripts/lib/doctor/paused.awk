# For doctor of a process: whether it runs at all. A process that is stopped, frozen or held in
# the kernel looks from outside like one that does not read, accept or answer.

BEGIN {
    DOES_NOTHING = "it does nothing at all, and its peers get no answer, while the kernel still acknowledges what they send."
}

# A line for each look: state (proc(5)), the tracer's pid, user time in ticks, what it waits for in
# the kernel, and how many files say that its cgroup is frozen. Its tracer's name follows.
$1 == "state" {
    states++
    run_state[states] = $2
    tracer[states] = $3
    ticks[states] = $4
    waits_in[states] = $5
    frozen[states] = $6 + 0
}

$1 == "tracer" { tracer_name = rest_from(2) }

function paused() {
    if (is_in_both("t")) {
        finding("in-debugger", "It is stopped by a debugger: " printable(tracer_name) ", pid " tracer[2] ". Until that lets it go on, it reads, accepts and answers nothing.", 1)
        act("continue or detach there (gdb: c, or detach), or end pid " tracer[2] ".")
    } else if (frozen[1] && frozen[2]) {
        finding("frozen", "Its cgroup is frozen: " DOES_NOTHING, 1)
        act("docker unpause, systemctl thaw UNIT, or write 0 to cgroup.freeze (THAWED to freezer.state): whatever froze it.")
    } else if (is_in_both("T")) {
        finding("stopped", "It is stopped (SIGSTOP, or Ctrl-Z): " DOES_NOTHING, 1)
        act("kill -CONT " pid "; find out who stopped it.")
    } else if (is_in_both("D") && ticks[1] == ticks[2] && waits_in[1] == waits_in[2]) {
        finding("uninterruptible", "It waits in the kernel, where no signal reaches it (state D" (waits_in[2] ~ /^[a-z_]/ ? ", in " waits_in[2] : "") "): as a rule for a disk, or a file system of the network, that does not answer.", 1)
        act("cat /proc/" pid "/stack as root; journalctl -k --grep 'blocked for more than'; do its NFS or CIFS mounts answer?")
    }
}

function is_in_both(letter) {
    return run_state[1] == letter && run_state[2] == letter
}
