# shellcheck shell=sh
# sockshim run: runs COMMAND with robust sockets, and logs why they fail

. "$lib/target.sh"
. "$lib/summary.sh"

RUN_OPTIONS="--log --log-limit --format --json --level --skip --only --sigpipe --no-sigpipe --no-nodelay --watch-only --force --help --version"

run_usage() {
    cat <<'END'
usage: sockshim [run] [OPTIONS] [--] COMMAND [ARG...]

Runs COMMAND with robust sockets: a dead peer is an error return instead of a
SIGPIPE, TCP_NODELAY is on, and every 0 and -1 of a socket call is logged with
the reason. At the end it says on stderr what was logged, and where.

  -o, --log FILE      the log, appended to; or stderr, or off. %p in it is the
                      process, %n the program (default: sockshim.log here)
      --log-limit N   bytes, with K, M or G, after which FILE becomes FILE.1;
                      0 for none (default: 1G)
      --format F      logfmt or json (default: logfmt)
      --json          the same as --format json
      --level LEVEL   the lowest that is logged: debug, info, warn or error
                      (default: debug, which is everything)
      --skip LIST     causes, errno names and calls not to log, with commas
                      between them: would-block,EINTR,accept4
      --only LIST     globs of programs with commas between them; all others
                      are left alone
      --sigpipe MODE  which SIGPIPE is swallowed: sockets (one that a write to a
                      socket raised), ignore (all, once a process has a socket),
                      always (all), or off (default: sockets)
      --no-sigpipe    the same as --sigpipe off
      --no-nodelay    leave TCP_NODELAY to the program
      --watch-only    change nothing, neither SIGPIPE nor TCP_NODELAY; only log
  -q                  become COMMAND: nothing is printed at the end. For inetd,
                      and where the process must be COMMAND itself
      --force         run COMMAND even if the shim cannot be loaded into it
  -h, --help          print this
      --version       print the version

A setting for which no option is given is taken from the environment:
SOCKSHIM_LOG, SOCKSHIM_LOG_LIMIT, SOCKSHIM_FORMAT, SOCKSHIM_SIGPIPE,
SOCKSHIM_NODELAY, SOCKSHIM_LEVEL, SOCKSHIM_SKIP, SOCKSHIM_ONLY. SIGTERM, SIGINT,
SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are passed on to COMMAND.

Exit status: COMMAND's; 128+N if signal N ended it; 127 if it is not found, 126
if it cannot be run or the shim cannot be loaded into it; 2 if the call is
wrong.
END
}

SIGNALS="HUP:1 INT:2 QUIT:3 USR1:10 USR2:12 TERM:15"

sockshim_run() {
    # Meant for COMMAND, not for the tools that we use.
    preloaded=${LD_PRELOAD-}
    unset LD_PRELOAD
    quiet=
    force=
    read_options "$@"
    shift "$consumed"
    [ $# -gt 0 ] || wrong_call run "no command to run"
    [ -f "$object" ] || die "$USAGE" "$object is not there: $remedy"
    check_command "$1"
    settle_log
    settle_preload
    if [ -n "$quiet" ]; then
        become "$@"
    fi
    summary_begin "$SOCKSHIM_LOG"
    if can_run_beside; then
        run_beside "$@"
    elif in_foreground; then
        run_in_front "$@"
    else
        complain "no summary at the end: this env has no --default-signal; the log is $SOCKSHIM_LOG"
        restore=
        become "$@"
    fi
    trap 'exit "$status"' HUP INT QUIT USR1 USR2 TERM
    summary_print
    exit "$status"
}

# ---- Options ----

# Sets the variables that the shim reads: $consumed words were options.
read_options() {
    words=$#
    while :; do
        case ${1-} in
        --) shift && break ;;
        --*=*) set_option "${1%%=*}" "${1#*=}" && shift ;;
        -o?*) set_option -o "${1#-o}" && shift ;;
        -o | --log | --log-limit | --format | --level | --skip | --only | --sigpipe)
            [ $# -gt 1 ] || wrong_call run "$1 needs a value"
            set_option "$1" "$2"
            shift 2
            ;;
        -?*) set_switch "$1" && shift ;;
        *) break ;;
        esac
    done
    consumed=$((words - $#))
}

# What the shim would complain about at each program's start is refused here,
# once and before; it knows more of --skip than we do.
set_option() {
    case $1 in
    -o | --log)
        case $2 in
        '') wrong_call run "$1 needs a file, stderr or off" ;;
        -) not_allowed "$@" "a file (./- is one), stderr or off" ;;
        esac
        SOCKSHIM_LOG=$2
        ;;
    --log-limit) is_limit "$2" || not_allowed "$@" "a number of bytes, with K, M or G behind it, or 0" && SOCKSHIM_LOG_LIMIT=$2 ;;
    --format) one_of "$@" logfmt json && SOCKSHIM_FORMAT=$2 ;;
    --level) one_of "$@" debug info warn error && SOCKSHIM_LEVEL=$2 ;;
    --sigpipe) one_of "$@" sockets ignore always off && SOCKSHIM_SIGPIPE=$2 ;;
    --skip) SOCKSHIM_SKIP=$2 ;;
    --only) SOCKSHIM_ONLY=$2 ;;
    --json | --no-nodelay | --no-sigpipe | --watch-only | --force | --help | --version) wrong_call run "$1 takes no value" ;;
    *) unknown_run_option "$1" ;;
    esac
}

