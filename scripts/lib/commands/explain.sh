# shellcheck shell=sh
# sockshim explain: what a cause, an errno or an error message means, and what to do

. "${lib:?}/terminal.sh"
. "$lib/causes.sh"
. "$lib/output.sh"
. "$lib/tables.sh"

explain_usage() {
    cat <<'END'
usage: sockshim explain [CAUSE|ERRNO|WORD...]

Says what happened on the wire, the usual reasons, what to look at next and
what to do: for one cause (peer-reset), for all causes of an errno name
(ECONNRESET) or number (104), or, without arguments, for all of them. It also
takes an error message as a program prints it ("unexpected eof", "early EOF"),
a record of the log, or a topic: nagle, tls, dns, conntrack, mtu, ...;
`sockshim explain topics` lists the topics.

Exit status: 0; 2 if nothing is known about it.
END
}

sockshim_explain() {
    case ${1-} in
    --) shift ;;
    -*) unknown_option explain "$1" --help ;;
    esac
    case ${1+x}/$(printf '%s' "$*" | tr -d '[:space:]') in
    x/) wrong_call explain "the cause, errno or message to explain is empty" ;;
    esac
    # As programs print it.
    case $* in
    [Ee]rrno[\ =]*[!0-9]*) ;;
    [Ee]rrno[\ =][0-9]*) set -- "$(printf '%s' "$*" | tr -dc 0-9)" ;;
    esac
    # A record of the log.
    explain_cause=$(printf '%s' "$*" | sed -n 's/.*[ "{]cause"\{0,1\}[=:]"\{0,1\}\([a-z-]*\).*/\1/p')
    ! causes_has "$explain_cause" || set -- "$explain_cause"
    if [ $# -eq 1 ] && explain_cause=$(causes_known "$1"); then
        set -- "$explain_cause"
    fi
    if [ $# -le 1 ]; then
        explain_name=
        case ${1-} in
        '' | 0 | *-* | *' '*) ;;
        *) causes_has "$1" || explain_name=$(explain_errno "$1") || exit ;;
        esac
        ! explain_is_known explain_print_causes "${1-}" "$explain_name" || return 0
    fi
    explain_is_known explain_print_topic "$*" || explain_message "$*"
}

# explain_message TEXT: the causes of the errno that an error message has in it.
explain_message() {
    explain_name=$(explain_errno "$1") || exit
    [ -z "$explain_name" ] || ! explain_is_known explain_print_causes "$explain_name" "$explain_name" || return 0
    explain_nothing_known "$1"
}

# explain_errno TEXT: what the log calls the errno that TEXT is, or that an error message has
# in it: its name, what strerror(3) says of it, or its number, as programs print that. Nothing
# if there is none.
explain_errno() {
    tables_need
    EXPLAIN_ASKED=$1 LC_ALL=C awk -F '\t' '
        $1 == "errno" { name[$2] = $3; number[$3] = $2 }
        $1 == "errno-alias" { number[$2] = $3 }
        $1 == "errno-message" { message[$2] = tolower($3) }
        END {
            asked = ENVIRON["EXPLAIN_ASKED"]
            gsub(/WSAE/, "E", asked) # Windows
            found = toupper(asked) in number ? number[toupper(asked)] : asked in name ? asked : in_message()
            if (found in name)
                print name[found]
        }
        function in_message(    word, err, longest) {
            for (word in number) # Erlang has them in small letters
                if (match(asked, "(^|[^A-Za-z0-9_])(" word "|" tolower(word) ")([^A-Za-z0-9_]|$)"))
                    return number[word]
            asked = tolower(asked)
            sub(/socket is not connected/, message[number["ENOTCONN"]], asked) # macOS
            for (err in message)
                if (index(asked, message[err]) && length(message[err]) > length(message[longest]))
                    longest = err
            if (longest == "" && match(asked, /(errno|os error)[]:= ]*[0-9]+|\([0-9]+(\)[.]?$|:)/)) {
                longest = substr(asked, RSTART, RLENGTH)
                gsub(/[^0-9]/, "", longest)
                longest += 0
            }
            return longest
        }' "$tables_path"
}

# explain_is_known COMMAND...: also if it ended early, for nobody reads on: explain | head.
explain_is_known() {
    terminal_decide_columns
    output_check "standard output" "$@"
    case $? in
    0 | 141) ;;
    1) return 1 ;;
    *) exit "$USAGE" ;;
    esac
}

# explain_print_causes WORD ERRNO: the blocks that one of them chooses; all if both are
# empty. Fails if there is none.
explain_print_causes() {
    EXPLAIN_WORD=$1 explain_awk -v name="$2"
}

# explain_print_topic TEXT: the topic that its words are of. Fails if there is none.
explain_print_topic() {
    EXPLAIN_ASKED=$1 explain_awk
}

explain_awk() {
    LC_ALL=C awk "$@" -v columns="$TERMINAL_COLUMNS" -v path="$lib/causes.txt" \
        -f "$lib/wrap.awk" -f "$lib/causes.awk" -f "$lib/topics.awk" -f "$lib/explain.awk" "$lib"/topics/*.txt
}

explain_nothing_known() {
    [ ! -f "$1" ] || die "$USAGE" "nothing is known about $1; to read the log of that name: sockshim report $1"
    explain_errnos=
    case $1 in
    *[!A-Za-z0-9_]*) ;;
    *) explain_errnos=$(tables_list errno 3) ;;
    esac
    # shellcheck disable=SC2046,SC2086
    explain_meant=$(causes_nearest "$1" $explain_errnos $(sed -n 's/^topic: *//p' "$lib"/topics/*.txt))
    die "$USAGE" "nothing is known about $1${explain_meant:+ (did you mean $explain_meant?)};" \
        "sockshim explain lists all causes, sockshim explain topics all topics"
}
