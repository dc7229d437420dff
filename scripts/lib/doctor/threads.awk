# For process.awk: which call each thread is in (/proc/PID/task/TID/syscall: its
# number and arguments in hexadecimal), and with whom. Where that may not be read,
# wchan tells the kernel's function that it waits in.

$1 == "machine" { machine = $3 == 1 && $2 == "x86_64" ? "i686" : $3 == 1 && $2 == "aarch64" ? "" : $2 }
$1 == "thread" { add_thread() }
$1 == "earlier" { split($3, word, " "); earlier_call[$2] = name_of_call(word[1]); was_in_wait[$2] = is_wait(name_of_call(word[1]), $3 == "" ? $4 : "") }
$1 == "child" { children = join(children, rest_from(3) ", pid " $2) }

function add_thread(    word) {
    threads++
    tid[threads] = $2
    split($3, word, " ")
    call[threads] = name_of_call(word[1])
    call_fd[threads] = word[2] ~ /^0x[0-9a-f]+$/ ? hex(substr(word[2], 3)) : ""
    call_count[threads] = hex(substr(word[3], 3))
    # Not a call at all: "running", or -1 for what waits outside of one.
    knows_call[threads] = $3 != "" && (word[1] !~ /^[0-9]+$/ || machine in has_calls)
    wchan[threads] = $4
    thread_name[threads] = rest_from(5)
}

function name_of_call(number) {
    return (machine, number) in CALL ? CALL[machine, number] : ""
}

# The call, or the kernel's function where that is all we know, in which a child's end is awaited.
function is_wait(call, wchan) {
    return call ~ /^wait/ || wchan ~ /^do_wait/
}

# In both looks; it need not be the same child.
function waits_for_child(i) {
    return was_in_wait[tid[i]] && is_wait(call[i], knows_call[i] ? "" : wchan[i])
}

# It does nothing else: no thread is left that could.
function only_waits_for_child(    i) {
    for (i = 1; i <= threads; i++)
        if (!waits_for_child(i))
            return 0
    return threads > 0
}

# Numbers are of asm/unistd.h.
BEGIN {
    calls("x86_64", "0 read 1 write 7 poll 19 readv 20 writev 23 select 40 sendfile 42 connect 43 accept 44 sendto 45 recvfrom 46 sendmsg 47 recvmsg " \
        "61 wait4 247 waitid 232 epoll_wait 270 pselect6 271 ppoll 275 splice 281 epoll_pwait 288 accept4 299 recvmmsg 307 sendmmsg 327 preadv2 328 pwritev2 441 epoll_pwait2")
    calls("aarch64", "22 epoll_pwait 95 waitid 260 wait4 63 read 64 write 65 readv 66 writev 71 sendfile 72 pselect6 73 ppoll 76 splice 202 accept 203 connect 206 sendto " \
        "207 recvfrom 211 sendmsg 212 recvmsg 242 accept4 243 recvmmsg 269 sendmmsg 286 preadv2 287 pwritev2 441 epoll_pwait2")
    calls("i686", "3 read 4 write 7 waitpid 114 wait4 284 waitid 82 select 142 select 145 readv 146 writev 168 poll 187 sendfile 239 sendfile64 256 epoll_wait 308 pselect6 309 ppoll " \
        "313 splice 319 epoll_pwait 337 recvmmsg 345 sendmmsg 362 connect 364 accept4 369 sendto 370 sendmsg 371 recvfrom 372 recvmsg 413 pselect6 414 ppoll 441 epoll_pwait2")
}

function calls(machine, list,    n, word, i) {
    has_calls[machine] = 1
    n = split(list, word, " ")
    for (i = 1; i < n; i += 2)
        CALL[machine, word[i]] = word[i + 1]
}

# The call, where it is one on a socket of ours; the first thread that waits for a
# socket is named with it.
function find_waiting_threads(    i, id) {
    for (i = 1; i <= threads; i++) {
        if (!knows_call[i])
            unseen_calls++
        if (call[i] == "" || call[i] ~ /poll|select|wait/ || !(call_fd[i] in inode_at))
            continue
        id = inode_at[call_fd[i]]
        waits_for[i] = id
        if (waiter[id] == "")
            waiter[id] = "thread " tid[i] " waits in " call[i] " for it"
    }
}

function print_threads(    i, polling, waiting, elsewhere, shown, named) {
    print ""
    print "Threads: " threads
    for (i = 1; i <= threads; i++)
        if (i in waits_for && ++shown <= 20)
            paragraph(sprintf("  %5s  ", tid[i]), (thread_name[i] == process_name ? "" : thread_name[i] " ") "waits in " call[i] ": " name_of(waits_for[i]) times_of(waits_for[i]))
        else if (call[i] ~ /poll|select/) {
            polling++
            named = call[i]
        } else if (waits_for_child(i))
            waiting++
        else if (!(i in waits_for))
            elsewhere++
    if (shown > 20)
        paragraph("         ", "and " shown - 20 " others in calls on sockets")
    if (polling)
        paragraph("         ", polling " in " named " and the like: they wait for any of several descriptors")
    if (waiting)
        paragraph("         ", waiting (waiting == 1 ? " waits" : " wait") " for a child process" (children == "" ? "" : ": " children))
    if (elsewhere)
        paragraph("         ", elsewhere " elsewhere: running, or not waiting for a socket" in_kernel())
}

function times_of(id) {
    if (!has_times[id] || state_of[id] == "SYN_SENT")
        return ""
    return ", which sent " ago(received[id, 2], received_ago[id]) "; this process sent " ago(sent[id, 2], sent_ago[id])
}

# Where those wait whose call is not known: "wait_woken (2), ...".
function in_kernel(    i, count, place, list) {
    for (i = 1; i <= threads; i++)
        if (!knows_call[i] && wchan[i] ~ /^[a-z_]/)
            count[wchan[i]]++
    for (place in count)
        list = join(list, place " (" count[place] ")")
    return list == "" ? "" : "; in the kernel's " list
}

function why_unseen() {
    return machine in has_calls ? "the kernel shows them only to those who may trace the process (root, or kernel.yama.ptrace_scope=0), and only if built for it." \
        : "the numbers of this machine's system calls are not known here."
}

function json_threads(    i, list) {
    for (i = 1; i <= threads; i++)
        list = list more(list) "{\"tid\": " tid[i] ", \"name\": " json_string(thread_name[i]) ", \"call\": " json_value_of(call[i]) \
            ", \"fd\": " (i in waits_for ? call_fd[i] : "null") ", \"peer\": " (i in waits_for ? json_value_of(peer[waits_for[i]]) : "null") "}"
    return "[" list "]"
}
