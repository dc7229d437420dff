#!/usr/bin/env bats
# `sockshim enable` and `disable`: a systemd unit under the shim and back, tried on a
# real systemd, on units as hardened as they come; what cannot work is refused.

bats_require_minimum_version 1.5.0

load helpers
load each_system
load systemd

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    use dash mawk
}

teardown() {
    drop_system
    end_backgrounds
}

# enable WORD...: on the system in files.
enable() {
    PATH=$SYSTEM_PATH sh "$SOCKSHIM_COMMAND" enable --root "$PWD/files" "$@"
}

disable() {
    PATH=$SYSTEM_PATH sh "$SOCKSHIM_COMMAND" disable --root "$PWD/files" "$@"
}

# unit NAME LINE...: a service of it, with these lines.
unit() {
    mkdir -p files/lib/systemd/system files/usr/bin
    [ -e files/usr/bin/cat ] || cp "$(command -v cat)" files/usr/bin/
    printf '%s\n' '[Unit]' '[Service]' 'ExecStart=/usr/bin/cat a b' "${@:2}" >"files/lib/systemd/system/$1.service"
}

@test "a real systemd: plain, hardened and dynamic units log, in a file or the journal, and are as before afterwards" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    make_system
    cat >root/usr/local/bin/refused <<'END'
#!/usr/bin/python3
import os, socket
try:
    socket.create_connection(("127.0.0.1", 1))
except ConnectionRefusedError:
    pass
print("preloaded" if "LD_PRELOAD" in os.environ else "plain", flush=True)
END
    chmod +x root/usr/local/bin/refused
    for name in plain hardened dynamic journal; do
        printf '%s\n' '[Service]' Type=oneshot ExecStart=/usr/local/bin/refused >"root/etc/systemd/system/$name.service"
    done
    printf '%s\n' User=nobody ProtectSystem=strict PrivateTmp=yes ProtectHome=yes MemoryDenyWriteExecute=yes NoNewPrivileges=yes \
        PrivateDevices=yes PrivateUsers=yes 'SystemCallFilter=@system-service' 'RestrictAddressFamilies=AF_INET AF_UNIX' \
        'CapabilityBoundingSet=' NoExecPaths=/ ExecPaths=/usr/bin ExecPaths=/usr/lib ExecPaths=/lib ExecPaths=/lib64 ExecPaths=/usr/local/bin >>root/etc/systemd/system/hardened.service
    printf '%s\n' DynamicUser=yes >>root/etc/systemd/system/dynamic.service
    cat >root/test.sh <<'END'
for name in plain hardened dynamic; do
    sockshim enable $name
    systemctl start $name
    grep -q 'cause=connection-refused' /var/log/sockshim/$name/*.log
done
[ "$(stat -c %U:%a /var/log/sockshim/hardened/)" = nobody:750 ]
sockshim enable --journal --level warn journal
systemctl start journal
journalctl --sync
journalctl -q -u journal | sockshim report --json >/report.json
journalctl -q -u journal -o json >/journal.json
for name in plain hardened dynamic journal; do
    sockshim disable $name
    systemctl start $name
done
journalctl --sync
journalctl -q -o cat -u plain -u hardened -u dynamic -u journal | grep -x 'plain\|preloaded' >/printed
END
    boot_system
    [ "$(sort root/printed | uniq -c | tr -s ' \n' ' ')" = " 4 plain 4 preloaded " ] || fails_with "$(cat root/printed)"
    [ -z "$(ls -d root/etc/systemd/system/*.d 2>/dev/null)" ]
    # With the level as the journal's priority, which is no part of the record.
    jq -se 'map(select(.MESSAGE | tostring | startswith("ts="))) | length == 1 and .[0].PRIORITY == "4"' root/journal.json || fails_with "$(cat root/journal.json)"
    jq -e '.records == 1 and (.hosts | length == 1) and .hosts[0].unit == "refused"' root/report.json || fails_with "$(cat root/report.json)"
}

is_written() {
    rm -rf files
    unit billing
    enable billing 2>said
    [ "$(cat files/etc/systemd/system/billing.service.d/sockshim.conf)" = "# Written by sockshim enable; sockshim disable removes it.
[Service]
Environment=\"LD_PRELOAD=$SHIM\"
Environment=SOCKSHIM_LOG=/var/log/sockshim/%N/%%n.log SOCKSHIM_LEVEL=info
LogsDirectory=sockshim/%N
LogsDirectoryMode=0750" ] || fails_with "$(cat files/etc/systemd/system/billing.service.d/*)"
    [ "$(sed 's/:.*//' said | uniq -c | tr -s ' ')" = " 3 sockshim" ]
    # The same again, and back.
    [ "$(enable --dry-run billing)" = "$(cat files/etc/systemd/system/billing.service.d/sockshim.conf)" ]
    [ "$(disable --dry-run billing)" = "$PWD/files/etc/systemd/system/billing.service.d/sockshim.conf" ]
    [ -e files/etc/systemd/system/billing.service.d ]
    disable billing.service 2>said
    [ ! -e files/etc/systemd/system/billing.service.d ]
    run -1 disable billing
    [[ $output == "sockshim: billing.service is not enabled: "* ]]
}

