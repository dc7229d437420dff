# shellcheck shell=sh
# shellcheck disable=SC1091,SC2154 # the files share their variables
# sockshim check: whether the shim can see into COMMAND; whether PID has it loaded

. "$lib/terminal.sh"

check_usage() {
    cat <<'END'
usage: sockshim check [-q] COMMAND|PID

Says whether the shim can see into COMMAND, which is found as a shell finds it,
through #! and env. Of a process it says whether the shim is in it, where its
log is, and with which settings. A no comes with the reason, and with what to
use instead.

  -q                  print nothing
  -h, --help          print this

A number is a PID; after --, or with a slash in it, it is a COMMAND.

What it cannot know is whether a program uses io_uring, or makes its system
calls without the C library: then the log stays empty.

Exit status: 0 if it can, or does; 1 if not; 2 if the call is wrong.
END
}

sockshim_check() {
    quiet=
    is_command=
    while :; do
        case ${1-} in
        -q) quiet=yes ;;
        -h | --help) check_usage && exit 0 ;;
        --) is_command=yes && shift && break ;;
        -?*) unknown_option check "$1" -q --help ;;
        *) break ;;
        esac
        shift
    done
    [ -n "${1-}" ] || wrong_call check "no command and no PID to check"
    [ $# -eq 1 ] || wrong_call check "check takes one command or PID, without its arguments, not $*"
    find_launcher
    # Not into the tools.
    unset LD_PRELOAD
    [ -z "$quiet" ] || exec >/dev/null
    case $is_command$1 in
    *[!0-9]*) exec "$launcher" check "$object" "$1" ;;
    esac
    answer=$(check_process "$1")
    status=$?
    show_answer
    exit "$status"
}

show_answer() {
    terminal_decide_charset
    printf '%s\n' "$answer" | LC_ALL=C awk -f "$lib/records.awk" -f "$lib/check.awk"
}

# In the subshell that makes the answer.
yes() {
    echo "$name: yes, $*"
    exit 0
}

no() {
    echo "$name: no, $*"
    exit 1
}

# ---- A process ----

check_process() {
    pid=$1
    name=$pid
    read -r line 2>/dev/null <"/proc/$pid/stat" || no "there is no such process"
    name="$pid ($(cat "/proc/$pid/comm"))"
    strace="strace -f -p $pid -e trace=network"
    refuse_empty_process "${line##*) }"
    maps=$(cat "/proc/$pid/maps" 2>/dev/null) ||
        no "it cannot be told: only its user ($(user_of_process)), and root with CAP_SYS_PTRACE, may look into it"
    file=$(readlink "/proc/$pid/exe")
    environment=$(tr '\0\n' '\n ' <"/proc/$pid/environ")
    loaded=$(printf '%s\n' "$maps" | sed -n 's|^[^/]*\(/.*/libsockshim\.so.*\)$|\1|p' | head -n 1)
    [ -n "$loaded" ] || explain_absence
    ! is_secure || no "$loaded is loaded, and does nothing: it $secure; $instead"
    ! is_switched_off || no "$loaded is loaded, and does nothing: $reason"
    echo "$name: yes, $loaded is loaded"
    echo "  log: $(where_log)"
    echo "  settings: $(which_settings)"
}

# refuse_empty_process FIELDS: of /proc/PID/stat, from the state on. The bit is
# PF_KTHREAD (include/linux/sched.h).
refuse_empty_process() {
    # shellcheck disable=SC2086
    set -- $1
    case $1 in
    Z | X) no "it has ended, and its parent has not noticed yet (a zombie)" ;;
    esac
    [ $(($7 & 0x200000)) -eq 0 ] || no "it is a thread of the kernel's, which makes no calls"
}

user_of_process() {
    number=$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")
    id -nu "$number" 2>/dev/null || echo "$number"
}

