#!/usr/bin/env bats
# What README and the recipes promise of make install and make uninstall, and of the ways to put
# the object on a service and on a cron job.

load helpers

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    unset BUILD
}

# make_in_tree TARGET...: with the object that the tests built.
make_in_tree() {
    make -s -C "$TOP" BUILD="${SHIM%/*}" PREFIX=/opt/sock DESTDIR="$PWD/${ROOT-root}" "$@"
}

# What the recipes show in the paragraph that begins with **WORD**, as it is typed.
example() {
    sed -n "/^\*\*$1\*\*/,/^Then\|^\*\*/s/^    //p" "$TOP/scripts/recipes/services.md"
}

@test "make install puts command, object and man pages under PREFIX, in DESTDIR" {
    make_in_tree install
    [ -x root/opt/sock/bin/sockshim ]
    cmp root/opt/sock/lib/sockshim/libsockshim.so "$SHIM"
    [ -f root/opt/sock/share/man/man1/sockshim.1 ]
    [ -f root/opt/sock/share/man/man7/libsockshim.7 ]
    bash -n root/opt/sock/share/bash-completion/completions/sockshim
    [ "$(head -n 1 root/opt/sock/share/zsh/site-functions/_sockshim)" = "#compdef sockshim" ]
    [ -s root/opt/sock/share/fish/vendor_completions.d/sockshim.fish ]
    [ -x root/opt/sock/share/doc/sockshim/recipes/sockshim-textfile ]
    diff -r "$TOP/scripts/recipes" root/opt/sock/share/doc/sockshim/recipes
    [ "$(ls root)" = opt ]
}

@test "what is installed needs nothing of the tree" {
    make_in_tree install
    mv root elsewhere
    local bin=$PWD/elsewhere/opt/sock/bin port
    port=$(free_port)
    run -7 --separate-stderr env PATH="$bin:$PATH" sockshim curl -s "http://127.0.0.1:$port/"
    [[ ${stderr_lines[0]} == "sockshim: "*"connection-refused 1"* ]] || fails_with "$stderr"
    local name
    for name in $(subcommands); do
        run -0 "$bin/sockshim" help "$name"
        [[ ${lines[0]} == "usage: sockshim "* ]]
    done
    run -0 "$bin/sockshim" explain peer-reset
    run -0 "$bin/sockshim" explain 104
    run -0 "$bin/sockshim" --version
    run -0 "$bin/sockshim" report sockshim.log
    [[ $output == *connection-refused* ]]
    run -0 "$bin/sockshim" check curl
}

@test "make install again takes away a subcommand and the topics of another version" {
    make_in_tree install
    local lib=root/opt/sock/lib/sockshim
    diff -r "$TOP/scripts/lib" "$lib" | grep -vxF -e "Only in $lib: libsockshim.so" -e "Only in $lib: tables.txt" -e "Only in $lib: sockshim-run" -e "Only in $lib: sockshim-recorder" && fails_with "not the same tree"
    touch "$lib/commands/former.sh" "$lib/topics/former.txt"
    make_in_tree install
    [ ! -e "$lib/commands/former.sh" ]
    [ ! -e "$lib/topics/former.txt" ]
    [ -f "$lib/commands/run.sh" ]
}

@test "make uninstall leaves nothing" {
    make_in_tree install
    touch root/opt/sock/bin/other
    make_in_tree uninstall
    [ "$(find root ! -type d)" = root/opt/sock/bin/other ]
    [ ! -e root/opt/sock/lib/sockshim ]
    # A second time, and where there never was anything.
    make_in_tree uninstall
}

@test "a folder with a blank in its name, and nothing of the one that is called like its beginning" {
    mkdir root
    touch root/other
    ROOT="root too" make_in_tree install
    run -0 "root too/opt/sock/bin/sockshim" --version
    ROOT="root too" make_in_tree uninstall
    [ -z "$(find "root too" ! -type d)" ]
    [ "$(ls root)" = other ]
}

@test "a PREFIX from which nothing could be preloaded is refused, and nothing installed" {
    run -2 make -C "$TOP" -s install BUILD="${SHIM%/*}" PREFIX="$PWD/a b"
    [[ $output == "PREFIX=$PWD/a b: LD_PRELOAD cannot contain a space or a colon; choose another one"* ]] || fails_with "$output"
    run -2 make -C "$TOP" -s install BUILD="${SHIM%/*}" PREFIX=here
    [[ $output == "PREFIX=here: it has to begin with a slash"* ]] || fails_with "$output"
    [ ! -e "a b" ] && [ ! -e "$TOP/here" ]
}

@test "the drop-in of the recipes is one to systemd, and its settings work" {
    local port settings
    port=$(free_port)
    mkdir -p billing.service.d logs
    example systemd >billing.service.d/sockshim.conf
    grep -q '^LogsDirectory=sockshim/%N$' billing.service.d/sockshim.conf
    printf '[Service]\nExecStart=/bin/true\n' >billing.service
    # Of other units of this machine it has its own opinion.
    run -0 systemd-analyze verify --man=no ./billing.service
    [[ $output != *billing* ]] || fails_with "$output"
    # As the unit would set them: %% is a %, and %N its name.
    mapfile -t settings < <(sed -n 's/^Environment=//p' billing.service.d/sockshim.conf | sed "s/%N/billing/; s/%%/%/g;
        s|/usr/local/lib/sockshim/libsockshim.so|$SHIM|; s|/var/log/sockshim/billing|$PWD/logs|" | tr ' ' '\n')
    [ "${#settings[@]}" -eq 3 ]
    run -7 env "${settings[@]}" curl -s "http://127.0.0.1:$port/"
    LOG=logs/curl.log expect_count 1 '.cause == "connection-refused"'
}

@test "the crontab line of the recipes runs the job, and says nothing" {
    local line port
    port=$(free_port)
    line=$(example cron)
    [[ $line == "*/5 * * * * /usr/local/bin/sockshim -q "* ]] || fails_with "$line"
    line=${line#"*/5 * * * * "}
    line=${line/"/usr/local/bin/sockshim"/$SOCKSHIM_COMMAND}
    line=${line/"/usr/local/bin/job"/"curl -sf http://127.0.0.1:$port/"}
    line=${line/"-o job.log"/"-o $LOG"}
    # cron's environment, and its shell.
    run -7 env -i HOME=/ PATH=/usr/bin:/bin SHELL=/bin/sh BUILD="${SHIM%/*}" /bin/sh -c "$line"
    [ -z "$output" ] || fails_with "$output"
    expect_count 1 '.cause == "connection-refused"'
}

@test "an object that is gone is a line on stderr, and the program runs" {
    run -0 --separate-stderr env LD_PRELOAD="$PWD/gone.so" echo ran
    [ "$output" = ran ]
    [[ $stderr == *gone.so*ignored* ]]
}
