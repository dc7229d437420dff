# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# The instructions that the shim adds to a call that succeeds: the exact figure.
# tests/instructions.bats holds every call to it.

SHOWN="recv recvfrom recvmsg read readv send sendto sendmsg write writev"
# Make a system call of their own, or two, or look at what came.
SET_UP="socket connect shutdown getsockopt_error dup2 dup3"

# profile WAY COUNT: "CALL INSTRUCTIONS" for COUNT calls of each, sorted.
profile() {
    under "$1" valgrind -q --tool=callgrind --callgrind-out-file="$tmp/callgrind" \
        "$tmp/instructions" "$2" >/dev/null
    callgrind_annotate --inclusive=yes --threshold=100 "$tmp/callgrind" |
        sed -n 's/^ *\([0-9,]*\) .*:count_\([a-z0-9_]*\) \[.*/\2 \1/p' | tr -d , | sort
}

# A hundred calls more: what happens once falls out. For the shim less native.
profile_all() {
    profile native 100 >"$tmp/native.100"
    profile native 200 >"$tmp/native.200"
    profile log 100 >"$tmp/shim.100"
    profile log 200 >"$tmp/shim.200"
    awk '
        FILENAME ~ /native.100/ { added[$1] += $2 }
        FILENAME ~ /native.200/ { added[$1] -= $2 }
        FILENAME ~ /shim.100/ { added[$1] -= $2 }
        FILENAME ~ /shim.200/ { added[$1] += $2 }
        END { for (call in added) print call, added[call] / 100 }
    ' "$tmp/native.100" "$tmp/native.200" "$tmp/shim.100" "$tmp/shim.200" >"$tmp/instructions.added"
}

declare_instructions() {
    for call in $SHOWN; do
        figure "$call" instructions "$call" at_most=16
    done
    figure most instructions "the most of all calls but the next six" at_most=16
    for call in $SET_UP; do
        figure "$call" instructions "$call"
    done
}

measure_instructions() {
    if ! has valgrind; then
        skip valgrind "not installed"
        return
    fi
    if ! make -s -C "$top" "$BUILD/programs/instructions" >"$tmp/error" 2>&1; then
        skip instructions "tests/programs/instructions.c does not build with this C library"
        return
    fi
    peer valgrind "$(valgrind --version | sed 's/valgrind-//')"
    declare_instructions
    # Debugging information need not be in a form that valgrind understands.
    strip --strip-debug -o "$tmp/instructions" "$BUILD/programs/instructions"
    profile_all
    while read -r call added; do
        case " $SHOWN $SET_UP " in
        *" $call "*) sample "$call" "$added" ;;
        esac
    done <"$tmp/instructions.added"
    sample most "$(awk -v set_up=" $SET_UP " '
        !index(set_up, " " $1 " ") && $2 > most { most = $2 }
        END { print most }' "$tmp/instructions.added")"
}