explain_absence() {
    ! is_secure || no "the shim is not loaded, and cannot be: it $secure; $instead"
    instead="watch it with $strace, or tcpdump"
    reason=$("$launcher" fits "$object" "/proc/$pid/exe" "$file" "$instead")
    case $? in
    1) no "the shim is not loaded, and cannot be: $reason" ;;
    3) no "the shim is not loaded; $reason" ;;
    esac
    case $(setting LD_PRELOAD) in
    *libsockshim.so*) no "the shim is not loaded, though its LD_PRELOAD asks for $(setting LD_PRELOAD): is that there," \
        "can its user read it, and is it built for this program?" ;;
    esac
    no "the shim is not loaded; it could be, if $file is started again with it; until then $instead"
}

# LD_PRELOAD counted for nothing when the program was started.
is_secure() {
    secure="was started with the rights of its file (setuid, setgid or capabilities)"
    instead="watch it with $strace as root, or tcpdump"
    "$launcher" secure "$pid"
}

# setting VARIABLE: its value in the process's environment.
setting() {
    printf '%s\n' "$environment" | sed -n "s/^$1=//p" | head -n 1
}

# Programs that give themselves a title, such as nginx, write over their
# environment.
is_environment_there() {
    [ -n "$(setting LD_PRELOAD)" ]
}

is_switched_off() {
    reason="SOCKSHIM=off is in its environment"
    [ "$(setting SOCKSHIM)" != off ] || return 0
    only=$(setting SOCKSHIM_ONLY | sed 's/ *, */,/g; s/^ *//; s/ *$//')
    reason="SOCKSHIM_ONLY=$only does not name it"
    [ -n "$only" ] && ! is_named "$only"
}

# is_named GLOBS: as the shim matches them.
is_named() (
    called=$(tr '\0\n' '\n ' <"/proc/$pid/cmdline" | head -n 1)
    stored=${file% (deleted)}
    set -f
    IFS=,
    for glob in $1; do
        # shellcheck disable=SC2254
        case ${called##*/}//${stored##*/} in
        $glob//* | *//$glob) return 0 ;;
        esac
    done
    return 1
)

which_settings() {
    given=$(printf '%s\n' "$environment" | grep '^SOCKSHIM[A-Z_]*=.' | tr '\n' ' ')
    if [ -n "$given" ]; then
        echo "${given% }"
    elif is_environment_there; then
        echo "the defaults"
    else
        echo "not to be read; the record of its start in the log has them"
    fi
}

# By the open file, if it can be found: a path may have been relative, and the
# file renamed.
where_log() {
    template=$(setting SOCKSHIM_LOG)
    log_number=$(find_log_number)
    if [ -n "$log_number" ]; then
        here "$(readlink "/proc/$pid/fd/$log_number")"
        return
    fi
    case $template in
    off) echo "off" ;;
    stderr | '')
        if [ -z "$template" ] && ! is_environment_there; then
            echo "none is open; it may go to stderr"
        elif [ -h "/proc/$pid/fd/2" ]; then
            echo "stderr, which is $(here "$(readlink "/proc/$pid/fd/2")")"
        else
            echo "stderr, which is closed"
        fi
        ;;
    *) echo "$template, which is not open: it could not be opened, or was closed; the next record tries again" ;;
    esac
}

# The shim opens it as nobody else opens files: to write, O_APPEND, O_NONBLOCK and
# O_CLOEXEC, with a high number (proc_pid_fdinfo(5): flags are octal).
find_log_number() {
    awk '
        $1 == "flags:" && $2 ~ /[2367]..[67]..1$/ {
            number = FILENAME
            sub(/.*\//, "", number)
            print number
        }' "/proc/$pid/fdinfo/"* 2>/dev/null | sort -rn | while read -r number; do
        case $(readlink "/proc/$pid/fd/$number") in
        /*) echo "$number" && break ;;
        esac
    done
}

# here PATH: where PATH of another mount namespace, a container's, is to be found.
# It begins with what the process has as its root (chroot(2)).
here() {
    case $1 in
    /*) is_in_our_namespace || set -- "/proc/$pid/root${1#"$(readlink "/proc/$pid/root" | sed 's|^/$||')"}" ;;
    esac
    printf '%s\n' "$1"
}

is_in_our_namespace() {
    [ "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]
}
