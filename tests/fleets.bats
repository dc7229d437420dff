#!/usr/bin/env bats
# The recipes for many machines (scripts/recipes), each run with the real program: what
# arrives where it is collected is what was logged, and `sockshim report` tells the hosts
# apart.

bats_require_minimum_version 1.5.0

load helpers
load systemd

RECIPES=$TOP/scripts/recipes

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir logs home
    export HOME=$PWD/home
    PATH=$PATH:/usr/sbin
}

teardown() {
    local namespace
    end_backgrounds
    for namespace in $NAMESPACES; do
        ip netns del "$namespace" 2>/dev/null || :
    done
    drop_system
}

# log NAME [FORMAT]: three records of a real program: info, warn and info.
log() {
    LD_PRELOAD=$SHIM SOCKSHIM_LOG=$PWD/logs/$1 SOCKSHIM_FORMAT=${2-logfmt} "$PROGRAMS/core" refused eof >/dev/null
}

# recipe FILE SED-SCRIPT...: with this test's places in it.
recipe() {
    sed "${@:2}" "$RECIPES/$1"
}

has_lines() {
    [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# ---- Prometheus ----

metric() {
    curl -sfG "http://127.0.0.1:$1/api/v1/query" --data-urlencode "query=$2" 2>/dev/null | jq -r '.data.result[0].value[1] // empty'
}

is_scraped() {
    [ -n "$(metric "$1" "$2")" ]
}

fires() {
    curl -sf "http://127.0.0.1:$1/api/v1/alerts" | jq -e '.data.alerts[] | select(.state == "firing" and .labels.alertname == "SocketCallsFail" and .labels.cause == "connection-refused" and .labels.program == "core")' >/dev/null
}

@test "report --prometheus: the counts of the log, by program, cause and level, in Prometheus's format" {
    log a.log
    printf '%s\n' 'ts=2026-11-22T11:03:22.123456Z level=warn event=return pid=1 tid=1 prog="a \"b\" \\ c" call=recv fd=7 ret=-1 errno=104 error=ECONNRESET peer=10.0.0.9:80 cause=peer-reset why="So."' >>logs/a.log
    "$SOCKSHIM_COMMAND" report --prometheus logs/a.log >metrics
    promtool check metrics <metrics
    grep -qxF 'sockshim_records_total{program="core",cause="connection-refused",level="warn"} 1' metrics || fails_with "$(cat metrics)"
    grep -qxF 'sockshim_records_total{program="core",cause="peer-closed",level="info"} 1' metrics
    grep -qxF 'sockshim_records_total{program="a \"b\" \\ c",cause="peer-reset",level="warn"} 1' metrics
    grep -qxF 'sockshim_records_lost_total 0' metrics
    refute grep -q ':[0-9]' metrics
}

refute() {
    ! "$@" || fails_with "this is true: $*"
}

@test "Prometheus: the rules are right, and the alert fires, from the log through node_exporter" {
    cp "$RECIPES"/*.yml .
    run -0 promtool test rules sockshim.rules.test.yml
    mkdir collected bin
    ln -s "$SOCKSHIM_COMMAND" bin/sockshim
    log a.log
    PATH=$PWD/bin:$PATH "$RECIPES/sockshim-textfile" logs collected
    [ "$(ls collected)" = sockshim.prom ]
    local exporter server
    exporter=$(free_port)
    background prometheus-node-exporter --collector.disable-defaults --collector.textfile \
        --collector.textfile.directory="$PWD/collected" --web.listen-address="127.0.0.1:$exporter" >exporter.out 2>&1
    cat >prometheus.yml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [sockshim.rules.yml]
scrape_configs: [{job_name: node, static_configs: [{targets: ['127.0.0.1:$exporter']}]}]
END
    wait_for_port "$exporter"
    server=$(free_port)
    background prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$server" >prometheus.out 2>&1
    wait_until is_scraped "$server" 'sockshim_records_total{cause="connection-refused"}'
    refute fires "$server"
    log a.log
    PATH=$PWD/bin:$PATH "$RECIPES/sockshim-textfile" logs collected
    wait_until fires "$server"
    [ "$(metric "$server" 'sockshim_records_total{cause="connection-refused"}')" = 2 ]
}

# ---- syslog ----

# network: two hosts and a central one, each in a network namespace of its own.
network() {
    local i
    CENTRAL=fl-c-$$
    NAMESPACES="$CENTRAL fl-1-$$ fl-2-$$"
    ip netns add "$CENTRAL"
    ip -n "$CENTRAL" link add name bridge0 type bridge
    ip -n "$CENTRAL" address add 10.99.0.9/24 dev bridge0
    ip -n "$CENTRAL" link set bridge0 up
    for i in 1 2; do
        ip netns add "fl-$i-$$"
        ip -n "$CENTRAL" link add "v$i" type veth peer name eth0 netns "fl-$i-$$"
        ip -n "$CENTRAL" link set "v$i" master bridge0 up
        ip -n "fl-$i-$$" address add "10.99.0.$i/24" dev eth0
        ip -n "fl-$i-$$" link set eth0 up
    done
}

listens_in() {
    ip netns exec "$1" ss -Hltn 'sport = :10514' | grep -q .
}

# host NUMBER: its rsyslog, which forwards logs/NUMBER.
host() {
    mkdir -p "work$1"
    { echo "global(workDirectory=\"$PWD/work$1\" localHostname=\"web$1\")" && recipe rsyslog-host.conf "s#/var/log/sockshim/\*/\*.log#$PWD/logs/$1.log#; s#central.example#10.99.0.9#"; } >"host$1.conf"
    background ip netns exec "fl-$1-$$" rsyslogd -n -iNONE -f "$PWD/host$1.conf" >"host$1.out" 2>&1
}

# hosts_are_told LOG: the central log has all records of both hosts.
hosts_are_told() {
    "$SOCKSHIM_COMMAND" report --json "$1" >report.json
    [ "$(jq -c '[.records, .other_lines, (.hosts | map([.host, .records]) | sort)]' report.json)" = '[4,0,[["web1",2],["web2",2]]]' ] || fails_with "$(cat report.json "$1")"
}

@test "rsyslog: two hosts forward their logs to a central one, which takes JSON apart" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    network
    { echo "global(workDirectory=\"$PWD\")" && recipe rsyslog-central.conf "s#/var/log/#$PWD/#"; } >central.conf
    background ip netns exec "$CENTRAL" rsyslogd -n -iNONE -f "$PWD/central.conf" >central.out 2>&1
    wait_until listens_in "$CENTRAL"
    log 1.log
    log 2.log json
    host 1
    host 2
    wait_until has_lines sockshim-central.log 6
    hosts_are_told sockshim-central.log
    # The warning of the host that logs JSON.
    wait_until has_lines sockshim-warnings.json 1
    jq -se 'length == 1 and .[0].host == "web2" and .[0].cause == "connection-refused" and .[0].errno == 111' sockshim-warnings.json || fails_with "$(cat sockshim-warnings.json)"
}

# Debian's package cannot be installed beside rsyslog's.
@test "syslog-ng: the central log, and the warnings' fields by kv-parser" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    local package modules
    mkdir packages
    (cd packages && apt-get -o APT::Sandbox::User=root -o Acquire::Retries=3 download -qq syslog-ng-core libivykis0 libnet1) || fails_with "no packages"
    for package in packages/*.deb; do
        dpkg -x "$package" unpacked
    done
    modules=$(echo "$PWD"/unpacked/usr/lib/syslog-ng/3.* "$PWD"/unpacked/usr/lib/syslog-ng/4.*)
    modules=${modules%% *}
    network
    recipe syslog-ng-central.conf "s#/var/log/#$PWD/#; /scl.conf/d" >central.conf
    background ip netns exec "$CENTRAL" env LD_LIBRARY_PATH="$(echo "$PWD"/unpacked/usr/lib/*-linux-gnu):${modules%/*}" \
        unpacked/usr/sbin/syslog-ng -F --no-caps --module-path="$modules" -f central.conf -R "$PWD/persist" -c "$PWD/control" -p "$PWD/pid" >central.out 2>&1
    wait_until listens_in "$CENTRAL"
    log 1.log
    log 2.log
    host 1
    host 2
    wait_until has_lines sockshim-central.log 6
    hosts_are_told sockshim-central.log
    wait_until has_lines sockshim-warnings.tsv 2
    [ "$(cut -f 2-5 sockshim-warnings.tsv | sort)" = "web1	core	connection-refused	127.0.0.1:1
web2	core	connection-refused	127.0.0.1:1" ] || fails_with "$(cat sockshim-warnings.tsv)"
}

# ---- The journal ----

@test "journald: records of a unit, collected by systemd-journal-remote" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    make_system
    cp "$PROGRAMS/core" root/usr/local/bin/
    printf '%s\n' '[Service]' Type=oneshot 'ExecStart=/usr/local/bin/core refused eof' >root/etc/systemd/system/billing.service
    cat >root/test.sh <<'END'
sockshim enable --journal billing
systemctl start billing
journalctl --sync
/usr/lib/systemd/systemd-journal-remote -o /remote.journal --getter='journalctl -q -u billing -o export'
journalctl -q --file /remote.journal -p warning -o cat >/warnings
journalctl -q --file /remote.journal | sockshim report --json >/report.json
END
    boot_system
    jq -e '.records == 2 and (.hosts | length == 1) and .hosts[0].unit == "core"' root/report.json || fails_with "$(cat root/report.json)"
    [[ $(cat root/warnings) == ts=*"cause=connection-refused"* && $(wc -l <root/warnings) -eq 1 ]] || fails_with "$(cat root/warnings)"
}

# Journal entries with the records of $1, in the journal's export format.
as_entries() {
    awk 'BEGIN { us = 1795793000000000 } {
        us += 1000000
        printf "__CURSOR=s=1;i=%d\n__REALTIME_TIMESTAMP=%.0f\n__MONOTONIC_TIMESTAMP=%d\n", NR, us, NR * 1000000
        print "_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=web1\nPRIORITY=4\nSYSLOG_IDENTIFIER=billing\n_PID=7"
        print "_SYSTEMD_UNIT=billing.service\n_TRANSPORT=stdout\nMESSAGE=" $0 "\n"
    }' "$1"
}

@test "each output format of journalctl is read, and those that name the host keep it" {
    local form expected
    log a.log
    log b.log json
    as_entries <(cat logs/a.log logs/b.log) >entries
    /usr/lib/systemd/systemd-journal-remote -o a.journal entries >/dev/null 2>&1
    for form in short short-full short-iso short-iso-precise short-precise short-monotonic short-delta short-unix \
        verbose export json json-pretty json-sse json-seq cat with-unit; do
        case $form in
        verbose | export | json-pretty | cat) expected='[4,[]]' ;;
        with-unit) expected='[4,["web1 billing.service"]]' ;;
        *) expected='[4,["web1 billing"]]' ;;
        esac
        journalctl -q --file a.journal -o "$form" >printed
        [ "$("$SOCKSHIM_COMMAND" report --json printed | jq -c '[.records, [.hosts[] | .host + " " + .unit]]')" = "$expected" ] ||
            fails_with "$form: $("$SOCKSHIM_COMMAND" report --json printed | jq -c '[.records, .hosts, .first_other_lines]')"
    done
}

# ---- mtail and lnav ----

@test "mtail counts what the log says" {
    log a.log
    run -0 mtail --progs "$RECIPES/sockshim.mtail" --logs "$PWD/logs/a.log" --one_shot --one_shot_format=prometheus --log_dir "$PWD"
    [[ $output == *'sockshim_records_total{cause="connection-refused",level="warn",prog="sockshim.mtail",program="core"} 1'* ]] || fails_with "$output"
    [[ $output == *'sockshim_records_total{cause="peer-closed",level="info",prog="sockshim.mtail",program="core"} 1'* ]] || fails_with "$output"
}

@test "lnav reads logfmt by itself, and JSON with the format" {
    log a.log
    log b.log json
    lnav -i "$RECIPES/sockshim.lnav.json" >/dev/null
    run -0 lnav -n -c ";SELECT prog, cause, peer, log_level FROM sockshim WHERE event = 'return' ORDER BY log_line LIMIT 1" -c ':write-json-to -' logs/b.log
    jq -e '.[0] == {prog: "core", cause: "connection-refused", peer: "127.0.0.1:1", log_level: "warning"}' <<<"$output" || fails_with "$output"
    run -0 lnav -n -c ";SELECT count(*) AS n FROM logfmt_log WHERE json_extract(fields, '$.cause') = 'connection-refused'" -c ':write-json-to -' logs/a.log
    jq -e '.[0].n == 1' <<<"$output" || fails_with "$output"
}

# ---- OpenTelemetry ----

# The keys in the manual, and those of real records of every event.
keys() {
    awk '/^\.Sh LOG/ { inside = 1 } /^\.Ss Reading/ { inside = 0 } inside && /^\.It Li / { for (i = 3; i <= NF; i++) print $i }' "$TOP/scripts/man/libsockshim.7"
    LD_PRELOAD=$SHIM SOCKSHIM_LOG=$PWD/logs/all SOCKSHIM_FORMAT=json SOCKSHIM_RECORDER=$PWD/ring SOCKSHIM_RECORDER_CALLS=all \
        SOCKSHIM_CONNECT_RETRY=1s "$PROGRAMS/core" refused reset rubbish eof nodelay many >/dev/null 2>&1 || :
    LD_PRELOAD=$SHIM SOCKSHIM_LOG=$PWD/logs/names SOCKSHIM_FORMAT=json getent ahosts nosuch.invalid || :
    "$SOCKSHIM_COMMAND" recorder --json ring 2>/dev/null | jq -r 'keys[]'
    jq -r 'keys[]' logs/all logs/names
    printf '%s\n' lost setting would given cgroup
}

@test "the page of OpenTelemetry's names has every key, once, and no other" {
    keys | LC_ALL=C sort -u >expected
    grep -qx duration_us expected && grep -qx peer_addr expected && grep -qx handled <(jq -r .event logs/all)
    sed -n '/^## OpenTelemetry/,$s/^| `\([a-z_]*\)` | .*/\1/p' "$RECIPES/README.md" | LC_ALL=C sort >page
    diff expected page || fails_with "missing (<), or no key (>)"
}