set_switch() {
    case $1 in
    --json) SOCKSHIM_FORMAT=json ;;
    --no-nodelay) SOCKSHIM_NODELAY=off ;;
    --no-sigpipe) SOCKSHIM_SIGPIPE=off ;;
    --watch-only) SOCKSHIM=watch ;;
    -q) quiet=yes ;;
    --force) force=yes ;;
    -h | --help) usage; exit ;;
    --version) print_version; exit ;;
    *) unknown_run_option "$1" ;;
    esac
}

unknown_run_option() {
    # shellcheck disable=SC2086
    unknown_option run "$1" $RUN_OPTIONS
}

not_allowed() {
    wrong_call run "$1 $2 is not allowed; allowed: $3"
}

# one_of OPTION VALUE ALLOWED...
one_of() {
    option=$1
    value=$2
    shift 2
    allowed=$*
    for word; do
        [ "$value" != "$word" ] || return 0
    done
    not_allowed "$option" "$value" "$allowed"
}

is_limit() {
    case ${1%[KMG]} in
    '' | *[!0-9]*) return 1 ;;
    esac
}

# ---- Before COMMAND ----

check_command() {
    target_find "$1" || die $? "$problem$(meant_subcommand "$1")"
    [ -z "$force" ] || return 0
    target_check "$object" || die "$CANNOT_RUN" "$problem; $instead, or run it all the same with --force"
}

# sockshim reprot LOG
meant_subcommand() {
    # shellcheck disable=SC2086
    meant=$(nearest "$1" $COMMANDS)
    [ -z "$meant" ] || echo " (did you mean sockshim $meant?)"
}

# Absolute, so that children that change directory write to the same file. In a
# folder with %p or %n in its own name the shim has to do it: it knows which of
# them are meant.
settle_log() {
    : "${SOCKSHIM_LOG:=sockshim.log}"
    case $SOCKSHIM_LOG in
    stderr | off | /*) return ;;
    esac
    case $PWD in
    *%[pn]*) ;;
    '') die "$USAGE" "this folder is gone; say with -o where the log is to be, from / on" ;;
    *) SOCKSHIM_LOG=${PWD%/}/$SOCKSHIM_LOG ;;
    esac
}

# Ours goes first, and once; others stay. Only an AddressSanitizer must come
# before all.
settle_preload() {
    object=$(readlink -f "$object")
    case $object in
    *[:[:space:]]*) die "$USAGE" "$object: LD_PRELOAD cannot hold a blank or a colon; move it to another folder" ;;
    esac
    first=
    others=
    set -f
    # shellcheck disable=SC2046
    set -- $(printf '%s' "$preloaded" | tr ':' ' ')
    set +f
    for entry; do
        case ${entry##*/} in
        libasan*) first=$first$entry: ;;
        *) is_our_object "$entry" || others=$others:$entry ;;
        esac
    done
    preload=$first$object$others
}

# A name without a slash is the loader's to find; ours is it, for it is taken
# by the name that is in the object.
is_our_object() {
    [ "$1" = libsockshim.so ] || [ "$(readlink -f -- "$1")" = "$object" ]
}

# ---- COMMAND's process ----

# The environment that we were started with, as words for eval: shells put some
# variables in (PWD, SHLVL) and drop what they have no name for, such as bash's
# functions. The bytes are COMMAND's business.
first_environment() {
    od -A n -v -t u1 "/proc/$$/environ" 2>/dev/null | LC_ALL=C awk '
        {
            for (i = 1; i <= NF; i++) {
                if ($i == 0) {
                    if (index(word, "=") > 1)
                        printf "\047%s\047 ", word
                    word = ""
                } else
                    word = word ($i == 39 ? "\047\\\047\047" : sprintf("%c", $i + 0))
            }
        }'
}

