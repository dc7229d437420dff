# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# A record: what a call that fails takes more than without the shim, in all and
# in its parts, and the system calls that it makes.

KINDS="would-block would-block-send end-unix end reset broken"

label_of_kind() {
    case $1 in
    would-block) echo "would-block, lean" ;;
    would-block-send) echo "would-block of send, TCP" ;;
    end-unix) echo "end of file, unix" ;;
    end) echo "end of file, TCP" ;;
    reset) echo "reset, TCP" ;;
    broken) echo "broken pipe, TCP" ;;
    esac
}

target_of_kind() {
    case $1 in
    would-block) echo "at_most=1300 scale=record" ;;
    end-unix) ;;
    *) echo "at_most=3200 scale=record" ;;
    esac
}

declare_kind() {
    label=$(label_of_kind "$1")
    figure "$1/logfmt" ns "$label" "$(target_of_kind "$1")"
    figure "$1/json" ns "$label, as JSON"
    figure "$1/questions" ns "  of it: questions to the kernel"
    figure "$1/formatting" ns "  of it: cause and line"
    figure "$1/write" ns "  of it: write to the log"
    figure "$1/calls" calls "  system calls"
}

# added FIGURE KIND [SETTING]: what the shim adds to it.
added() {
    settings=${3:-}
    found=$(under log "$programs/inside" "$2" "$batches")
    settings=
    sample "$1" "$(first_word $(other_words $found))"
}

parts() {
    found=$($pin env SOCKSHIM_LOG="$log" SOCKSHIM_LOG_LIMIT=0 "$programs/parts" "$1" "$batches")
    for part in questions formatting write; do
        sample "$1/$part" "$(first_word $found)"
        found=$(other_words $found)
    done
}

# count KIND libc|shim COUNT
count() {
    under log "$programs/counter" "$programs/inside" "$1" calls "$2" "$3"
}

# system_calls FIGURE KIND [SETTING]: those of one record. A hundred more, so that
# what happens once falls out, less libc's own.
system_calls() {
    if ! count "$2" libc 1 >"$tmp/libc.1"; then
        skip "$1" "no ptrace: $(cat "$tmp/error")"
        return
    fi
    settings=${3:-}
    count "$2" libc 100 >"$tmp/libc.100"
    count "$2" libc 200 >"$tmp/libc.200"
    count "$2" shim 100 >"$tmp/shim.100"
    count "$2" shim 200 >"$tmp/shim.200"
    settings=
    found=$(awk '
        !($1 in calls) { name[++names] = $1 }
        FILENAME ~ /libc.100|shim.200/ { calls[$1] += $2 }
        FILENAME ~ /libc.200|shim.100/ { calls[$1] -= $2 }
        END {
            for (i = 1; i <= names; i++) {
                count = int(calls[name[i]] / 100 + 0.5)
                if (count > 0) {
                    sum += count
                    list = list " " name[i] (count > 1 ? " x" count : "")
                }
            }
            print sum + 0 list
        }' "$tmp/libc.100" "$tmp/libc.200" "$tmp/shim.100" "$tmp/shim.200")
    sample "$1" "$(first_word $found)"
    note "$1" "$(other_words $found)"
}

SKIPS="level:SOCKSHIM_LEVEL=info cause:SOCKSHIM_SKIP=would-block errno:SOCKSHIM_SKIP=EAGAIN
    call:SOCKSHIM_SKIP=recv off:SOCKSHIM_LOG=off"

declare_skips() {
    figure skip-least ns "not logged by the least wrapper"
    for way in $SKIPS; do
        figure "skip-${way%%:*}" ns "not logged: ${way#*:}" at_most=5
        figure "skip-${way%%:*}/calls" calls "  system calls" at_most=0
    done
}

measure_failure() {
    batches=$(full_or_quick 150 20)
    for kind in $KINDS; do
        declare_kind "$kind"
    done
    declare_skips
    for round in $(every_round); do
        sample_floor
        for kind in $(in_order "$round" $KINDS); do
            added "$kind/logfmt" "$kind" SOCKSHIM_FORMAT=logfmt
            added "$kind/json" "$kind" SOCKSHIM_FORMAT=json
            parts "$kind"
        done
        found=$(under least "$programs/inside" would-block "$batches")
        sample skip-least "$(first_word $(other_words $found))"
        for way in $SKIPS; do
            added "skip-${way%%:*}" would-block "${way#*:}"
        done
        new_log
    done
    for kind in $KINDS; do
        system_calls "$kind/calls" "$kind"
    done
    for way in $SKIPS; do
        system_calls "skip-${way%%:*}/calls" would-block "${way#*:}"
    done
}
