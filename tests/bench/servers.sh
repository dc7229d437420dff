# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# Real servers under load, the shim in the server: native, with what matters
# logged, with everything logged, with all calls recorded. The four run at once, on one CPU; they are put
# to work one after the other, from another CPU: requests of a small file over 16
# connections, GET over 16, prepared SELECTs over 4. Their own CPU a request tells something on a busy
# machine, too, where requests a second do not.

WAYS="native info debug calls"

measure_servers() {
    turns=$(full_or_quick 13 1)
    for server in nginx redis postgres; do
        folder=$tmp/$server
        mkdir -m 755 "$folder"
        if "find_$server"; then
            measure_server
        fi
    done
}

label_of_way() {
    case $1 in
    native) echo native ;;
    info) echo "shim, level info" ;;
    debug) echo "shim, all logged" ;;
    calls) echo "shim, all calls recorded" ;;
    esac
}

targets() {
    case $1 in
    native) ;;
    info) echo "base=$2 $3=$4" ;;
    debug) echo "base=$2 $3=$5" ;;
    calls) echo "base=$2 $3=$6" ;;
    esac
}

# declare_server CLIENT
declare_server() {
    for way in $WAYS; do
        figure "$server/$way/throughput" "/s" "$server, $1: $(label_of_way "$way")" \
            "$(targets "$way" "$server/native/throughput" ratio_at_least 0.99 0.95 0.98)"
    done
    for way in $WAYS; do
        figure "$server/$way/cpu" us "$server, $1, its CPU a request: $(label_of_way "$way")" \
            "$(targets "$way" "$server/native/cpu" ratio_at_most 1.01 1.05 1.02)"
    done
    for way in $WAYS; do
        figure "$server/$way/p99" ms "$server, $1, p99: $(label_of_way "$way")" \
            "$(targets "$way" "$server/native/p99" ratio_at_most 1.01 1.05 1.02)"
    done
}

# The words that go in front of a server.
prefix_of() {
    case $1 in
    native) echo "$pin env" ;;
    calls) echo "$pin env LD_PRELOAD=$shim SOCKSHIM_LOG=off SOCKSHIM_RECORDER=$folder/%n-%p.ring SOCKSHIM_RECORDER_CALLS=all" ;;
    *) echo "$pin env LD_PRELOAD=$shim SOCKSHIM_LOG=$folder/$1.log SOCKSHIM_LOG_LIMIT=0 SOCKSHIM_LEVEL=$1" ;;
    esac
}

# serve WAY COMMAND...: in the background, to be stopped at the latest when the
# bench ends. What it says is in $output.
serve() {
    output=$folder/$1.output
    : >"$output"
    shift
    "$@" >"$output" 2>&1 &
    serving=$!
    servers="$servers $serving"
}

