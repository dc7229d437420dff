# shellcheck shell=sh
# shellcheck disable=SC2034 # filter.sh is for others, too
# sockshim recorder: prints what a recorder's file holds
#
# $recorder (scripts/recorder) takes it apart, with the shim's own code.

. "${lib:?}/filter.sh"

recorder_usage() {
    cat <<'END'
usage: sockshim recorder [OPTIONS] FILE

Prints the records in FILE, which programs fill under SOCKSHIM_RECORDER=FILE, as
lines of the log, the oldest first: of programs that run, that ended, or that
were killed. How many slots were overwritten by newer ones, and how many are
torn, since a writer was killed in the midst of one, it says on stderr.

  --json              JSON instead of logfmt
  --around TIME       only those from 10 seconds before to 10 seconds after: the
                      time of a record (2026-11-22T11:03:22), or what report
                      takes for --since
  --connection ADDRESS
                      only those of connections with this peer or own address:
                      10.0.0.5:443, 10.0.0.5, :443 or a path; those without an
                      address, too, which the descriptor tells
  --failures          of each connection that failed: the first failure,
                      a record of warn or error, and the 10 records before it
  -h, --help          print this

sockshim report FILE and sockshim follow FILE read it, too, but for the calls
that succeeded, which are there under SOCKSHIM_RECORDER_CALLS=all (event=call).

Exit status: 0; 2 if the call is wrong, or the file cannot be read, is none of a
recorder's, damaged, or of another version.
END
}

sockshim_recorder() {
    recorder_json='' recorder_around='' recorder_connection='' recorder_failures=''
    recorder_left=$#
    while [ "$recorder_left" -gt 0 ]; do
        recorder_word=$1
        shift
        recorder_left=$((recorder_left - 1))
        case $recorder_word in
        -h | --help) recorder_usage && exit 0 ;;
        --json) recorder_json=yes ;;
        --failures) recorder_failures=yes ;;
        --around=* | --connection=*) recorder_take_option "${recorder_word%%=*}" "${recorder_word#*=}" ;;
        --around | --connection)
            [ "$recorder_left" -gt 0 ] || wrong_call recorder "$recorder_word needs a value"
            recorder_take_option "$recorder_word" "$1"
            shift
            recorder_left=$((recorder_left - 1))
            ;;
        -?*) unknown_option recorder "$recorder_word" --json --around --connection --failures --help ;;
        *) set -- "$@" "$recorder_word" ;;
        esac
    done
    [ $# -eq 1 ] || wrong_call recorder "one FILE, not $#"
    [ -x "${recorder:?}" ] || die "$USAGE" "$recorder is not there: ${remedy:?}"
    set -- ${recorder_json:+--json} ${recorder_failures:+--failures} ${recorder_around:+--around "$recorder_around"} \
        ${recorder_connection:+--connection "$recorder_connection"} -- "$1"
    exec "$recorder" "$@"
}

# recorder_take_option OPTION VALUE
recorder_take_option() {
    case $1 in
    --around)
        recorder_around=$(filter_moment "$2") ||
            wrong_call recorder "$2 is not a valid time for --around; try 2026-11-22T03:00, 03:00, or 15m (ago)"
        ;;
    --connection)
        [ -n "$2" ] || wrong_call recorder "--connection needs an address"
        recorder_connection=$2
        ;;
    esac
}
