# A Debian with nothing but its minimal base and fish, for tests that want one to
# themselves. Making it takes one to three minutes, so it is kept in the build folder
# for a day, and files of tests that run at the same time wait for one of them to make it.

# Once more where a mirror did not answer: debootstrap itself gives up at once.
make_bare_debian() {
    rm -rf "$BATS_FILE_TMPDIR/made"
    debootstrap --variant=minbase --include=fish "$(. /etc/os-release && echo "$VERSION_CODENAME")" \
        "$BATS_FILE_TMPDIR/made" >"$BATS_FILE_TMPDIR/debootstrap" 2>&1
}

# bare_debian FOLDER: there it is.
bare_debian() {
    local kept=${SHIM%/*}/bare-debian.tar
    (
        flock 9
        if [ -z "$(find "$kept" -mmin -1440 2>/dev/null)" ]; then
            make_bare_debian || make_bare_debian || fails_with "$(tail -n 20 "$BATS_FILE_TMPDIR/debootstrap")"
            tar --one-file-system -C "$BATS_FILE_TMPDIR/made" -cf "$kept.new" .
            mv "$kept.new" "$kept"
            rm -rf "$BATS_FILE_TMPDIR/made"
        fi
    ) 9>"$kept.lock"
    mkdir -p "$1"
    tar -C "$1" -xf "$kept"
}
