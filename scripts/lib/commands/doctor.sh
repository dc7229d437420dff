# shellcheck shell=sh
# sockshim doctor: what this host or a process itself contributes to failures
#
# It reads /proc and ss, changes nothing and needs no root. What is read here goes to
# awk as facts, one a line, with tabs between the words; what they mean is said there.

. "${lib:?}/output.sh"
. "$lib/terminal.sh"
. "$lib/doctor/host.sh"
. "$lib/doctor/process.sh"
. "$lib/doctor/command.sh"

doctor_usage() {
    cat <<'END_OF_USAGE'
usage: sockshim doctor [OPTIONS] [PID]
       sockshim doctor [OPTIONS OF RUN] -- COMMAND [ARG...]

Without PID and COMMAND: shows what this host itself contributes to resets,
refused connections and delays. Full accept queues, settings, and what the
kernel has counted (lost and damaged packets, conntrack, memory, ICMP,
datagrams), each with what it means, what to change and what not to change. The
counters are read twice: what is happening now comes before what has happened at
some time since boot.

With PID: describes the sockets of that running process, and says if it does not
run at all (stopped, frozen, in a debugger, held in the kernel). Connections
that it does not close, data that it does not read, data that is not
acknowledged and since when, peers that do not read, connects and requests that
are not answered, questions to a name server, a name server that is not there,
unix sockets that it cannot find or reach by their path (PrivateTmp,
directories, groups), packets that rp_filter drops, connections on which both
sides wait for the other to begin, or only small packets arrive (MTU), listeners
on loopback alone, full accept queues, connections that wait to be accepted
(also by another process at the same address), descriptors, processes of its
user or unit, and local ports against their limits, workers of it (processes of
its name that it has started) that wait for an answer, a file's lock that it or
they wait for, and who holds it, a program that computes and reads nobody,
clients that wait although it waits for nobody (a used-up pool), whose
connections it and its workers have; and the call that each thread waits in, and
for whom.
Nothing is injected or traced. Without root it works for your own processes;
what could not be seen is listed.

With COMMAND: runs it as sockshim run does, with the options of run (except -q),
and shows at the end, on stderr, what the kernel counted meanwhile, next to what
this run logged. --json is run's option then: the log in JSON. Without -o and
SOCKSHIM_LOG the log is ./sockshim.PID.log, into which no other run writes.

  --json              one JSON object on one line instead of text
  --seconds N         time between the two readings (default: 1; 0: only one)
  --watch N           repeat every N seconds, until Ctrl-C or PID has ended
  -h, --help          print this

doctor reads /proc, and uses ss and ip if they are installed; it changes nothing
and does not need root. Only root can see which processes other users' sockets
belong to.

Settings and counters are those of the network namespace that it runs in; for a
container, run it inside. Other programs in the namespace are included. Memory,
open files and the limit of the conntrack table belong to the whole host.

Exit status: 0, whatever was found; 1 if nothing could be read; 2 if the usage
is wrong. With COMMAND: that of sockshim run, which is COMMAND's.
END_OF_USAGE
}

sockshim_doctor() {
    if [ "${1-}" = --after ]; then
        shift
        doctor_after "$@"
        return
    fi
    for doctor_word; do
        case $doctor_word in
        -h | --help)
            doctor_usage
            return
            ;;
        --) doctor_command "$@" ;;
        esac
    done
    doctor_read_words "$@"
}

# Without a COMMAND: perhaps it was forgotten.
doctor_read_words() {
    . "$lib/commands/run.sh"
    for doctor_word; do
        case $doctor_word in
        --json | --json=*) ;;
        -o?*) doctor_needs_command -o ;;
        -[a-z] | --[a-z]*) ! run_usage | tr -s ' ,' '\n' | grep -qxF -e "${doctor_word%%=*}" || doctor_needs_command "${doctor_word%%=*}" ;;
        esac
    done
    doctor_seconds=1
    doctor_watch=
    DOCTOR_JSON=
    words_read doctor "--seconds --watch" --json "$@"
}

doctor_needs_command() {
    wrong_call doctor "put -- COMMAND after the options: $1 is only for doctor -- COMMAND"
}

doctor_option() {
    case $1/${2-} in
    --json/*) DOCTOR_JSON=yes ;;
    */*[!0-9]* | */?????*) wrong_call doctor "$1 $2 is not allowed; allowed: whole seconds, at most 9999" ;;
    --watch/*[1-9]*) doctor_watch=$2 ;;
    --watch/*) wrong_call doctor "--watch $2 is not allowed; allowed: whole seconds, at least 1" ;;
    --seconds/*) doctor_seconds=$2 ;;
    esac
}

doctor_words() {
    [ $# -le 1 ] || wrong_call doctor "doctor takes one PID, not $1 and $2"
    doctor_pid=${1-}
    case ${1+x}$doctor_pid in
    x) wrong_call doctor "the PID is empty" ;;
    *[!0-9x]* | x*x*) wrong_call doctor "$doctor_pid is not a PID; to run a command, put -- before it" ;;
    esac
    export DOCTOR_JSON
    # Not into ss.
    unset LD_PRELOAD
    if [ -n "$doctor_watch" ]; then
        doctor_repeat
    else
        doctor_once
    fi
}

doctor_once() {
    terminal_decide_columns
    if [ -n "$doctor_pid" ]; then
        doctor_process "$doctor_pid"
    else
        output_check "standard output" doctor_host
    fi
}

# Until Ctrl-C, or until the process has ended.
doctor_repeat() {
    while doctor_once; do
        sleep "$doctor_watch"
        [ -n "$DOCTOR_JSON" ] || printf '\n---- %s UTC\n\n' "$(date -u +%H:%M:%S)"
    done
}

# doctor_awk NAME...: facts in, sentences out, of these parts.
doctor_awk() {
    for doctor_part; do
        shift
        set -- "$@" -f "${lib:?}/doctor/$doctor_part.awk"
    done
    LC_ALL=C awk -f "$lib/wrap.awk" -f "$lib/doctor/finding.awk" -f "$lib/records.awk" -f "$lib/ports.awk" "$@"
}