# cpu_of PID: nanoseconds that it and its children have had; of children that have ended the
# kernel tells hundredths of a second.
cpu_of() {
    # shellcheck disable=SC2013 # numbers
    for each in "$1" $(cat "/proc/$1/task/$1/children"); do
        cat "/proc/$each/task"/*/schedstat 2>/dev/null || : # it may have ended
    done | awk '
        { sum += $1 }
        END {
            getline line < "/proc/'"$1"'/stat"
            sub(/.*\) /, "", line) # the name, which may have blanks
            split(line, field, " ")
            printf "%.0f\n", sum + (field[14] + field[15]) * 1e7
        }'
}

# load_SERVER PORT prints requests a second, the 99th percentile of their time in
# milliseconds, and how many there were.
measure_server() {
    ports=
    records=0
    requests=0
    for way in $WAYS; do
        port=$("$programs/port" free)
        "start_$server" "$way" "$port"
        ports="$ports $way=$port=$serving"
    done
    for round in $(every_round "$turns"); do
        for each in $(in_order "$round" $ports); do
            take_turn $(echo "$each" | tr '=' ' ')
        done
    done
    note "$server/debug/throughput" \
        "$(awk -v n="$records" -v of="$requests" 'BEGIN { printf "%.2f records a request", n / of }')"
    stop_servers
}

# take_turn WAY PORT PID
take_turn() {
    before=$(cpu_of "$3")
    found=$("load_$server" "$2") || give_up "$server: no figures from its client: $(tail -n 5 "$folder/client")"
    sample "$server/$1/throughput" "$(first_word $found)"
    found=$(other_words $found)
    sample "$server/$1/p99" "$(first_word $found)"
    sample "$server/$1/cpu" "$(awk -v before="$before" -v after="$(cpu_of "$3")" -v n="$(other_words $found)" \
        'BEGIN { printf "%.3f", (after - before) / n / 1000 }')"
    if [ "$1" = debug ]; then
        requests=$((requests + $(first_word $(other_words $found))))
        records=$((records + $(wc -l <"$folder/debug.log")))
        : >"$folder/debug.log"
    fi
}

does_not_start() {
    give_up "$server does not start: $(tail -n 3 "$output")"
}

# loads_shim PROGRAM WORD...: not one for another C library, or setuid.
loads_shim() {
    env LD_PRELOAD="$shim" SOCKSHIM_LOG=off "$@" >"$tmp/error" 2>&1 &&
        ! grep -q "$shim" "$tmp/error"
}

# ---- nginx, with wrk or ApacheBench ----

find_nginx() {
    if ! has nginx; then
        skip nginx "not installed"
        return 1
    fi
    if ! loads_shim nginx -v; then
        skip nginx "it cannot load this object"
        return 1
    fi
    if has wrk; then
        client=wrk
        peer wrk "$(wrk -v 2>&1 | sed -n '1s/wrk \([^ ]*\).*/\1/p')"
    elif has ab; then
        client=ab
        peer ab "$(ab -V | sed -n '1s/.*Version \([^ ]*\).*/\1/p')"
    else
        skip nginx "neither wrk nor ab is installed"
        return 1
    fi
    peer nginx "$(nginx -v 2>&1 | sed 's,.*nginx/,,')"
    declare_server "$client"
    echo "hello, world" >"$folder/hello"
}

start_nginx() {
    mkdir "$folder/$1"
    cat >"$folder/$1/nginx.conf" <<END_OF_CONFIGURATION
daemon off;
worker_processes 1;
pid $folder/$1/pid;
error_log $folder/$1/error;
events { worker_connections 256; }
http {
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path $folder/$1/body;
    proxy_temp_path $folder/$1/proxy;
    fastcgi_temp_path $folder/$1/fastcgi;
    uwsgi_temp_path $folder/$1/uwsgi;
    scgi_temp_path $folder/$1/scgi;
    server { listen 127.0.0.1:$2; root $folder; }
}
END_OF_CONFIGURATION
    if [ "$(id -u)" -eq 0 ]; then # else the worker would be another user, without a log
        echo "user root;" >>"$folder/$1/nginx.conf"
    fi
    serve "$1" $(prefix_of "$1") nginx -e "$folder/$1/error" -p "$folder/$1" \
        -c "$folder/$1/nginx.conf"
    "$programs/port" wait "$2" || does_not_start
}

load_nginx() {
    if [ "$client" = wrk ]; then
        $pin_client wrk -t 1 -c 16 -d 1s --latency "http://127.0.0.1:$1/hello" >"$folder/client" 2>&1
        awk '
            function milliseconds(time) {
                return time ~ /us$/ ? time / 1000 : time ~ /ms$/ ? time + 0 : time * 1000
            }
            $1 == "99%" { p99 = milliseconds($2) }
            $1 == "Requests/sec:" { rate = $2 }
            $2 == "requests" { count = $1 }
            END { print rate, p99, count; exit !(rate && p99) }' "$folder/client"
    else
        # Its percentiles are whole milliseconds but in the CSV file.
        $pin_client ab -q -k -c 16 -n "$(full_or_quick 15000 500)" -e "$folder/percentiles" \
            "http://127.0.0.1:$1/hello" >"$folder/client" 2>&1
        awk '
            $1 == "Requests" && $2 == "per" { rate = $4 }
            $1 == "Complete" { count = $3 }
            /^99,/ { p99 = substr($1, 4) }
            END { print rate, p99, count; exit !(rate && p99) }' "$folder/client" "$folder/percentiles"
    fi
}

# ---- redis, with redis-benchmark ----

find_redis() {
    if ! has redis-server; then
        skip redis "redis-server is not installed"
    elif ! loads_shim redis-server --version; then
        skip redis "it cannot load this object"
    elif ! has redis-benchmark; then
        skip redis "redis-benchmark is not installed"
    elif [ "$(redis-benchmark --version | sed 's/redis-benchmark \([0-9]*\).*/\1/')" -lt 7 ]; then
        skip redis "redis-benchmark before version 7 prints no p99"
    else
        peer redis "$(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')"
        declare_server redis-benchmark
        return 0
    fi
    return 1
}

