# shellcheck shell=sh
# sockshim version: prints the version
#
# It stands in shim/base/settings.h alone, and comes from there through tables.txt.

version_usage() {
    cat <<'END'
usage: sockshim version

Prints the version of sockshim, as -V and --version do.

  -h, --help          print this
END
}

sockshim_version() {
    [ $# -eq 0 ] || wrong_call version "no argument is allowed, not $1"
    print_version
}
