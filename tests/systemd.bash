# A system of its own with a real systemd: this one's files under an overlay, so that
# nothing is written to them, booted by systemd-nspawn into a target that starts nothing
# but what the test puts there.

# boot_system: boots $PWD/root, whose /test.sh runs as root in it; returns when that has
# ended. Its output is in root/said, its exit status in root/status.
boot_system() {
    cat >root/etc/systemd/system/test.service <<'END'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c "bash -eux /test.sh >/said 2>&1; echo $? >/status"
ExecStopPost=/bin/systemctl --no-block exit
END
    sed -i 's/\$?/$$?/' root/etc/systemd/system/test.service
    cat >root/etc/systemd/system/test.target <<'END'
[Unit]
Requires=test.service systemd-journald.service
AllowIsolate=yes
END
    rm -f root/status
    # Where the host has the first version of cgroups, systemd gets the second.
    timeout --kill-after=10 600 unshare -m sh -c '
        mount --make-rprivate /
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        exec systemd-nspawn -q -D "$1" --register=no --keep-unit --private-network \
            --bind-ro=/dev/null:/etc/fstab -b systemd.unit=test.target' sh "$PWD/root" </dev/null >console 2>&1 || :
    [ -e root/status ] || fails_with "the system did not run: $(tail -n 30 console)"
    [ "$(cat root/status)" -eq 0 ] || fails_with "$(tail -n 40 root/said)"
}

# make_system: the files, with sockshim installed in /usr/local.
make_system() {
    mkdir -p layers root
    mount -t tmpfs tmpfs layers
    mkdir layers/upper layers/work
    mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/layers/upper,workdir=$PWD/layers/work" root
    rm -rf root/etc/systemd/system root/etc/machine-id root/var/log/journal
    mkdir -p root/etc/systemd/system
    make -s -C "$TOP" BUILD="${SHIM%/*}" DESTDIR="$PWD/root" PREFIX=/usr/local install
}

drop_system() {
    umount -l root layers 2>/dev/null || :
}