start_redis() {
    mkdir "$folder/$1"
    serve "$1" $(prefix_of "$1") redis-server --bind 127.0.0.1 --port "$2" --save "" \
        --appendonly no --dir "$folder/$1" --daemonize no
    "$programs/port" wait "$2" || does_not_start
}

load_redis() {
    requests_wanted=$(full_or_quick 25000 1000)
    $pin_client redis-benchmark -h 127.0.0.1 -p "$1" -c 16 -n "$requests_wanted" -t get --csv \
        >"$folder/client" 2>&1
    awk -F '","' -v count="$requests_wanted" '
        /"GET"/ { print $2, $7, count; found = $2 && $7 }
        END { exit !found }' "$folder/client"
}

# ---- postgres, with pgbench ----

# Debian keeps it out of PATH; what is there may be a link to it.
postgres_folder() {
    found=$(readlink -f "$(command -v postgres)") ||
        for found in /usr/lib/postgresql/*/bin/postgres; do :; done
    if [ -x "$found" ] && [ -x "${found%/*}/initdb" ]; then
        echo "${found%/*}"
    fi
}

find_postgres() {
    postgres=$(postgres_folder)
    pgbench=$postgres/pgbench
    [ -x "$pgbench" ] || pgbench=pgbench
    if [ -z "$postgres" ]; then
        skip postgres "not installed"
    elif ! loads_shim "$postgres/postgres" --version; then
        skip postgres "it cannot load this object"
    elif ! has "$pgbench"; then
        skip postgres "pgbench is not installed"
    elif ! choose_user; then
        skip postgres "it does not run as root, and there is no setpriv, no user nobody, or no way for that user into $tmp"
    else
        peer postgres "$("$postgres/postgres" --version | sed 's/[^0-9]*\([^ ]*\).*/\1/')"
        declare_server pgbench
        make_database
        return 0
    fi
    return 1
}

# It refuses to run as root.
choose_user() {
    as_user=
    [ "$(id -u)" -eq 0 ] || return 0
    as_user="setpriv --reuid=$(id -u nobody) --regid=$(id -g nobody) --clear-groups"
    chown nobody "$folder"
    $as_user ls "$folder"
} >"$tmp/error" 2>&1

say() {
    give_up "$1: $(tail -n 3 "$folder/$1")"
}

# Its own, with nothing of the machine's: no configuration, no socket in /run.
make_database() {
    $as_user "$postgres/initdb" -D "$folder/first" -U bench -A trust --no-sync --locale=C -E UTF8 \
        >"$folder/initdb" 2>&1 || say initdb
    port=$("$programs/port" free)
    run_postgres native first "$port"
    "$pgbench" -q -i -s 1 -h 127.0.0.1 -p "$port" -U bench postgres >"$folder/pgbench" 2>&1 ||
        say pgbench
    stop_servers
}

run_postgres() {
    serve "$1" $as_user $(prefix_of "$1") "$postgres/postgres" -D "$folder/$2" -h 127.0.0.1 \
        -p "$3" -k '' -c fsync=off -c shared_buffers=32MB
    waited=0
    until grep -q 'ready to accept connections' "$output"; do
        [ "$((waited += 1))" -lt 1200 ] || does_not_start
        sleep 0.05
    done
}

start_postgres() {
    $as_user cp -R "$folder/first" "$folder/$1"
    run_postgres "$1" "$1" "$2"
}

load_postgres() {
    rm -f "$folder"/times.*
    $pin_client "$pgbench" -n -S -M prepared -c 4 -j 1 -t "$(full_or_quick 1500 100)" -l \
        --log-prefix="$folder/times" -h 127.0.0.1 -p "$1" -U bench postgres >"$folder/client" 2>&1
    cut -d ' ' -f 3 "$folder"/times.* | sort -n >"$folder/sorted"
    awk '
        FILENAME ~ /client$/ { if ($1 == "tps") rate = $3 }
        FILENAME ~ /sorted$/ { time[++count] = $1 }
        END {
            print rate, time[int((count * 99 + 99) / 100)] / 1000, count
            exit !(rate && count)
        }' "$folder/client" "$folder/sorted"
}
