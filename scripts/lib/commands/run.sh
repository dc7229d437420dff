# shellcheck shell=sh
# sockshim run: runs COMMAND with robust sockets, and logs why they fail
#
# All of it is done by $launcher (scripts/launcher), in between as if we were not
# there: the shell starts nothing.

run_usage() {
    cat <<'END'
usage: sockshim [run] [OPTIONS] [--] COMMAND [ARG...]

Runs COMMAND with robust sockets: a dead peer is an error return instead of a
SIGPIPE, TCP_NODELAY is on, and every 0 and -1 of a socket call is logged with
the reason. At the end it says on stderr what was logged, and where.

  -o, --log FILE      the log, appended to; or stderr, or off. %p in it is the
                      process, %n the program (default: ./sockshim.log)
      --log-limit N   bytes, with K, M or G, after which FILE becomes FILE.1;
                      0 for none (default: 1G)
      --format F      logfmt or json (default: logfmt)
      --json          the same as --format json
      --level LEVEL   the lowest that is logged: debug, info, warn or error
                      (default: debug, which is everything)
      --skip LIST     causes, errno names and calls not to log, with commas
                      between them: would-block,EINTR,accept4
      --recorder FILE the last records, whatever --level and --skip say, in a file
                      of fixed size: sockshim recorder FILE prints them
      --recorder-size N
                      of so many bytes, with K, M or G (default: 16M)
      --only LIST     globs of programs with commas between them; all others
                      are left alone
      --sigpipe MODE  which SIGPIPE is swallowed: sockets (one that a write to a
                      socket raised), ignore (all, once a process has a socket),
                      always (all), or off (default: sockets)
      --no-sigpipe    the same as --sigpipe off
      --no-nodelay    leave TCP_NODELAY to the program
      --watch-only    change nothing, neither SIGPIPE nor TCP_NODELAY; only log

Robust handling, nothing of which is done unless asked for; each time it changes
what COMMAND sees, the log says so (event=handled). Times are 500ms, 30s or 5m:

      --dead-peer T         a peer that answers nothing for so long is dead
      --keepalive IDLE[,INTERVAL[,COUNT]]
                            keepalive on every TCP socket: 60,10,6
      --connect-timeout T   give up a connect that nobody answers
      --connect-retry T     try a blocking connect that is refused again
      --recv-timeout T      end a blocking receive to which nothing comes
      --backlog N           listen with at least that
      --reuseaddr           bind does not wait for TIME_WAIT
      --accept careful      go on after errors of the network's, and wait a
                            little where there is no descriptor left
      --eintr restart       handlers do not end calls, but for those of SIGINT,
                            SIGTERM, SIGHUP, SIGQUIT and SIGALRM
      --reset eof           a receive that fails returns 0: cut-off data may
                            pass for whole

  -q                  become COMMAND: nothing is printed at the end. For inetd,
                      and where the process must be COMMAND itself
      --force         run COMMAND even if the shim cannot be loaded into it
  -h, --help          print this
  -V, --version       print the version

A setting for which no option is given is taken from the environment:
SOCKSHIM_LOG, SOCKSHIM_LOG_LIMIT, SOCKSHIM_FORMAT, SOCKSHIM_SIGPIPE,
SOCKSHIM_NODELAY, SOCKSHIM_LEVEL, SOCKSHIM_SKIP, SOCKSHIM_CLOSE,
SOCKSHIM_ONLY, SOCKSHIM_RECORDER, SOCKSHIM_RECORDER_SIZE;
SOCKSHIM_DEAD_PEER, SOCKSHIM_KEEPALIVE, SOCKSHIM_CONNECT_TIMEOUT,
SOCKSHIM_CONNECT_RETRY, SOCKSHIM_RECV_TIMEOUT, SOCKSHIM_BACKLOG,
SOCKSHIM_REUSEADDR, SOCKSHIM_ACCEPT, SOCKSHIM_EINTR, SOCKSHIM_RESET.

COMMAND gets each signal once, whether it is sent to sockshim or to its process
group. A service manager that signals every process of a service (systemd's
KillMode=control-group) may deliver it twice: use -q there.

Exit status: COMMAND's; 128+N if signal N ended it; 127 if it is not found, 126
if it cannot be run or the shim cannot be loaded into it; 2 if the call is
wrong.
END
}

# Whoever asks needs no launcher.
sockshim_run() {
    case ${1-} in
    -h | --help) usage ;;
    -V | --version) print_version ;;
    *) run_launch '' "$@" ;;
    esac
}

# run_launch COUNTERS WORD...: never comes back. COUNTERS are doctor's.
run_launch() {
    run_counters=$1
    shift
    [ -x "${launcher:?}" ] || find_launcher
    # Meant for COMMAND, not for the launcher.
    run_preloaded=${LD_PRELOAD-}
    unset LD_PRELOAD
    run_keep_environment
    exec "$launcher" run "$0" "${lib:?}" "${object:?}" "$run_keeper" "$run_preloaded" "$run_counters" "${remedy:?}" "$@"
}

# The environment that we were started with is COMMAND's, but a shell changes it, and
# exec takes it away from /proc. A copy of this shell still has it there. The launcher
# ends that as soon as it has read it; it ends by itself if we are gone.
run_keep_environment() {
    while [ -e "/proc/$$/environ" ]; do
        :
    done &
    run_keeper=$!
}
