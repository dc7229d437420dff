# shellcheck shell=sh
# sockshim check: does sockshim work with COMMAND? is it loaded in process PID?

. "${lib:?}/terminal.sh"
. "$lib/logs.sh"
. "$lib/output.sh"

check_usage() {
    cat <<'END'
usage: sockshim check [-q] [--json] COMMAND|PID

Says whether sockshim works with COMMAND, which is looked up as a shell would,
through #! and env. For a process it says whether the shim (libsockshim.so) is
loaded, where its log is, and with which settings. If the answer is no, it says
why, and what to use instead.

  -q                  print nothing
  --json              one JSON object instead of text: subject, works, why; for
                      a process with the shim its log and settings, too
  -h, --help          print this

A number is a PID; after --, or with a slash in it, it is a COMMAND.

It cannot tell whether a program uses io_uring, makes its system calls without
the C library, or opens objects with RTLD_DEEPBIND, as php does with extensions
such as curl; the log then stays empty.

Exit status: 0 for yes; 1 for no; 2 if the usage is wrong.
END
}

sockshim_check() {
    check_quiet=
    check_is_command=
    CHECK_JSON=
    while :; do
        case ${1-} in
        -q) check_quiet=yes ;;
        --json) CHECK_JSON=yes ;;
        -h | --help) check_usage && exit 0 ;;
        --) check_is_command=yes && shift && break ;;
        --json=*) wrong_call check "--json takes no value" ;;
        -?*) unknown_option check "$1" -q --json --help ;;
        *) break ;;
        esac
        shift
    done
    [ -n "${1-}" ] || wrong_call check "no command and no PID to check"
    [ $# -eq 1 ] || wrong_call check "check takes one command or PID, without its arguments, not $*"
    find_launcher
    # Not into the tools.
    unset LD_PRELOAD
    [ -z "$check_quiet" ] || exec >/dev/null
    output_is_open "standard output" || exit "$USAGE"
    case $check_is_command$1 in
    *[!0-9]*)
        [ -n "$CHECK_JSON" ] || exec "${launcher:?}" check "${object:?}" "$1"
        check_answer=$("${launcher:?}" check "${object:?}" "$1")
        ;;
    *) check_answer=$(check_process "$1") ;;
    esac
    check_status=$?
    terminal_decide_charset
    output_check "standard output" check_show_answer || exit
    exit "$check_status"
}

check_show_answer() {
    export CHECK_JSON
    printf '%s\n' "$check_answer" | LC_ALL=C awk -f "$lib/records.awk" -f "$lib/json.awk" -f "$lib/check.awk"
}

# In the subshell that makes the answer.
check_no() {
    echo "$check_name: no, $*"
    exit 1
}

# ---- A process ----

check_process() {
    check_pid=$1
    check_name=$check_pid
    read -r check_line 2>/dev/null <"/proc/$check_pid/stat" || check_no "there is no such process"
    check_name="$check_pid ($(cat "/proc/$check_pid/comm"))"
    check_strace="strace -f -p $check_pid -e trace=network"
    check_refuse_empty_process "${check_line##*) }"
    check_maps=$(cat "/proc/$check_pid/maps" 2>/dev/null) ||
        check_no "this process may be inspected only by its user ($(check_user_of_process)) and by root with CAP_SYS_PTRACE"
    check_file=$(readlink "/proc/$check_pid/exe")
    check_environment=$(tr '\0\n' '\n ' <"/proc/$check_pid/environ")
    check_loaded=$(printf '%s\n' "$check_maps" | sed -n 's|^[^/]*\(/.*/libsockshim\.so.*\)$|\1|p' | head -n 1)
    [ -n "$check_loaded" ] || check_explain_absence
    ! check_is_secure || check_no "$check_loaded is loaded but does nothing: it $check_secure; $check_instead"
    ! check_is_switched_off || check_no "$check_loaded is loaded but does nothing: $check_reason"
    echo "$check_name: yes, $check_loaded is loaded"
    echo "  log: $(check_where_log)"
    echo "  settings: $(check_which_settings)"
    check_in_force=$(check_what_is_in_force)
    [ -z "$check_in_force" ] || echo "  in force: $check_in_force"
    check_what_hinders
    check_recorder_file=$(check_find_recorder)
    [ -z "$check_recorder_file" ] || echo "  recorder: $(check_here "$check_recorder_file")"
}

