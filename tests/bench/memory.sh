# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# What a program has in memory, with the shim and without, after it used sockets;
# and the object itself.

memory_of() {
    under "$1" "$programs/tiny" memory
}

# differences WAY: in KiB, from native, of Rss, Pss and Anonymous.
differences() {
    echo "$(memory_of native) $(memory_of "$1")" |
        awk '{ print $4 - $1, $5 - $2, $6 - $3 }'
}

object_size() {
    strip -o "$tmp/stripped.so" "$shim"
    sample object "$(wc -c <"$tmp/stripped.so" | awk '{ print $1 / 1024 }')"
    sample loaded "$(size "$shim" | awk 'NR == 2 { print ($1 + $2 + $3) / 1024 }')"
}

# Rss by itself hangs on where the linker happens to put things: the kernel maps
# 64 KiB of a file around each page that is touched. So many rounds.
measure_memory() {
    figure object KiB "the object as a file, stripped"
    figure loaded KiB "the object's text, data and bss"
    object_size
    if [ ! -r /proc/self/smaps_rollup ]; then
        skip "memory of a program" "this kernel has no smaps_rollup"
        return
    fi
    for way in empty log; do
        what="the shim"
        target=at_most=100
        if [ "$way" = empty ]; then
            what="an empty object"
            target=
        fi
        figure "$way/rss" KiB "added by $what: Rss" "$target"
        figure "$way/pss" KiB "  Pss: what is shared counts in part"
        figure "$way/anonymous" KiB "  Anonymous: shared with no other process"
    done
    for round in $(every_round "$(full_or_quick 45 3)"); do
        for way in $(in_order "$round" empty log); do
            found=$(differences "$way")
            for name in rss pss anonymous; do
                sample "$way/$name" "$(first_word $found)"
                found=$(other_words $found)
            done
        done
    done
}