@test "the drop-in: --dry-run prints it, enable writes it, disable removes it" {
    on_each_system is_written
}

@test "what the unit preloads already stays, and what it may execute is more" {
    unit billing 'Environment=LD_PRELOAD=/usr/lib/other.so A=b' NoExecPaths=/
    run -0 enable --dry-run --journal --level=debug billing
    [ "$output" = "# Written by sockshim enable; sockshim disable removes it.
[Service]
Environment=\"LD_PRELOAD=$SHIM:/usr/lib/other.so\"
Environment=SOCKSHIM_LOG=stderr SOCKSHIM_LEVEL=debug
ExecPaths=${SHIM%/*}" ] || fails_with "$output"
    # An instance of a template, whose drop-ins count as well.
    unit worker@
    mkdir -p files/etc/systemd/system/worker@.service.d
    printf '[Service]\nEnvironment=LD_PRELOAD=/usr/lib/x.so\n' >files/etc/systemd/system/worker@.service.d/x.conf
    run -0 enable --dry-run worker@1
    [[ $output == *"LD_PRELOAD=$SHIM:/usr/lib/x.so\""* ]] || fails_with "$output"
}

# refused MESSAGE WORD...
refused() {
    run -1 enable "${@:2}"
    [[ $output == "sockshim: "$1 ]] || fails_with "$output"
    [ ! -e files/etc/systemd/system/billing.service.d ]
}

@test "what cannot work is refused, with the reason" {
    unit billing
    printf 'int main(void) { return 0; }\n' | gcc -static -x c -o files/usr/bin/static -
    unit billing ExecStart= ExecStart=-/usr/bin/static
    refused "billing.service cannot be enabled: *static*--force*" billing
    run -0 enable --dry-run --force billing
    unit billing RootDirectory=/srv/jail
    refused "billing.service would not see $SHIM because of RootDirectory=/srv/jail: *" billing
    unit billing "InaccessiblePaths=/srv ${SHIM%/*}"
    refused "billing.service would not see $SHIM because of ${SHIM%/*} (InaccessiblePaths=*" billing
    unit billing StandardError=null
    refused "billing.service has StandardError=null,*" --journal billing
    refused "there is no unit nosuch.service here" nosuch
    ln -s /dev/null files/lib/systemd/system/off.service
    refused "off.service is masked" off
    mkdir -p files/etc/systemd/system/own.service.d
    echo '[Service]' >files/etc/systemd/system/own.service.d/sockshim.conf
    run -1 disable own
    [[ $output == *"was not written by sockshim enable: remove it by hand" ]]
}

@test "a wrong call is one line and exit status 2" {
    unit billing
    for words in "" "a b" "billing.socket" "--levle=info billing" "--level loud billing" "/etc/x.service" "--level"; do
        # shellcheck disable=SC2086
        run -2 enable $words
        [ "${#lines[@]}" -eq 1 ] || fails_with "$words: $output"
    done
    [[ $(enable --levle=info billing 2>&1) == *"(did you mean --level?)"* ]]
}
