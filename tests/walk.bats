#!/usr/bin/env bats
# A newcomer's walk: on a Debian that has nothing but its minimal base and a shell, the
# commands that README shows under "Try it" are typed in their order, and nothing else.
# The first shell finds no compiler and no make; quickstart installs them.

bats_require_minimum_version 1.5.0

load helpers
load bare_debian

setup_file() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    bare_debian "$BATS_FILE_TMPDIR/bare"
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return 1
    rm -rf bare/root/sockshim
    mkdir -p bare/root/sockshim
    cp -r "$TOP/README.md" "$TOP/Makefile" "$TOP/scripts" "$TOP/shim" bare/root/sockshim/
}

# What README tells to type, one command a line.
walk() {
    sed -n '/^<!-- walk:/,/^<!-- \/walk/s/^    //p' "$TOP/README.md"
}

# walks SHELL: /proc is the walk's own. Standard input is not the commands, as it is not
# where somebody types them.
walks() {
    # shellcheck disable=SC2016
    run -0 unshare --mount --propagation private sh -c 'mount -t proc proc bare/proc &&
        exec chroot bare env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$1" -c "cd /root/sockshim
$2" </dev/null' sh "$1" "$(walk)"
}

# shows TEXT...: in this order.
shows() {
    local rest=$output text
    for text; do
        [[ $rest == *"$text"* ]] || fails_with "not shown: $text"$'\n'"$output"
        rest=${rest#*"$text"}
    done
}

arrives() {
    shows '== Next' 'connect: Connection refused' 'sockshim: 1 record: connection-refused 1' \
        '1 record in ' '127.0.0.1:1 refuses ' 'connection-refused' \
        'On the wire:' 'bash: yes, ' "What this host contributes" "sockshim $(tables version)"
}

@test "README has commands to type, and they are the ones that are meant" {
    [ "$(walk | wc -l)" -ge 6 ]
    walk | grep -q '^scripts/quickstart '
    walk | grep -q '^make install '
}

@test "dash, on a system without a compiler" {
    [ ! -e bare/usr/bin/make ]
    walks dash
    shows 'Installing: gcc libc6-dev make ' 'unpacked 10 of '
    arrives
}

@test "bash" {
    walks bash
    arrives
}

@test "fish" {
    walks fish
    arrives
}
