# shellcheck shell=sh
# sockshim disable: undoes sockshim enable

. "${lib:?}/unit.sh"

disable_usage() {
    cat <<'END'
usage: sockshim disable [OPTIONS] UNIT

Removes the drop-in that sockshim enable UNIT wrote. It takes effect when the
unit is restarted. The logs are kept.

      --dry-run       print what would be removed, and remove nothing
      --root DIR      the unit belongs to the system in DIR, which is not
                      running
  -h, --help          print this

Exit status: 0; 1 if the unit is not enabled; 2 if the usage is wrong.
END
}

sockshim_disable() {
    disable_dry_run=''
    words_read disable --root --dry-run "$@"
}

disable_words() {
    unit_take_name "$@"
    [ -f "$unit_dropin" ] || die 1 "$unit_name is not enabled: $unit_dropin is not there"
    grep -qxF "$UNIT_MARK" "$unit_dropin" || die 1 "$unit_dropin was not written by sockshim enable: remove it by hand"
    if [ -n "$disable_dry_run" ]; then
        echo "$unit_dropin"
        return
    fi
    rm -f "$unit_dropin" || exit 1
    rmdir "${unit_dropin%/*}" 2>/dev/null
    unit_reload
    complain "$unit_dropin is removed; it takes effect with: systemctl restart $unit_name"
}

disable_option() {
    case $1 in
    --dry-run) disable_dry_run=yes ;;
    --root) unit_take_root "$2" ;;
    esac
}
