# shellcheck shell=sh
# shellcheck disable=SC2034 # filter.sh is for others, too
# sockshim recorder: prints the records in a recorder file
#
# $recorder (scripts/recorder) takes it apart, with the shim's own code.

. "${lib:?}/filter.sh"

recorder_usage() {
    cat <<'END'
usage: sockshim recorder [OPTIONS] FILE

Prints the records in FILE, which programs fill under SOCKSHIM_RECORDER=FILE, as
lines of the log, oldest first, whether the programs are running, have ended or
were killed. On stderr it says how many slots were overwritten by newer ones,
and how many are incomplete because a writer was killed while filling them.

  --json              JSON instead of logfmt
  --around TIME       only those from 10 seconds before to 10 seconds after: the
                      time of a record (2026-11-22T11:03:22), or what report
                      takes for --since
  --connection ADDRESS
                      only those of connections with this peer or own address:
                      10.0.0.5:443, 10.0.0.5, :443 or a path; also those without
                      an address, which are matched by descriptor
  --failures          of each connection that failed: the first failure,
                      a record of warn or error, and the 10 records before it
  -h, --help          print this

sockshim report FILE and sockshim follow FILE read it, too, except the calls
that succeeded, which SOCKSHIM_RECORDER_CALLS=all adds (event=call).

Exit status: 0; 2 if the usage is wrong, or the file cannot be read, is not a
recorder file, is damaged, or comes from another version.
END
}

sockshim_recorder() {
    recorder_json='' recorder_around='' recorder_connection='' recorder_failures=''
    words_read recorder "--around --connection" "--json --failures" "$@"
}

recorder_words() {
    [ $# -gt 0 ] || wrong_call recorder "no recorder file is named"
    [ $# -eq 1 ] || wrong_call recorder "recorder takes one file, not $1 and $2"
    [ -n "$1" ] || wrong_call recorder "the file's name is empty"
    [ ! -d "$1" ] || die "$USAGE" "$1 is a directory, not a recorder file"
    [ ! -e "$1" ] || [ -f "$1" ] || [ ! -p "$1" ] || die "$USAGE" "$1 is a FIFO, not a recorder file"
    [ -x "${recorder:?}" ] || die "$USAGE" "$recorder is not there: ${remedy:?}"
    set -- ${recorder_json:+--json} ${recorder_failures:+--failures} ${recorder_around:+--around "$recorder_around"} \
        ${recorder_connection:+--connection "$recorder_connection"} -- "$1"
    exec "$recorder" "$@"
}

recorder_option() {
    case $1 in
    --json) recorder_json=yes ;;
    --failures) recorder_failures=yes ;;
    --connection) recorder_connection=$2 ;;
    --around)
        recorder_around=$(filter_moment "$2") ||
            wrong_call recorder "$2 is not a valid time for --around; try 2026-11-22T03:00, 03:00, or 15m (ago)"
        case ${#recorder_around} in
        10) recorder_around=${recorder_around}T00:00:00 ;;
        13) recorder_around=$recorder_around:00:00 ;;
        16) recorder_around=$recorder_around:00 ;;
        esac
        ;;
    esac
}
