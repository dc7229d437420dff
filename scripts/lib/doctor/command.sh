# shellcheck shell=sh
# shellcheck disable=SC2154 # $doctor_seconds, $doctor_watch and $lib are doctor.sh's
# For doctor.sh: the facts of the time while COMMAND runs.

# doctor_command [OPTIONS] -- COMMAND...: never comes back.
doctor_command() {
    case $1 in
    -*) ;;
    *) wrong_call doctor "$1 is not an option, and only options are allowed before --" ;;
    esac
    for doctor_word; do
        case $doctor_word in
        --seconds | --seconds=* | --watch | --watch=*) wrong_call doctor "${doctor_word%%=*} is not for doctor -- COMMAND, which compares the counters before and after" ;;
        -q) wrong_call doctor "-q is not allowed: with it, sockshim is gone before the counters can be compared" ;;
        --) break ;;
        esac
    done
    # shellcheck source=/dev/null # of its own
    . "$lib/commands/run.sh"
    run_launch "$(doctor_counters before && printf 'began\t%s\n' "$(doctor_clock)")" "$@"
}

# doctor_after COUNTERS LEVEL SKIP records|'' [FROM PATH]...: called by the launcher
# after its summary. LEVEL and SKIP are the log's, and PATH from byte FROM on is what
# the run has added to it.
doctor_after() {
    terminal_decide_columns
    {
        printf '%s\nended\t%s\n' "$1" "$(doctor_clock)"
        doctor_counters after
        doctor_knobs
        doctor_system
        doctor_conntrack
        doctor_addresses /proc/net
        doctor_udp 2 /proc/net
        doctor_resolvers "" default
        doctor_defaults
        ! command -v ss >/dev/null || {
            ! LC_ALL=C ss -Hxl 2>&1 >/dev/null | grep -q 'Address family not supported' || echo no-netlink
            { doctor_at_paths ss && ss -Hltunp | doctor_holders; } 2>/dev/null
        }
        printf 'level\t%s\nskip\t%s\n' "$2" "$3"
        doctor_records=$4
        shift 4
        doctor_searched "$@"
        [ -z "$doctor_records" ] || echo records
        doctor_parts "$@"
    } | doctor_awk command command_log command_losses command_ways shared names address
}

# From the output of ss: who holds which port, of TCP and UDP.
doctor_holders() {
    LC_ALL=C awk '{
        owner = ""
        if (match($0, /users:\(\("[^"]*",pid=[0-9]+/)) {
            owner = substr($0, RSTART + 9, RLENGTH - 9)
            sub(/",pid=/, ", pid ", owner)
        }
        print "holder\t" $1 "\t" $5 "\t" owner
    }'
}

# doctor_searched FROM PATH...: of the names in these logs that have dots, and fewer than ndots: the one with a
# search domain that has the address where the program went, if the name itself has others.
doctor_searched() {
    command -v getent >/dev/null || return 0
    doctor_list=$(awk '
        $1 == "search" { sub(/^[ \t]*search[ \t]+/, ""); list = $0 }
        $1 == "options" { for (i = 2; i <= NF; i++) if ($i ~ /^ndots:[0-9]+$/) ndots = substr($i, 7) }
        END { if (ndots > 1 && list != "") print ndots, list }' /etc/resolv.conf)
    [ -n "$doctor_list" ] || return 0
    doctor_ndots=${doctor_list%% *}
    doctor_parts "$@" | LC_ALL=C awk -v ndots="$doctor_ndots" '
        # Of a record, in either format: KEY=VALUE or "KEY":"VALUE".
        function value_of(key,    text) {
            if (!match($0, "[ ,\"]" key "\"?[=:]\"?[0-9A-Za-z._-]+"))
                return ""
            text = substr($0, RSTART, RLENGTH)
            sub(/.*[=:"]/, "", text)
            return text
        }
        /peer_name/ {
            name = value_of("peer_name")
            ip = value_of("peer")
            dots = name
            dots = gsub(/[.]/, "", dots)
            if (ip ~ /^[0-9.]+$/ && name ~ /[A-Za-z].*[^.]$/ && dots && dots < ndots && !said[ip, name]++ && ++count <= 3)
                print ip, name
        }' |
        while read -r doctor_ip doctor_name; do
            doctor_own=$(doctor_addresses_of "$doctor_name.")
            case " $doctor_own " in *" $doctor_ip "* | "  ") continue ;; esac
            for doctor_domain in ${doctor_list#* }; do
                case " $(doctor_addresses_of "$doctor_name.${doctor_domain%.}.") " in *" $doctor_ip "*) ;; *) continue ;; esac
                printf 'searched\t%s\t%s\t%s\t%s\t%s\n' "$doctor_name" "$doctor_name.$doctor_domain" "$doctor_ip" "$(echo "$doctor_own" | sed 's/ /, /g')" "$doctor_ndots"
                break
            done
        done
} 2>/dev/null

# What is asked here COMMAND has asked as well.
doctor_addresses_of() {
    timeout 2 getent ahosts "$1" | awk '$1 ~ /^[0-9.]+$/ && !said[$1]++ { line = line (line == "" ? "" : " ") $1 } END { print line }'
}

# doctor_parts FROM PATH...: from that byte on.
doctor_parts() {
    while [ $# -gt 1 ]; do
        tail -c "+$1" -- "$2"
        shift 2
    done
}
