# shellcheck shell=sh
# Whether an object can be preloaded into a program, told from its file. Reads
# ELF headers with od: neither file(1) nor readelf is needed.

# target_find COMMAND: the file that a shell would run, in $target. If there is
# none, fails with the shell's status and says why in $problem.
target_find() {
    target=
    problem=
    case $1 in
    */*) candidate "$1" ;;
    *) search_path "$1" ;;
    esac
    [ -z "$problem" ] || return "$CANNOT_RUN"
    [ -z "$target" ] || return 0
    problem="$1: command not found"
    return "$NOT_FOUND"
}

# Takes a file if it can be run; one that cannot is remembered as the problem.
candidate() {
    if [ -d "$1" ]; then
        problem="$1: is a directory"
    elif [ -x "$1" ]; then
        target=$1
        problem=
    elif [ -e "$1" ]; then
        problem="$1: permission denied"
    fi
}

search_path() {
    rest=${PATH-/usr/bin:/bin}:
    while [ -n "$rest" ] && [ -z "$target" ]; do
        folder=${rest%%:*}
        rest=${rest#*:}
        # In PATH a shell passes a folder by without a word.
        [ -d "${folder:-.}/$1" ] || candidate "${folder:-.}/$1"
    done
}

# target_check OBJECT: whether OBJECT can be preloaded into $target, or into the
# interpreter of a script, which is $target then. If not, $problem says why, and
# $instead what to do. What nobody can run is not refused: exec has the word; but
# $broken says what is wrong with it.
target_check() {
    broken=
    if ! follow_scripts; then
        case $line in
        *"$(printf '\r')") broken="$broken; that line ends with a carriage return" ;;
        esac
        [ -z "$problem" ]
        return
    fi
    target_fits "$1" && keeps_environment "$target"
}

# target_fits OBJECT: the same for a file that is no script, whoever runs it.
target_fits() {
    instead="watch it with ${strace:-strace -f -e trace=network}, or tcpdump"
    loader=
    read_elf_header "$1" || return 0
    object_class=$class object_machine=$machine
    if ! read_elf_header "$target"; then
        broken="$target is neither an ELF program nor a script that begins with #!"
        [ -r "$target" ] || broken="$target may be run, but not be read by this user: that cannot be told"
        return 0
    fi
    is_same_architecture && has_interpreter "$target" && is_same_libc "$1" && is_not_go "$target"
}

# A script is run by what its first line names; not over more steps than the
# kernel takes (fs/exec.c).
follow_scripts() {
    for step in 1 2 3 4 5; do
        is_script "$target" || return 0
        follow_first_line "$target" || return 1
    done
    broken="$target is one script too many that is run by another"
    return 1
}

is_script() {
    # shellcheck disable=SC2046
    set -- $(bytes "$1" 0 2)
    [ "$*" = "35 33" ]
}

# The kernel passes what follows the interpreter on as one word.
follow_first_line() {
    IFS= read -r line <"$1" || :
    set -f
    # shellcheck disable=SC2086
    set -- ${line#??}
    set +f
    case ${1-} in
    env | */env) follow_env "${line#*"$1"}" ;;
    *)
        broken="$target names an interpreter that cannot be run: ${1-}"
        [ -x "${1-}" ] && target=$1 && broken=
        ;;
    esac
}

# What env runs when it is called with that word: `PROGRAM`, or with -S in front
# `[OPTIONS] [NAME=VALUE...] PROGRAM [ARG...]`. If it is not found, env is going to
# say so.
follow_env() {
    script=$target
    cleared=
    set -f
    # shellcheck disable=SC2086
    set -- $1
    set +f
    case ${1-} in
    -S* | -vS* | --split-string*) env_options "$@" ;;
    *) env_program=$* ;;
    esac
    if [ -z "$env_program" ] || ! target_find "$env_program"; then
        target=$script
        broken="$script names a program that env does not find: $env_program"
        case $env_program in
        *' '*) broken="$broken; it is one word to env unless -S stands before it" ;;
        esac
        problem=
        return 1
    fi
    [ -n "$cleared" ] || return 0
    problem="$script has env take LD_PRELOAD away from $target"
    instead="take that out of its first line"
    return 1
}

