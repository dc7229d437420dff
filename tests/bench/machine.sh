# shellcheck shell=sh disable=SC2086 # words that are meant to split
# The machine that scripts/bench runs on, and what it takes itself.

governor() {
    cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2>/dev/null || echo unknown
}

cpu_model() {
    awk -F ': *' '/^(model name|Model|Hardware)/ { print $2; exit }' /proc/cpuinfo
}

libc_version() {
    getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | sed -n '1,2p' | tr '\n' ' '
}

file_system() {
    awk -v path="$tmp" '
        index(path "/", $2 == "/" ? "/" : $2 "/") == 1 && length($2) >= longest {
            longest = length($2)
            type = $3
        }
        END { print type }' /proc/mounts
}

describe_machine() {
    load=$(cut -d ' ' -f 1 /proc/loadavg)
    count=$(getconf _NPROCESSORS_ONLN)
    fact date "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    fact quick "$quick"
    model=$(cpu_model)
    fact cpu "${model:-unknown}"
    fact cpus "$count"
    fact kernel "$(uname -srm)"
    fact libc "$(libc_version)"
    fact compiler "$(${CC:-cc} --version | head -n 1)"
    fact governor "$(governor)"
    fact logs_on "$(file_system)"
    fact load "$load"
    fact busy "$(awk -v busy="$load" -v cpus="$count" 'BEGIN { print (busy > cpus / 4 ? "true" : "false") }')"
}

# What the machine itself takes: the targets are for another one.
measure_floor() {
    section=floor
    figure call ns "a system call (getppid)"
    figure clock ns "clock_gettime"
    figure append ns "an append of 250 bytes"
    figure fstat ns "fstat"
    figure getsockopt ns "getsockopt"
    for round in $(every_round); do
        sample_floor
    done
}

# Taken more often where a target hangs on it, for a machine has its moods.
sample_floor() {
    found=$($pin "$programs/floor" "$tmp")
    for name in call clock append fstat getsockopt; do
        printf 'S\tfloor/%s\t%s\n' "$name" "$(first_word $found)" >>"$raw"
        found=$(other_words $found)
    done
}
