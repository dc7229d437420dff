# What report --json is to say, from the log's records (logfmt.py's), by other means:
# jq -s --argjson bucket MS -f report.jq.

def rank: {debug: 1, info: 2, warn: 3, error: 4}[.];
def counts(f): group_by(f) | map({key: (.[0] | f | tostring), value: length}) | from_entries;
def milliseconds: (.[:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber);
def timestamp: (. / 1000 | floor | todate)[:19] + "." + (1000 + . % 1000 | tostring)[1:] + "Z";
def limit_of($limits): . as $n | [$limits[] | select(. <= $n)] | last;
def port: capture(":(?<port>[0-9]+)$").port | tonumber;
def is_address: test("^(local )?([0-9.]+|\\[[^ ]*\\]):[0-9]+$");
def without_port: sub(":[0-9]+$"; "");

# Whom a record is about: a client without its port.
def whom:
    if .peer == null then
        if .peer_pid then "process \(.peer_pid)" elif .local then "local \(.local)" else empty end
    elif (.peer | is_address) and .local and (.local | port) < 32768 and (.peer | port) > (.local | port) then
        .peer | without_port
    else
        .peer
    end;

# An address with more than eight ports is told without.
def merged:
    (map(select(is_address)) | unique | map(without_port) | counts(.)) as $ports
    | map(if is_address and $ports[without_port] > 8 then without_port + ":*" else . end);

map(select(.event == "return")) as $returns
| map(select(.event == "start")) as $starts
| ($returns | map(select(.cause == "peer-reset" and .rx != null))) as $resets
| {
    records: ($returns | length),
    first: ($returns | map(.ts) | min),
    last: ($returns | map(.ts) | max),
    levels: ($returns | counts(.level)),
    events: (map(select(.event != "return")) | counts(.event)),
    causes: ($returns | group_by(.cause) | map({
        cause: .[0].cause,
        level: max_by(.level | rank).level,
        records: length,
        first: (map(.ts) | min),
        last: (map(.ts) | max),
        peers: (map(whom) | merged | counts(.))
    }) | sort_by(-(.level | rank), -.records, .cause)),
    programs: ($returns | group_by(.prog) | map({
        prog: .[0].prog,
        records: length,
        starts: (.[0].prog as $prog | $starts | map(select(.prog == $prog)) | length),
        processes: counts(.pid)
    }) | sort_by(-.records, .prog)),
    resets: ($resets
        | map({idle_ms: (.idle_ms | limit_of([0, 100, 1000, 10000, 60000, 300000, 900000])),
               rx: (.rx | limit_of([0, 1, 1024, 65536, 1048576]))})
        | group_by(.) | map(.[0] + {records: length})),
    idle_seconds: ($resets | map(select(.idle_ms >= 1000) | .idle_ms / 1000 + 0.5 | floor) | counts(.)),
    buckets: ($returns
        | group_by(.ts | milliseconds / $bucket | floor)
        | map({from: (.[0].ts | milliseconds / $bucket | floor * $bucket | timestamp), records: counts(.cause)}))
}
