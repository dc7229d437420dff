# shellcheck shell=sh
# sockshim check: whether the shim can see into a program, or sees into a process.

. "$lib/target.sh"

check_usage() {
    cat <<'END'
usage: sockshim check COMMAND|PID

Says in a line whether the shim can see into COMMAND, found as a shell finds it,
through #! and env; if not, why, and what to use instead. Of a process it says
whether the shim is loaded, with which settings, and where its log is; if it is
not loaded, whether it could be. A word of digits alone is a PID, unless -- or a
folder stands before it.

What no file tells: system calls past the C library, and io_uring.

Exit status: 0 if it can (is loaded), 1 if not, 2 if the call is wrong.
END
}

sockshim_check() {
    marked=
    case ${1-} in
    --)
        marked=$1
        shift
        ;;
    -*) unknown_option check "$1" --help ;;
    esac
    [ $# -eq 1 ] || wrong_call check "check takes one command or PID, not $#"
    [ -f "$object" ] || die "$USAGE" "$object is not there: $remedy"
    unset LD_PRELOAD
    case $marked$1 in
    '' | *[!0-9]*) check_command "$1" ;;
    *) check_process "$1" ;;
    esac
}

# yes WORD..., no WORD...: the answer, about $name.
yes() {
    printf '%s: yes, %s\n' "$name" "$*"
    exit 0
}

no() {
    printf '%s: no, %s\n' "$name" "$*"
    exit 1
}

# ---- A command ----

check_command() {
    name=$1
    target_find "$1" || no "${problem#"$1: "}"
    found=$target
    target_check "$object" || no "$problem; $instead"
    script=
    [ "$found" = "$target" ] || script="it is a script, and "
    yes "$script$target can be seen into$(remarks "$target")"
}

remarks() {
    case ${1##*/} in
    sh | dash | bash | busybox | ksh | zsh)
        [ "$1" = "$found" ] || printf '%s' "; what it starts is to be checked for itself"
        ;;
    esac
    ! grep -q 'libasan\.so' "$1" 2>/dev/null ||
        printf '%s' "; AddressSanitizer's runtime must come first: LD_PRELOAD=libasan.so.N sockshim ..."
}

# ---- A process ----

check_process() {
    process=/proc/$1
    name=$1
    [ -d "$process" ] || no "there is no process $1"
    name="$1 ($(sed -n 's/^Name:[[:space:]]*//p' "$process/status" 2>/dev/null))"
    ! grep -q '^State:[[:space:]]*Z' "$process/status" 2>/dev/null || no "it has ended (a zombie)"
    program=$(readlink "$process/exe" 2>/dev/null) || no "$(why_no_program)"
    cat "$process/environ" >/dev/null 2>&1 || no "$(not_ours)"
    program=${program% (deleted)}
    called=$(tr '\0' '\n' <"$process/cmdline" | head -n 1)
    called=${called##*/}
    if grep -q '/libsockshim\.so' "$process/maps"; then
        check_loaded "$1"
    fi
    check_loadable
}

why_no_program() {
    if [ -n "$(tr -d '\0' <"$process/cmdline" 2>/dev/null)" ]; then
        not_ours
    else
        echo "it is a thread of the kernel"
    fi
}

not_ours() {
    # shellcheck disable=SC2012
    echo "or not known: it is user $(ls -lnd "$process" | awk '{ print $3 }')'s, and we may not look into it; ask as root"
}

# setting VARIABLE: as the process was started with it.
setting() {
    tr '\0\n' '\n ' <"$process/environ" | sed -n "s/^$1=//p" | head -n 1
}

check_loaded() {
    [ "$(setting SOCKSHIM)" != off ] || no "the shim is loaded, but SOCKSHIM=off is in its environment"
    is_one_of "$(setting SOCKSHIM_ONLY)" ||
        no "the shim is loaded, but leaves it alone: SOCKSHIM_ONLY=$(setting SOCKSHIM_ONLY)"
    settings=$(tr '\0\n' '\n ' <"$process/environ" | grep '^SOCKSHIM_[A-Z_]*=.' | grep -v '^SOCKSHIM_\(LOG\|ONLY\)=' |
        sort | tr '\n' ' ')
    yes "the shim is loaded; $(where_log "$1")${settings:+; }${settings% }"
}

# is_one_of GLOBS: as the shim understands SOCKSHIM_ONLY.
is_one_of() {
    [ -n "$1" ] || return 0
    set -f
    # shellcheck disable=SC2046
    for glob in $(printf '%s' "$1" | tr ',' ' '); do
        # shellcheck disable=SC2254 # a glob is what it is
        case $called in
        $glob) return 0 ;;
        esac
        # shellcheck disable=SC2254
        case ${program##*/} in
        $glob) return 0 ;;
        esac
    done
    return 1
}

where_log() {
    value=$(setting SOCKSHIM_LOG)
    case ${value:-stderr} in
    off) echo "its log is off" ;;
    stderr) echo "its log is its standard error, $(readlink "$process/fd/2" || echo "which is closed")" ;;
    *) log_file "$1" ;;
    esac
}

# The shim's own descriptor tells, whatever the name was relative to then.
log_file() {
    file=$(printf '%s\n' "$value" | PID=$1 PROG=$called awk '
        { for (; (at = index($0, "%")); $0 = substr($0, at + 2)) {
            word = substr($0, at + 1, 1)
            out = out substr($0, 1, at - 1) (word == "p" ? ENVIRON["PID"] : word == "n" ? ENVIRON["PROG"] : "%" word)
          }
          print out $0 }')
    state="which it has not open"
    for descriptor in "$process"/fd/*; do
        open=$(readlink "$descriptor") || continue
        case $open in
        "$file" | */"${file#./}") echo "its log is $open" && return ;;
        */"${file#./} (deleted)") state="which was removed" ;;
        esac
    done
    echo "its log is $file, $state"
}

# Not now, but after a restart.
check_loadable() {
    target=$process/exe
    problem=
    target_check "$object" ||
        no "the shim is not loaded, and cannot be: $program${problem#"$target"}; $instead"
    case $(setting LD_PRELOAD) in
    *libsockshim.so*) no "LD_PRELOAD names the shim, yet it is not loaded: the process changed its user, or the loader could not read it" ;;
    esac
    no "the shim is not loaded; $program can be seen into: start it again under sockshim"
}
