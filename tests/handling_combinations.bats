#!/usr/bin/env bats
# Each call that a setting for robust handling stands in front of, on each kind of socket, in
# each mode, with each thing that may happen while it waits: what it gives is what the manual
# pages say of it, and with a setting in its way, what libsockshim(7) says.

load helpers
load combinations

@test "natively: 200 combinations give what the manual pages say" {
    combine '' receive 110
    combine '' reset 55
    combine '' refused 19
    combine '' unanswered 17
    combine '' full 8
}

@test "SOCKSHIM_RECV_TIMEOUT in 110 combinations" {
    combine RECV_TIMEOUT=1s receive 110
    handled RECV_TIMEOUT
}

@test "SOCKSHIM_RESET in 110 that wait and 55 that are reset" {
    combine RESET=eof receive 110
    nothing_handled
    combine RESET=eof reset 55
    handled RESET
}

@test "SOCKSHIM_CONNECT_TIMEOUT, above and below a second, and where a connect is refused" {
    combine CONNECT_TIMEOUT=900ms unanswered 17
    combine CONNECT_TIMEOUT=1s unanswered 17
    handled CONNECT_TIMEOUT
    rm "$LOG"
    combine CONNECT_TIMEOUT=1s refused 19
    nothing_handled
}

@test "SOCKSHIM_CONNECT_RETRY, and where a connect is not answered" {
    combine CONNECT_RETRY=60s refused 19
    handled CONNECT_RETRY
    combine CONNECT_RETRY=60s unanswered 17
}

@test "SOCKSHIM_ACCEPT" {
    combine ACCEPT=careful full 8
    handled ACCEPT
}

@test "SOCKSHIM_EINTR in 130 combinations" {
    combine EINTR=restart receive 110
    combine EINTR=restart unanswered 17
    handled EINTR
}

@test "SOCKSHIM_DEAD_PEER and SOCKSHIM_KEEPALIVE change none of them" {
    local setting
    for setting in DEAD_PEER=60s KEEPALIVE=60,10,6; do
        combine $setting receive 110
        combine $setting reset 55
        combine $setting refused 19
        combine $setting unanswered 17
    done
    nothing_handled
}

handled() {
    expect '.event == "handled" and .setting == "SOCKSHIM_'"$1"'"'
}

nothing_handled() {
    expect_count 0 '.event == "handled"'
}
