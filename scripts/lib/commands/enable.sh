# shellcheck shell=sh
# sockshim enable: runs a systemd service with sockshim, by a drop-in

. "${lib:?}/unit.sh"

enable_usage() {
    cat <<'END'
usage: sockshim enable [OPTIONS] UNIT

Runs a systemd service with sockshim: writes a drop-in,
/etc/systemd/system/UNIT.d/sockshim.conf, which sets LD_PRELOAD and the log. It
takes effect when the unit is restarted; sockshim disable UNIT undoes it. The
log is /var/log/sockshim/UNIT/PROGRAM.log, in a directory that systemd creates
for the unit's user (LogsDirectory=), so that it can be written whatever
ProtectSystem=, PrivateTmp= or DynamicUser= say.

      --dry-run       print the drop-in, and write nothing
      --journal       log to the journal instead, through standard error
      --level LEVEL   the lowest level: debug, info, warn or error (default:
                      info)
      --root DIR      the unit belongs to the system in DIR, which is not
                      running
      --force         do it even if check says that sockshim does not work with
                      it
  -h, --help          print this

A unit is refused if sockshim does not work with its program (static, Go,
another C library: sockshim check), or if it would not find libsockshim.so
because of RootDirectory=, ProtectHome=, PrivateTmp= or the like.

Exit status: 0; 1 if it is refused or cannot be written; 2 if the usage is
wrong.
END
}

sockshim_enable() {
    enable_dry_run='' enable_journal='' enable_level=info enable_force=''
    words_read enable "--level --root" "--dry-run --journal --force" "$@"
}

enable_words() {
    unit_take_name "$@"
    unit_find
    enable_check_program
    enable_check_sight
    if [ -n "$enable_dry_run" ]; then
        enable_print
        return
    fi
    enable_write
}

enable_option() {
    case $1 in
    --dry-run) enable_dry_run=yes ;;
    --journal) enable_journal=yes ;;
    --force) enable_force=yes ;;
    --root) unit_take_root "$2" ;;
    --level)
        . "$lib/tables.sh"
        enable_level=$(tables_level "$2") || wrong_call enable "--level $2 is not allowed; allowed: $enable_level"
        ;;
    esac
}

# Whether the shim can see into what the unit starts: check's word.
enable_check_program() {
    [ -f "${object:?}" ] || die "$USAGE" "$object is not there: $remedy"
    enable_programs=$(unit_values ExecStart | sed 's/^[-@:+!|]*//; s/^"\([^"]*\)".*/\1/; s/[[:blank:]].*//')
    [ -n "$enable_programs" ] || die 1 "$unit_name has no ExecStart="
    [ -z "$enable_force" ] || return 0
    while read -r enable_program; do
        enable_answer=$(sh "$0" check -- "$unit_root$enable_program" 2>&1) ||
            die 1 "$unit_name cannot be enabled: $enable_answer (--force does it anyway)"
    done <<END
$enable_programs
END
}

# What hides the object from the unit, or takes away its log.
enable_check_sight() {
    for enable_key in RootDirectory RootImage; do
        enable_value=$(unit_value "$enable_key")
        [ -z "$enable_value" ] || enable_refuse "$enable_key=$enable_value" "put the object into that system, and enable it with --root"
    done
    case $object/$(unit_value ProtectHome) in
    /home/*/yes | /home/*/true | /home/*/tmpfs | /root/*/yes | /root/*/true | /root/*/tmpfs) enable_refuse "ProtectHome=$(unit_value ProtectHome)" "run make install" ;;
    esac
    case $object/$(unit_value PrivateTmp) in
    /tmp/*/yes | /tmp/*/true | /var/tmp/*/yes | /var/tmp/*/true) enable_refuse "PrivateTmp=" "run make install" ;;
    esac
    for enable_path in $(unit_values InaccessiblePaths | tr ' ' '\n') $(unit_values TemporaryFileSystem | tr ' ' '\n' | sed 's/:.*//'); do
        case $object in
        "${enable_path%/}"/*) enable_refuse "$enable_path (InaccessiblePaths= or TemporaryFileSystem=)" "allow ${object%/*} with BindReadOnlyPaths=" ;;
        esac
    done
    [ -n "$enable_journal" ] || return 0
    enable_value=$(unit_value StandardError)
    case ${enable_value:-inherit} in
    null | tty* | socket* | fd:* | file:* | append:* | truncate:*) die 1 "$unit_name has StandardError=$enable_value, which does not lead to the journal: leave --journal out" ;;
    esac
}

# enable_refuse DIRECTIVE REMEDY
enable_refuse() {
    die 1 "$unit_name would not see $object because of $1: $2"
}

# %% is systemd's %, and %n then the shim's program name.
enable_print() {
    enable_preload=$(unit_values Environment | sed -n 's/.*LD_PRELOAD=\([^ "]*\).*/\1/p' | tail -n 1)
    case :$enable_preload: in
    *:"$object":*) ;;
    *) enable_preload=$object${enable_preload:+:$enable_preload} ;;
    esac
    printf '%s\n' "$UNIT_MARK" '[Service]' "Environment=\"LD_PRELOAD=$enable_preload\""
    if [ -n "$enable_journal" ]; then
        echo "Environment=SOCKSHIM_LOG=stderr SOCKSHIM_LEVEL=$enable_level"
    else
        echo "Environment=SOCKSHIM_LOG=/var/log/sockshim/%N/%%n.log SOCKSHIM_LEVEL=$enable_level"
        printf '%s\n' 'LogsDirectory=sockshim/%N' 'LogsDirectoryMode=0750'
    fi
    # A unit that names what it may execute must be able to map the object.
    [ -z "$(unit_value NoExecPaths)" ] || echo "ExecPaths=${object%/*}"
}

enable_write() {
    mkdir -p "${unit_dropin%/*}" 2>/dev/null || die 1 "cannot write to ${unit_dropin%/*}; run it as root, or see the drop-in with --dry-run"
    { enable_print >"$unit_dropin.new" && mv "$unit_dropin.new" "$unit_dropin"; } || die 1 "$unit_dropin cannot be written"
    unit_reload
    complain "$unit_dropin is written; it takes effect with: systemctl restart $unit_name"
    if [ -n "$enable_journal" ]; then
        complain "to read the log: journalctl -u $unit_name | sockshim report"
    else
        complain "to read the log: sockshim report /var/log/sockshim/${unit_name%.service}"
    fi
    complain "to undo it: sockshim disable $unit_name"
}