# Of robust handling, what the program's start record says: there a value that is not
# allowed is left out, and what was derived from one is told.
check_what_is_in_force() {
    printf '%s\n' "$check_environment" |
        grep -qE '^SOCKSHIM_(DEAD_PEER|KEEPALIVE|CONNECT_TIMEOUT|CONNECT_RETRY|RECV_TIMEOUT|BACKLOG|REUSEADDR|ACCEPT|EINTR|RESET)=.' || return 0
    check_log_number=$(check_find_log_number)
    check_start=
    [ -z "$check_log_number" ] ||
        check_start=$(LC_ALL=C grep -aE "event\"?[=:]\"?start\"?[ ,]+\"?pid\"?[=:]${check_pid}[ ,]" \
            "/proc/$check_pid/fd/$check_log_number" 2>/dev/null | tail -n 1)
    if [ -n "$check_start" ]; then
        printf '%s\n' "$check_start" | sed -n 's/.*settings"\{0,1\}[=:]"\([^"]*\)".*/\1/p'
    else
        echo "its log has no start record of it (it may be a child of the program that has)"
    fi
}

# What keeps one of these settings from having its effect, as its log says (event=config that is
# no error).
check_what_hinders() {
    [ -n "${check_log_number:=$(check_find_log_number)}" ] || return 0
    LC_ALL=C grep -aE "level\"?[=:]\"?(info|warn)\"?[ ,]+\"?event\"?[=:]\"?config\"?[ ,]+\"?pid\"?[=:]${check_pid}[ ,]" \
        "/proc/$check_pid/fd/$check_log_number" 2>/dev/null | sed -n 's/.*why"\{0,1\}[=:]"\(.*\)"}\{0,1\}$/  hindered: \1/p'
}

# check_refuse_empty_process FIELDS: of /proc/PID/stat, from the state on. The bit is
# PF_KTHREAD (include/linux/sched.h).
check_refuse_empty_process() {
    # shellcheck disable=SC2086
    set -- $1
    case $1 in
    Z | X) check_no "it has ended, and its parent has not waited for it yet (a zombie)" ;;
    esac
    [ $(($7 & 0x200000)) -eq 0 ] || check_no "it is a kernel thread, which makes no calls"
}

check_user_of_process() {
    check_number=$(awk '/^Uid:/ { print $2 }' "/proc/$check_pid/status")
    id -nu "$check_number" 2>/dev/null || echo "$check_number"
}

check_explain_absence() {
    ! check_is_secure || check_no "the shim is not loaded, and cannot be: it $check_secure; $check_instead"
    check_instead="watch it with $check_strace, or tcpdump"
    check_reason=$("$launcher" fits "$object" "/proc/$check_pid/exe" "$check_file" "$check_instead")
    case $? in
    1) check_no "the shim is not loaded, and cannot be: $check_reason" ;;
    3) check_no "the shim is not loaded; $check_reason" ;;
    esac
    case $(check_setting LD_PRELOAD) in
    *libsockshim.so*) check_no "the shim is not loaded, though its LD_PRELOAD asks for $(check_setting LD_PRELOAD): is that there," \
        "can its user read it, and is it built for this program?" ;;
    esac
    check_no "the shim is not loaded; it can be loaded if $check_file is restarted with it; until then $check_instead"
}

# LD_PRELOAD counted for nothing when the program was started.
check_is_secure() {
    check_secure="was started with the rights of its file (setuid, setgid or capabilities)"
    check_instead="watch it with $check_strace as root, or tcpdump"
    "$launcher" secure "$check_pid"
}

# check_setting VARIABLE: its value in the process's environment.
check_setting() {
    printf '%s\n' "$check_environment" | sed -n "s/^$1=//p" | head -n 1
}

# Programs that give themselves a title, such as nginx, write over their
# environment.
check_is_environment_there() {
    [ -n "$(check_setting LD_PRELOAD)" ]
}

check_is_switched_off() {
    check_reason="SOCKSHIM=off is in its environment"
    case $(check_setting SOCKSHIM) in
    [Oo][Ff][Ff]) return 0 ;;
    esac
    check_only=$(check_setting SOCKSHIM_ONLY | sed 's/ *, */,/g; s/^ *//; s/ *$//')
    check_reason="SOCKSHIM_ONLY=$check_only does not name it"
    [ -n "$check_only" ] && ! check_is_named "$check_only"
}

