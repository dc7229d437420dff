# shellcheck shell=sh
# sockshim run: runs COMMAND and logs why its sockets fail
#
# All of it is done by $launcher (scripts/launcher), in between as if we were not
# there: the shell starts nothing.

run_usage() {
    cat <<'END'
usage: sockshim [run] [OPTIONS] [--] COMMAND [ARG...]

Runs COMMAND with its sockets hardened: writing to a dead peer returns an error
instead of raising SIGPIPE, TCP_NODELAY is on, and every socket call that
returns 0 or -1 is logged with the reason. At the end it prints to stderr what
was logged, and where.

  -o, --log FILE      the log file, which is appended to; or stderr, or off. %p
                      is the process ID, %n the program's name (default:
                      ./sockshim.log)
      --log-limit N   bytes, with K, M or G, after which FILE is renamed to
                      FILE.1; 0 for no limit (default: 1G)
      --format F      logfmt or json (default: logfmt)
      --json          the same as --format json
      --level LEVEL   the lowest level that is logged: debug, info, warn or
                      error (default: debug, which is everything)
      --skip LIST     causes, errno names and calls not to log, separated by
                      commas: would-block,EINTR,accept4
      --recorder FILE
                      keep the most recent records, whatever the level, in a
                      file of fixed size, which sockshim recorder FILE prints
      --recorder-size N
                      its size in bytes, with K, M or G (default: 16M)
      --recorder-calls all
                      record successful calls on sockets as well, with their
                      results and durations
      --only LIST     program names or globs, separated by commas; all other
                      programs are left alone
      --sigpipe MODE  which SIGPIPE is suppressed: sockets (one raised by a
                      write to a socket), ignore (all, once a process has a
                      socket), always (all), or off (default: sockets)
      --no-sigpipe    the same as --sigpipe off
      --no-nodelay    leave TCP_NODELAY to the program
      --watch-only    only log; change nothing, neither SIGPIPE nor TCP_NODELAY

Robust handling, off by default; each time it changes what COMMAND sees, this is
logged (event=handled). Times are written 500ms, 30s or 5m:

      --dead-peer T         a peer that does not respond for this long is dead
      --keepalive IDLE[,INTERVAL[,COUNT]]
                            keepalive on every TCP socket: 60,10,6
      --connect-timeout T   give up a connect that gets no answer
      --connect-retry T     retry a blocking connect that is refused
      --recv-timeout T      end a blocking receive if no data arrives
      --backlog N           listen with at least this backlog
      --reuseaddr           bind does not wait for TIME_WAIT
      --accept careful      retry after network errors, and wait briefly if no
                            descriptor is left
      --eintr restart       signal handlers do not interrupt calls, except those
                            for SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGALRM
      --reset eof           a failed receive returns 0: truncated data can then
                            pass for complete

  -q                  replace sockshim with COMMAND (exec), and print nothing at
                      the end; for services, inetd and cron
      --force         run COMMAND even if sockshim does not work with it
  -h, --help          print this
  -V, --version       print the version

A setting for which no option is given is taken from the environment:
SOCKSHIM_LOG, SOCKSHIM_LOG_LIMIT, SOCKSHIM_FORMAT, SOCKSHIM_SIGPIPE,
SOCKSHIM_NODELAY, SOCKSHIM_LEVEL, SOCKSHIM_SKIP, SOCKSHIM_CLOSE,
SOCKSHIM_ONLY, SOCKSHIM_RECORDER, SOCKSHIM_RECORDER_SIZE,
SOCKSHIM_RECORDER_CALLS;
SOCKSHIM_DEAD_PEER, SOCKSHIM_KEEPALIVE, SOCKSHIM_CONNECT_TIMEOUT,
SOCKSHIM_CONNECT_RETRY, SOCKSHIM_RECV_TIMEOUT, SOCKSHIM_BACKLOG,
SOCKSHIM_REUSEADDR, SOCKSHIM_ACCEPT, SOCKSHIM_EINTR, SOCKSHIM_RESET.

COMMAND receives each signal once, whether it is sent to sockshim or to its
process group. A service manager that signals every process of a service
(systemd's KillMode=control-group) may deliver it twice; use -q there.

Exit status: COMMAND's; 128+N if signal N killed it; 127 if it is not found, 126
if it cannot be run or sockshim does not work with it; 2 if the usage is wrong.
END
}

# Whoever asks needs no launcher.
sockshim_run() {
    case ${1-} in
    -h | --help) shift && sockshim_help "$@" ;;
    -V | --version) shift && load version && sockshim_version "$@" ;;
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
