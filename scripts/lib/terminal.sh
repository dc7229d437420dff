# shellcheck shell=sh
# What the terminal can show.

# decide_color WHEN: auto, always or never; $color is yes or empty. auto: on a
# terminal that has colours, unless NO_COLOR is set (no-color.org).
decide_color() {
    color=
    case $1 in
    always) color=yes ;;
    auto) [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ] && color=yes ;;
    esac
    return 0
}

# $IS_UTF8 is yes or empty, for awk as well.
decide_charset() {
    IS_UTF8=
    case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
    *[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*) IS_UTF8=yes ;;
    esac
    export IS_UTF8
}

# $columns of the terminal on stdout, or of $COLUMNS; 80 elsewhere.
decide_columns() {
    columns=${COLUMNS-}
    # Inside $(...) stdout is another one.
    if [ -z "$columns" ] && [ -t 1 ]; then
        { columns=$(stty size <&3 2>/dev/null | awk '{ print $2 }'); } 3>&1
    fi
    case $columns in
    '' | 0 | *[!0-9]*) columns=80 ;;
    esac
}
