# Completion for zsh, from generate's lines.

function quoted(text) {
    gsub(/'/, "'\\''", text)
    gsub(/\[/, "\\[", text)
    gsub(/\]/, "\\]", text)
    gsub(/:/, "\\:", text)
    return text
}

# What _arguments is to do for a kind of values.
function action(kind) {
    if (kind == "files")
        return ":" kind ":_files"
    if (kind == "commands")
        return ":" kind ":_command_names -e"
    if (kind == "units")
        return ":" kind ":_sockshim_units"
    if (kind == "text")
        return ":" kind ": "
    if (kind == "causes" || kind == "skipped")
        return ":" kind ":_sequence compadd - " list[kind]
    return ":" kind ":(" list[kind] ")"
}

$1 == "values" { list[$2] = $3 }
$1 == "command" {
    names = names " '" $2 ":" quoted($3) "'"
    order[++count] = $2
    arguments[$2] = $4
}
$1 == "option" {
    about = "[" quoted($6) "]"
    what = $5 == "none" ? "" : action($5)
    if ($3 != "-" && $4 != "-")
        text = "'(" $3 " " $4 ")'{" $3 "," $4 ($5 == "none" ? "" : "=") "}'" about what "'"
    else
        text = "'" ($4 != "-" ? $4 ($5 == "none" ? "" : "=") : $3) about what "'"
    options[$2] = options[$2] " \\\n            " text
}
END {
    print "#compdef sockshim\n# zsh completion for sockshim; generated: scripts/completions/generate\n"
    print "_sockshim_units() {\n    compadd - ${(f)\"$(systemctl list-unit-files --type=service --no-legend --plain 2>/dev/null | cut -d ' ' -f 1)\"}\n}\n"
    print "_sockshim() {\n    local command=run\n    local -a names=(" names " 'help:prints the help of a subcommand')"
    print "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n        _describe -t commands 'sockshim command' names\n        _command_names -e\n        return\n    fi"
    print "    if (( ${names[(I)$words[2]:*]} )); then\n        command=$words[2]\n        shift words\n        (( CURRENT-- ))\n    fi"
    print "    case $command in"
    for (i = 1; i <= count; i++) {
        name = order[i]
        kind = arguments[name]
        printf "    %s)\n        _arguments -s -S%s", name, options[name]
        if (kind == "commands")
            print " \\\n            '(-)1:command:_command_names -e' '*::arguments:_normal'"
        else
            print kind == "none" ? "" : " \\\n            '*" (kind == "causes" ? ":" kind ":(" list[kind] ")" : action(kind)) "'"
        print "        ;;"
    }
    print "    help) _describe -t commands 'sockshim command' names ;;\n    esac\n}\n\n_sockshim \"$@\""
}