# become COMMAND ARG...: never comes back. $restore: what env is to put right.
become() {
    # To env a word with = in it is a variable.
    case $1 in
    *=*) set -- nice -n 0 "$@" ;;
    esac
    for setting in LOG LOG_LIMIT FORMAT SIGPIPE NODELAY LEVEL SKIP ONLY; do
        eval "value=\${SOCKSHIM_$setting-}"
        eval "[ -z \"\${SOCKSHIM_$setting+set}\" ]" || set -- "SOCKSHIM_$setting=$value" "$@"
    done
    [ -z "${SOCKSHIM+set}" ] || set -- "SOCKSHIM=$SOCKSHIM" "$@"
    set -- "LD_PRELOAD=$preload" "$@"
    variables=$(first_environment)
    [ -z "$variables" ] || eval "set -- -i $variables \"\$@\""
    # shellcheck disable=SC2086
    exec env ${restore-} "$@"
}

# A shell starts what runs beside it with SIGINT and SIGQUIT ignored. env can
# undo that (coreutils 8.31), but what was ignored before us must stay so. The
# mask is a child's: some shells ignore SIGQUIT, themselves alone.
can_run_beside() {
    ignored=$(sed -n 's/^SigIgn:.*\(.\)$/\1/p' /proc/self/status 2>/dev/null)
    restore=
    case $ignored in
    [2367abef]) ;;
    *) restore=INT ;;
    esac
    case $ignored in
    [4567cdef]) ;;
    *) restore=${restore:+$restore,}QUIT ;;
    esac
    restore=${restore:+--default-signal=$restore}
    # shellcheck disable=SC2086
    env $restore true 2>/dev/null && find_descriptor
}

# One that the caller left free, in $spare. There is one, or we cannot put
# stdin aside.
find_descriptor() {
    for spare in 9 8 7 6 5 4 3; do
        [ -h "/proc/$$/fd/$spare" ] || return 0
    done
    return 1
}

# ---- Beside COMMAND ----

run_beside() {
    command=
    early=
    signalled=
    for signal in $SIGNALS; do
        # shellcheck disable=SC2064
        trap "pass_on ${signal%:*} ${signal#*:}" "${signal%:*}"
    done
    start "$@"
    # The terminal gives these two to COMMAND as well.
    ! in_foreground || trap '' INT QUIT
    for signal in $early; do
        deliver "$signal"
    done
    wait_for_command
}

# COMMAND gets our stdin, put aside because a shell gives /dev/null to what runs
# beside it. Afterwards nothing of ours keeps open what COMMAND may want closed.
start() {
    if [ -h "/proc/$$/fd/0" ]; then
        eval "exec $spare<&0"
        eval "{ become \"\$@\"; } <&$spare $spare<&- &"
        command=$!
        eval "exec $spare<&-"
    else
        { become "$@"; } <&- &
        command=$!
    fi
    exec </dev/null >/dev/null
}

# pass_on SIGNAL NUMBER. What comes before COMMAND is there waits for it.
pass_on() {
    signalled="$signalled $((128 + $2))"
    if [ -z "$command" ]; then
        early="$early $1"
    elif ! is_key "$1" || ! in_foreground; then
        deliver "$1"
    fi
}

is_key() {
    [ "$1" = INT ] || [ "$1" = QUIT ]
}

# Not before COMMAND's process is COMMAND: as a copy of this shell, and as env,
# it would swallow the signal.
deliver() {
    while is_starting; do
        :
    done
    kill -s "$1" "$command" 2>/dev/null
}

is_starting() {
    case $(command_line "$command") in
    "$(command_line $$)" | "env ${restore:-.} "*) return 0 ;;
    esac
    return 1
}

command_line() {
    tr '\0' ' ' <"/proc/$1/cmdline"
} 2>/dev/null

# Whether a key on the terminal reaches us and COMMAND alike.
in_foreground() {
    read -r line <"/proc/$$/stat" || return 1
    # state, parent, group, session, terminal, its foreground group
    # shellcheck disable=SC2086
    set -- ${line##*) }
    [ "$3" = "$6" ]
}

# A signal with a trap ends wait early, with that signal's status; then wait
# again. If bash has told of COMMAND's end before, or lost it, it says 127 or -1:
# the status before stays.
wait_for_command() {
    status=127
    while :; do
        signalled=
        wait "$command" 2>/dev/null
        latest=$?
        case $latest/${BASH_VERSION:+bash} in
        127/bash | -1/bash) ;;
        *) status=$latest ;;
        esac
        case "$signalled " in
        *" $latest "*) ;;
        *) return ;;
        esac
    done
}

# Where env cannot undo what a shell does to SIGINT. On a terminal that is what
# counts; other signals are not passed on before COMMAND has ended.
run_in_front() {
    restore=
    for signal in $SIGNALS; do
        trap : "${signal%:*}"
    done
    (become "$@")
    status=$?
}
