#!/usr/bin/env bats
# `make deb`: a package that lintian finds nothing wrong with, and that installs, works,
# upgrades and purges in a bare Debian.

bats_require_minimum_version 1.5.0

load helpers
load bare_debian

# The time of the sources, which may be changed while this runs.
export SOURCE_DATE_EPOCH=1795000000

setup_file() {
    # A folder of its own: other tests use the one that is there.
    make -s -C "$TOP" BUILD="$BATS_FILE_TMPDIR/build" CC="${CC-cc}" deb >"$BATS_FILE_TMPDIR/said" 2>&1 || fails_with "$(cat "$BATS_FILE_TMPDIR/said")"
    bare_debian "$BATS_FILE_TMPDIR/bare"
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return 1
    DEB=$(echo build/*.deb)
}

inside() {
    chroot bare env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

# What is there, but for what dpkg and man-db write of their own.
files() {
    (cd bare && find . -path ./proc -prune -o -path ./var/lib/dpkg -prune -o -path ./var/cache -prune -o -path ./var/log -prune -o -print | LC_ALL=C sort)
}

@test "lintian finds nothing" {
    run -0 lintian --allow-root --fail-on error,warning "$DEB"
    [ -z "$output" ] || fails_with "$output"
}

@test "the same source makes the same package" {
    local first
    first=$(md5sum <"$DEB")
    make -s -C "$TOP" BUILD="$PWD/build" deb
    [ "$(md5sum <"$DEB")" = "$first" ]
}

@test "in a bare Debian it installs, works, upgrades and purges" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    local before
    cp "$DEB" bare/tmp/one.deb
    dpkg-deb -R "$DEB" newer
    sed -i 's/^Version: .*/Version: 99/' newer/DEBIAN/control
    dpkg-deb --root-owner-group --build newer bare/tmp/two.deb
    before=$(files)
    inside dpkg -i /tmp/one.deb
    [ "$(inside sockshim --version)" = "sockshim $(tables version)" ]
    # bash has sockets of its own, so nothing else is needed to see a refusal.
    inside bash -c 'cd /tmp && ! sockshim --level info -- bash -c "exec 3<>/dev/tcp/127.0.0.1/1"' 2>said
    grep -q 'connection-refused 1' said || fails_with "$(cat said)"
    inside sockshim report --json /tmp/sockshim.log >report.json
    jq -e '.records == 1' report.json
    rm bare/tmp/sockshim.log
    inside dpkg -i /tmp/two.deb
    [ "$(inside dpkg-query -W -f '${Version} ${Status}' sockshim)" = "99 install ok installed" ]
    [ -z "$(inside dpkg --verify sockshim)" ]
    inside sockshim explain timeout >/dev/null
    inside dpkg --purge sockshim
    [ "$(files)" = "$before" ] || fails_with "$(diff <(echo "$before") <(files))"
}