# check_is_named GLOBS: as the shim matches them.
check_is_named() (
    check_called=$(tr '\0\n' '\n ' <"/proc/$check_pid/cmdline" | head -n 1)
    check_stored=${check_file% (deleted)}
    set -f
    IFS=,
    for check_glob in $1; do
        # shellcheck disable=SC2254
        case ${check_called##*/}//${check_stored##*/} in
        $check_glob//* | *//$check_glob) return 0 ;;
        esac
    done
    return 1
)

check_which_settings() {
    check_given=$(printf '%s\n' "$check_environment" | grep '^SOCKSHIM[A-Z_]*=.' | tr '\n' ' ')
    if [ -n "$check_given" ]; then
        echo "${check_given% }"
    elif check_is_environment_there; then
        echo "the defaults"
    else
        echo "they cannot be read; the start record in the log has them"
    fi
}

# By the open file, if it can be found: a path may have been relative, and the
# file renamed.
check_where_log() {
    check_template=$(check_setting SOCKSHIM_LOG)
    check_log_number=$(check_find_log_number)
    if [ -n "$check_log_number" ]; then
        check_here "$(readlink "/proc/$check_pid/fd/$check_log_number")"
        return
    fi
    case $check_template in
    [Oo][Ff][Ff]) echo "off" ;;
    [Ss][Tt][Dd][Ee][Rr][Rr] | '')
        if [ -z "$check_template" ] && ! check_is_environment_there; then
            echo "none is open; it may go to stderr"
        elif [ -h "/proc/$check_pid/fd/2" ]; then
            echo "stderr, which is $(check_here "$(readlink "/proc/$check_pid/fd/2")")"
        else
            echo "stderr, which is closed"
        fi
        ;;
    *) echo "$check_template, which is not open: $(check_why_no_log)" ;;
    esac
}

check_why_no_log() {
    check_rest="the next record tries again"
    check_limit=$(awk '/^Max open files/ { print $4 }' "/proc/$check_pid/limits")
    if ! check_is_caged && [ "$check_limit" -lt 16 ] 2>/dev/null; then
        check_rest="it may have only $check_limit descriptors, fewer than the 16 that it takes"
    elif check_is_caged; then
        check_rest="a seccomp filter is on (its own, or one that it inherited), in which it may be impossible: what it sees is not known then"
    fi
    if check_has_socket; then
        echo "there is a socket, so it could not be opened, or was closed or removed; $check_rest"
    else
        echo "there was no socket yet, or it could not be opened, or was closed; $check_rest"
    fi
}

check_is_caged() {
    grep -q '^Seccomp:[[:space:]]*[12]' "/proc/$check_pid/status" 2>/dev/null
}

# Above standard error: the journal's does not count.
check_has_socket() {
    for check_number in "/proc/$check_pid/fd/"*; do
        case ${check_number##*/}$(readlink "$check_number") in
        [012]socket:*) ;;
        *socket:*) return 0 ;;
        esac
    done
    return 1
}

# The shim opens it as nobody else opens files: to write (and read), O_APPEND, O_NONBLOCK and
# O_CLOEXEC, with a high number (proc_pid_fdinfo(5): flags are octal).
check_find_log_number() {
    awk '
        $1 == "flags:" && $2 ~ /[2367]..[67]..[12]$/ {
            number = FILENAME
            sub(/.*\//, "", number)
            print number
        }' "/proc/$check_pid/fdinfo/"* 2>/dev/null | sort -rn | while read -r check_number; do
        case $(readlink "/proc/$check_pid/fd/$check_number") in
        /*) echo "$check_number" && break ;;
        esac
    done
}

# By the mapping: once it is mapped, the shim has no descriptor of it.
check_find_recorder() {
    printf '%s\n' "$check_maps" | sed -n 's|^[^ ]* rw-s [^/]*\(/.*\)$|\1|p' | sort -u | while IFS= read -r check_mapped; do
        check_bytes=$(logs_first_bytes 2>/dev/null <"/proc/$check_pid/root$check_mapped")
        [ "$(logs_unpacker "$check_bytes")" != "${recorder:?}" ] || echo "$check_mapped"
    done 2>/dev/null
}

# check_here PATH: where PATH of another mount namespace, a container's, is to be found.
# It begins with what the process has as its root (chroot(2)).
check_here() {
    case $1 in
    /*) check_is_in_our_namespace || set -- "/proc/$check_pid/root${1#"$(readlink "/proc/$check_pid/root" | sed 's|^/$||')"}" ;;
    esac
    printf '%s\n' "$1"
}

check_is_in_our_namespace() {
    [ "$(readlink "/proc/$check_pid/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]
}
