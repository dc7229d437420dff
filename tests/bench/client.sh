# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# The CPU of a real client with a connection a request, the shim in the client: nginx serves,
# natively, on another CPU.

. "$bench/servers.sh"

label_of_way() {
    case $1 in
    native) echo native ;;
    again) echo "native again" ;;
    empty) echo "an empty object" ;;
    off) echo "shim, log off" ;;
    recorder) echo "shim, recorder alone" ;;
    calls) echo "shim, recorder, all calls" ;;
    *) echo "shim, level $1" ;;
    esac
}

target_of_way() {
    case $1 in
    off) echo "ratio_at_most=1.02" ;;
    warn) echo "ratio_at_most=1.05" ;;
    info) echo "ratio_at_most=1.12" ;;
    debug) echo "ratio_at_most=1.25" ;;
    esac
}

WAYS="native again empty off warn info debug recorder calls"

measure_client() {
    server=nginx
    folder=$tmp/client
    mkdir -m 755 "$folder"
    if ! has ab || ! has nginx; then
        skip client "ab (apache2-utils) and nginx are not both installed"
        return
    fi
    requests_wanted=$(full_or_quick 2000 200)
    echo "hello, world" >"$folder/hello"
    port=$("$programs/port" free)
    pin_server=$pin
    pin=$pin_client # the client is what is measured
    start_nginx native "$port"
    pin=$pin_server
    for way in $WAYS; do
        base=
        [ "$way" = native ] || base="base=native $(target_of_way "$way")"
        figure "$way" ms "ab, $requests_wanted requests: $(label_of_way "$way")" "$base"
    done
    for round in $(every_round "$(full_or_quick 21 1)"); do
        for way in $(in_order "$round" $WAYS); do
            sample "$way" "$(under "$way" "$programs/cpu" ab -q -n "$requests_wanted" -c 1 \
                "http://127.0.0.1:$port/hello")"
            new_log
        done
    done
    stop_servers
}
