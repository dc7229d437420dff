# shellcheck shell=sh
# A systemd unit, as its files describe it: enable and disable work on systems that do
# not run, too.

# shellcheck disable=SC2034
UNIT_MARK='# Written by sockshim enable; sockshim disable removes it.'

unit_root=
unit_take_root() {
    unit_root=${1%/}
}

# unit_take_name WORD: $unit_name, and $unit_dropin in the system at $unit_root.
unit_take_name() {
    [ $# -le 1 ] || wrong_call "${words_subcommand:?}" "$words_subcommand takes one unit, not $1 and $2"
    unit_name=${1-}
    case $unit_name in
    '') wrong_call "$words_subcommand" "no unit is named" ;;
    */*) wrong_call "$words_subcommand" "$unit_name is a path; name the unit" ;;
    *.service) ;;
    *.socket | *.timer | *.path | *.target | *.mount | *.scope | *.slice) wrong_call "$words_subcommand" "$unit_name starts nothing itself; name its service" ;;
    *) unit_name=$unit_name.service ;;
    esac
    unit_dropin=$unit_root/etc/systemd/system/$unit_name.d/sockshim.conf
}

# unit_find: its text in $unit_text, with its drop-ins but ours behind it.
unit_find() {
    [ -z "$unit_root" ] || [ -d "$unit_root" ] || die 1 "--root $unit_root: there is no such directory"
    unit_template=
    case $unit_name in
    *@*) unit_template=${unit_name%%@*}@.service ;;
    esac
    unit_file=
    for unit_folder in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
        for unit_alias in "$unit_name" $unit_template; do
            [ -n "$unit_file" ] || [ ! -e "$unit_root$unit_folder/$unit_alias" ] || unit_file=$unit_root$unit_folder/$unit_alias
        done
    done
    [ -n "$unit_file" ] || die 1 "there is no unit $unit_name here"
    [ "$(readlink -f "$unit_file")" != /dev/null ] || die 1 "$unit_name is masked"
    unit_text=$(cat "$unit_file"
        for unit_folder in /usr/lib/systemd/system /lib/systemd/system /run/systemd/system /etc/systemd/system; do
            for unit_alias in $unit_template "$unit_name"; do
                for unit_conf in "$unit_root$unit_folder/$unit_alias.d"/*.conf; do
                    echo
                    [ "$unit_conf" = "$unit_dropin" ] || [ ! -f "$unit_conf" ] || cat "$unit_conf"
                done
            done
        done)
}

# unit_values DIRECTIVE: of the service, one assignment a line; an empty one discards
# those before it (systemd.syntax(7)).
unit_values() {
    printf '%s\n' "$unit_text" | awk -v key="$1" '
        /^[[:space:]]*[#;]/ { next }
        { line = line $0 }
        sub(/\\$/, " ", line) { next }
        {
            text = line
            line = ""
            gsub(/^[[:space:]]+|[[:space:]]+$/, "", text)
            if (text ~ /^\[/)
                in_service = text == "[Service]"
            at = index(text, "=")
            name = substr(text, 1, at - 1)
            sub(/[[:space:]]+$/, "", name)
            if (!in_service || name != key)
                next
            text = substr(text, at + 1)
            sub(/^[[:space:]]+/, "", text)
            if (text == "")
                count = 0
            else
                value[++count] = text
        }
        END { for (i = 1; i <= count; i++) print value[i] }'
}

# unit_value DIRECTIVE: the last.
unit_value() {
    unit_values "$1" | tail -n 1
}

# The system that runs is to read the drop-in.
unit_reload() {
    [ -z "$unit_root" ] && [ -d /run/systemd/system ] || return 0
    systemctl daemon-reload || complain "systemctl daemon-reload failed"
}
