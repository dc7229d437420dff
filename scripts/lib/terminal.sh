# shellcheck shell=sh
# What the terminal can show. What is decided is in the environment, for awk.

# terminal_decide_color WHEN: auto, always or never; $TERMINAL_COLOR is yes or empty.
# auto: on a terminal that has colours, unless NO_COLOR is set (no-color.org).
terminal_decide_color() {
    TERMINAL_COLOR=
    case $1 in
    always) TERMINAL_COLOR=yes ;;
    auto) [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ] && TERMINAL_COLOR=yes ;;
    esac
    export TERMINAL_COLOR
}

# $TERMINAL_IS_UTF8 is yes or empty.
terminal_decide_charset() {
    TERMINAL_IS_UTF8=
    case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
    *[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*) TERMINAL_IS_UTF8=yes ;;
    esac
    export TERMINAL_IS_UTF8
}

# $TERMINAL_COLUMNS of the terminal on stdout, or of $COLUMNS; 80 elsewhere.
terminal_decide_columns() {
    terminal_measure "${COLUMNS-}" 2 80
    TERMINAL_COLUMNS=$terminal_number
    export TERMINAL_COLUMNS
}

# $TERMINAL_LINES likewise; 24 elsewhere.
terminal_decide_lines() {
    terminal_measure "${LINES-}" 1 24
    TERMINAL_LINES=$terminal_number
    export TERMINAL_LINES
}

# terminal_measure GIVEN WORD ELSE: in $terminal_number; WORD is that of stty.
terminal_measure() {
    terminal_number=$1
    # Inside $(...) stdout is another one.
    if [ -z "$1" ] && [ -t 1 ]; then
        { terminal_number=$(stty size <&3 2>/dev/null | awk -v word="$2" '{ print $word }'); } 3>&1
    fi
    case $terminal_number in
    '' | 0 | *[!0-9]*) terminal_number=$3 ;;
    esac
}