# env_options WORD...: up to the program, in $env_program; $cleared if they drop
# LD_PRELOAD. The first word may hold one of those behind -S.
env_options() {
    word=${1#-}
    word=${word#v}
    word=${word#S}
    word=${word#-split-string}
    shift
    set -- ${word:+"${word#=}"} "$@"
    while [ $# -gt 0 ]; do
        case $1 in
        -i | - | --ignore-environment | LD_PRELOAD=* | -uLD_PRELOAD | --unset=LD_PRELOAD) cleared=yes ;;
        -u | --unset)
            [ "${2-}" != LD_PRELOAD ] || cleared=yes
            [ $# -eq 1 ] || shift
            ;;
        -C | --chdir) [ $# -eq 1 ] || shift ;;
        -* | *=*) ;;
        *) break ;;
        esac
        shift
    done
    env_program=${1-}
}

# bytes FILE OFFSET COUNT: in decimal. Nothing if it cannot be read.
bytes() {
    od -A n -v -t u1 -j "$2" -N "$3" -- "$1" 2>/dev/null
}

# The parts of an ELF header that matter here, in variables; fails if FILE is
# none. The program headers are read only where the byte order is the object's.
read_elf_header() {
    # shellcheck disable=SC2046
    set -- $(bytes "$1" 0 64)
    [ $# -eq 64 ] && [ "$1 $2 $3 $4" = "127 69 76 70" ] || return 1
    class=$5
    case $6 in
    2) machine=$((${20} + 256 * ${19})) ;;
    *) machine=$((${19} + 256 * ${20})) ;;
    esac
    machine=$machine/$6
    if [ "$class" -eq 2 ]; then
        table=$((${33} + 256 * (${34} + 256 * (${35} + 256 * ${36}))))
        table_size=$(((${55} + 256 * ${56}) * (${57} + 256 * ${58})))
    else
        table=$((${29} + 256 * (${30} + 256 * (${31} + 256 * ${32}))))
        table_size=$(((${43} + 256 * ${44}) * (${45} + 256 * ${46})))
    fi
}

is_same_architecture() {
    [ "$class $machine" != "$object_class $object_machine" ] || return 0
    problem="$target is for $(architecture "$class" "$machine"), libsockshim.so for"
    problem="$problem $(architecture "$object_class" "$object_machine")"
    instead="build the object for it (make CC=... BUILD=...) and run sockshim with that BUILD"
    return 1
}

# e_machine and the byte order in words; class 1 is 32-bit.
architecture() {
    case $1/$2 in
    1/3/1) echo "32-bit x86" ;;
    1/62/1) echo "x32" ;;
    2/62/1) echo "x86-64" ;;
    1/40/1) echo "32-bit ARM" ;;
    2/183/1) echo "aarch64" ;;
    2/243/1) echo "64-bit RISC-V" ;;
    2/21/1) echo "ppc64le" ;;
    2/22/2) echo "s390x" ;;
    *) echo "another architecture (ELF machine ${2%/*})" ;;
    esac
}

# segments FILE TYPE: offset and size of each program header of that type.
segments() {
    od -A n -v -t u4 -j "$table" -N "$table_size" -- "$1" 2>/dev/null |
        awk -v class="$class" -v type="$2" '
            { for (i = 1; i <= NF; i++) word[count++] = $i }
            END {
                step = class == 2 ? 14 : 8
                for (at = 0; at + step <= count; at += step)
                    if (word[at] == type)
                        print word[at + (class == 2 ? 2 : 1)], word[at + (class == 2 ? 8 : 4)]
            }'
}

# The loader that the program asks for (PT_INTERP), in $loader. Who asks for
# none is loaded by the kernel alone, and nothing is preloaded; the loader
# itself, run as a command, is the exception.
has_interpreter() {
    # shellcheck disable=SC2046
    set -- "$1" $(segments "$1" 3)
    if [ $# -ge 3 ]; then
        loader=$(dd if="$1" bs=1 skip="$2" count="$(($3 - 1))" 2>/dev/null)
        return 0
    fi
    case ${1##*/} in
    ld-linux*.so* | ld-musl*.so* | ld.so) loader=$1 && return 0 ;;
    esac
    problem="$1 is statically linked, so nothing can be preloaded"
    return 1
}

# An object links to the C library that it was built with, by name.
is_same_libc() {
    object_libc=musl
    ! grep -q 'libc\.so\.6' "$1" || object_libc=glibc
    case ${loader##*/} in
    ld-musl*) libc=musl ;;
    ld-linux* | ld64.so* | ld.so*) libc=glibc ;;
    '') return 0 ;; # a broken file: exec has the word
    *) libc=$loader ;;
    esac
    [ "$libc" != "$object_libc" ] || return 0
    problem="$target uses another C library ($libc) than libsockshim.so ($object_libc)"
    instead="build the object for it (make CC=... BUILD=...) and run sockshim with that BUILD"
    return 1
}

# Under secure execution the loader and the shim trust no setting. The kernel
# turns it on where a set-id bit makes the effective id another than the real
# one (root that runs a setuid-root program is not concerned), and for file
# capabilities unless the user is root; it does neither under no_new_privs.
keeps_environment() {
    ! grep -q '^NoNewPrivs:[[:space:]]*1' /proc/self/status 2>/dev/null || return 0
    # shellcheck disable=SC2012,SC2046
    set -- "$1" $(ls -lndL -- "$1" | awk '{ print $1, $3, $4; exit }')
    case $2 in
    ???[sS]*) [ "$3" = "$(id -ru)" ] || problem="$1 is setuid (user $3)" ;;
    esac
    case $2 in
    ??????s*) [ "$4" = "$(id -rg)" ] || problem="$1 is setgid (group $4)" ;;
    esac
    ! has_capabilities "$1" || problem="$1 has file capabilities"
    [ -n "$problem" ] || return 0
    problem="$problem, so the loader ignores LD_PRELOAD"
    instead="start sockshim as the user that it becomes, or use strace -f -e trace=network as root"
    return 1
}

# Only getcap can tell. Where it is missing nobody is likely to have set any
# (setcap comes with it), and the loader says no word: the log stays empty.
has_capabilities() {
    [ "$(id -ru)" -ne 0 ] && [ -n "$(PATH=${PATH-}:/usr/sbin:/sbin getcap "$1" 2>/dev/null)" ]
}

# Go leaves a note with its name. Built with cgo it has a loader, and looks names
# up with the C library, yet makes its network calls past it.
is_not_go() {
    notes=$(segments "$1" 4 | while read -r offset size; do
        note_bytes "$1" "$offset" "$size"
    done)
    case $notes in
    *" 4 0 0 0 71 111 0 0 "*) ;; # type 4 of "Go\0\0"
    *) return 0 ;;
    esac
    problem="$1 is a Go program, which makes its network calls past the C library, even with cgo"
    return 1
}

note_bytes() {
    # shellcheck disable=SC2046
    set -- $(bytes "$@")
    echo " $* "
}
