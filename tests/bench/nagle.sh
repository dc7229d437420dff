# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2086,SC2154 # words that are meant to split; shared variables
# The 40 ms: Nagle's algorithm keeps the second of two small writes back until
# the first is acknowledged, and the peer puts off acknowledging.

measure_nagle() {
    figure native ns "native"
    figure own ns "native, with TCP_NODELAY of its own" base=native
    figure shim ns "under the shim" base=native
    for round in $(every_round); do
        sample native "$(under native "$programs/workload" 5 requests)"
        sample own "$(under native "$programs/workload" 50 requests-nodelay)"
        sample shim "$(under log "$programs/workload" 50 requests)"
    done
}
