#!/usr/bin/env bats
# Completion in bash, zsh and fish: what each really offers after TAB. All of it comes
# from the subcommands' help and the tables, so what is new there is offered, too.

bats_require_minimum_version 1.5.0

load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export BUILD
    mkdir -p bin site files
    ln -s "$SOCKSHIM_COMMAND" bin/sockshim
    cp "$BUILD/completions/sockshim.zsh" site/_sockshim
    touch files/some.log
    PATH=$PWD/bin:$PATH
}

# bash_offers LINE: one a line, in a bash whose cursor is at the end of LINE.
bash_offers() {
    bash --norc -c '
        source "$1"
        compopt() { :; }
        line=$2
        # As readline splits it, which breaks words at = too.
        read -ra COMP_WORDS <<<"${line//=/ = }"
        [[ $line != *" " && $line != *= ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        COMP_LINE=$line COMP_POINT=${#line}
        _sockshim
        printf "%s\n" "${COMPREPLY[@]}"' bash "$BUILD/completions/sockshim.bash" "$1"
}

fish_offers() {
    HOME=$PWD XDG_CONFIG_HOME=$PWD fish --no-config -c "source $BUILD/completions/sockshim.fish; complete -C '$1'" | cut -f 1
}

# zsh_types LINE: what the line is after TAB, in an interactive zsh on a terminal.
zsh_types() {
    "$PYTHON" - "$PWD/site" "$1" <<'END'
import os, pty, re, select, sys, time
site, line = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", PS1="", ZDOTDIR=site)
    os.execvp("zsh", ["zsh", "-f", "-i"])
shown = b""
def read_until(text):
    global shown
    end = time.monotonic() + 60
    while text not in shown:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit("waited in vain for %r in %r" % (text, shown))
        shown += os.read(terminal, 65536)
os.write(terminal, b"PS1= PROMPT_EOL_MARK=; unsetopt zle_bracketed_paste auto_menu; fpath=(%s $fpath); autoload -U compinit; compinit -u -D; zstyle ':completion:*' list-colors; LISTMAX=10000; keep() { print -r -- \"<$BUFFER>\"; BUFFER=; zle accept-line }; zle -N keep; bindkey '^X' keep; echo rea''dy\n" % site.encode())
read_until(b"ready")
shown = b""
# The key that prints the line comes after TAB, so its answer is that of the completion.
os.write(terminal, line.encode() + b"\t\x18")
read_until(b">")
while not re.search(rb"<[^>]*>", shown):
    shown += os.read(terminal, 65536)
print(re.search(rb"<([^>]*)>", shown).group(1).decode())
os.write(terminal, b"exit\n")
END
}

# offers OFFER LINE WORD...: each is offered for LINE.
offers() {
    local got word
    got=$("$1" "$2")
    for word in "${@:3}"; do
        grep -qxF -e "$word" <<<"$got" || fails_with "$1 '$2': no $word in: $(tr '\n' ' ' <<<"$got" | cut -c 1-600)"
    done
}

offers_not() {
    local got
    got=$("$1" "$2")
    ! grep -qxF -e "$3" <<<"$got" || fails_with "$1 '$2': $3"
}

# What help says is offered, option by option.
everything() {
    local offer=$1 name options
    # shellcheck disable=SC2046
    offers "$offer" "sockshim " $(subcommands) help
    for name in $(subcommands); do
        options=$("$SOCKSHIM_COMMAND" help "$name" | sed -n 's/^  *\(-[^ ]*\),* *\(--[a-z-]*\)\{0,1\}.*/\1 \2/p' | tr -d ,)
        [ "$name" != doctor ] || options=--level # those of run
        case $name in
        run | report | follow) [ -n "$options" ] || fails_with "no options in the help of $name" ;;
        *) [ -n "$options" ] || continue ;;
        esac
        # shellcheck disable=SC2046
        offers "$offer" "sockshim $name --" $(tr ' ' '\n' <<<"$options" | grep '^--')
    done
    offers "$offer" "sockshim report --level " debug info warn error
    offers "$offer" "sockshim report --level=" $3
    offers "$offer" "sockshim --format " logfmt json
    offers "$offer" "sockshim run --sigpipe " sockets ignore always off
    offers "$offer" "sockshim report --cause peer-r" peer-reset
    offers "$offer" "sockshim report --cause timeout,ECONNR" timeout,ECONNREFUSED timeout,ECONNRESET
    offers "$offer" "sockshim run --skip acce" accept4
    offers "$offer" "sockshim --accept " careful off
    offers "$offer" "sockshim --eintr " restart off
    offers "$offer" "sockshim doctor --reset " eof off
    offers "$offer" "sockshim --recorder-calls " failed all
    offers "$offer" "sockshim run --recorder files/so" files/some.log
    offers "$offer" "sockshim report --since " today yesterday
    offers "$offer" "sockshim recorder --around " today
    offers "$offer" "sockshim explain na" nagle
    offers "$offer" "sockshim explain to" topics
    offers_not "$offer" "sockshim report -" -
    # shellcheck disable=SC2046
    offers "$offer" "sockshim explain " $(tables cause 1) ECONNRESET
    offers "$offer" "sockshim report files/so" files/some.log
    offers "$offer" "sockshim help exp" explain
    offers_not "$offer" "sockshim report --" --skip
    offers_not "$offer" "sockshim run --" --since
}

@test "bash offers subcommands, options, values, causes, files" {
    everything bash_offers "" "debug info warn error"
    offers bash_offers "sockshim run -- unsh" unshare
    offers bash_offers "sockshim --level info unsh" unshare
    offers bash_offers "sockshim -o log -- cat files/so" files/some.log
}

@test "fish offers subcommands, options, values, causes, files" {
    everything fish_offers "" "--level=debug --level=info --level=warn --level=error"
    offers fish_offers "sockshim run -- unsh" unshare
    offers fish_offers "sockshim --level info -- cat files/so" files/some.log
    offers fish_offers "sockshim --dead-peer 30s cat files/so" files/some.log
}

# becomes LINE EXPECTED
becomes() {
    local got
    got=$(zsh_types "$1")
    [ "$got" = "$2" ] || fails_with "'$1' becomes '$got'"
}

@test "zsh completes subcommands, options, values, causes, files" {
    becomes "sockshim foll" "sockshim follow "
    becomes "sockshim report --unt" "sockshim report --until="
    becomes "sockshim report --level=deb" "sockshim report --level=debug "
    becomes "sockshim follow --why --col" "sockshim follow --why --color="
    becomes "sockshim report --cause=timeout,peer-r" "sockshim report --cause=timeout,peer-reset,"
    becomes "sockshim explain ECONNRES" "sockshim explain ECONNRESET "
    becomes "sockshim report files/so" "sockshim report files/some.log "
    becomes "sockshim --watch" "sockshim --watch-only "
    becomes "sockshim run -- unshar" "sockshim run -- unshare "
    becomes "sockshim help exp" "sockshim help explain "
    becomes "sockshim --accept=car" "sockshim --accept=careful "
    becomes "sockshim --recorder-calls=fa" "sockshim --recorder-calls=failed "
    becomes "sockshim report --since=yest" "sockshim report --since=yesterday "
    becomes "sockshim recorder --fail" "sockshim recorder --failures "
    becomes "sockshim explain nag" "sockshim explain nagle "
}
