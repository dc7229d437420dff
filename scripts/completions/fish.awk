# Completion for fish, from generate's lines.

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/'/, "\\'", text)
    return "'" text "'"
}

function what(kind) {
    if (kind == "files")
        return " -r -F"
    if (kind == "commands")
        return " -x -a '(__fish_complete_subcommand)'"
    if (kind == "units")
        return " -x -a '(systemctl list-unit-files --type=service --no-legend --plain 2>/dev/null | string replace -r \" .*\" \"\")'"
    if (kind == "text")
        return " -x"
    if (kind == "causes" || kind == "skipped")
        return " -x -a '(__sockshim_list " list[kind] ")'"
    return " -x -a '" list[kind] "'"
}

function put(line) {
    lines = lines "complete -c sockshim -n " line "\n"
}

$1 == "values" { list[$2] = $3 }
$1 == "command" {
    names = names " " $2
    put("__sockshim_is_first -f -a " $2 " -d " quoted($3))
    if ($4 == "files")
        put("'__sockshim_is " $2 "' -F")
    else if ($4 == "commands")
        put("'__sockshim_is " $2 "' -x -a '(__sockshim_command_line)'")
    else if ($4 != "none")
        put("'__sockshim_is " $2 "'" what($4))
}
$1 == "option" && $2 == "run" && $5 != "none" { valued = valued ($3 == "-" ? "" : "|" $3) "|" $4 }
$1 == "option" {
    put("'__sockshim_is " $2 "'" ($3 == "-" ? "" : " -s " substr($3, 2)) ($4 == "-" ? "" : " -l " substr($4, 3)) ($5 == "none" ? "" : what($5)) " -d " quoted($6))
}
END {
    print "# fish completion for sockshim; generated: scripts/completions/generate\n"
    print "set -g __sockshim_commands" names " help\n"
    print "function __sockshim_is_first\n    test (count (commandline -opc)) -eq 1\nend\n"
    print "# Whether the subcommand is $argv[1]; run is meant if none is named.\nfunction __sockshim_is\n    set -l words (commandline -opc)\n    if set -q words[2]; and contains -- $words[2] $__sockshim_commands\n        test $words[2] = $argv[1]\n    else\n        test run = $argv[1]\n    end\nend\n"
    print "# The last of a list with commas.\nfunction __sockshim_list\n    set -l before (string replace -r '^(--[a-z]+=)?' '' -- (commandline -ct) | string match -r '^.*,')\n    for word in $argv\n        echo \"$before$word\"\n    end\nend\n"
    print "# COMMAND and its arguments, completed as if sockshim were not there.\nfunction __sockshim_command_line\n    set -l words (commandline -opc)[2..-1]\n    if set -q words[1]; and contains -- $words[1] $__sockshim_commands\n        set -e words[1]\n    end\n    while set -q words[1]; and string match -q -- '-*' $words[1]\n        set -l word $words[1]\n        set -e words[1]\n        test $word = --; and break\n        string match -qr -- '^(" substr(valued, 2) ")$' $word; and set -e words[1]\n    end\n    if set -q words[1]\n        complete -C \"$words \"(commandline -ct)\n    else\n        __fish_complete_command\n    end\nend\n"
    printf "%s", lines
    print "complete -c sockshim -n '__sockshim_is help' -f -a \"$__sockshim_commands\""
}
