# Completion for bash, from generate's lines.

$1 == "values" { lists = lists sprintf("        %s) echo \"%s\" ;;\n", $2, $3) }
$1 == "command" {
    names = names " " $2
    arguments = arguments sprintf("        %s) echo %s ;;\n", $2, $4)
}
$1 == "option" {
    name = $4 == "-" ? $3 : $4
    options[$2] = options[$2] " " ($3 == "-" ? "" : $3 " ") ($4 == "-" ? "" : $4)
    if ($5 != "none") {
        values = values sprintf("        %s/%s) echo %s ;;\n", $2, name, $5)
        if ($3 != "-" && name != $3)
            values = values sprintf("        %s/%s) echo %s ;;\n", $2, $3, $5)
    }
}
END {
    print "# bash completion for sockshim; generated: scripts/completions/generate\n"
    print "_sockshim_values() {\n    case $1 in\n" values "    esac\n}\n"
    print "_sockshim_arguments() {\n    case $1 in\n" arguments "        help) echo subcommands ;;\n    esac\n}\n"
    print "_sockshim_list() {\n    case $1 in\n" lists "    esac\n}\n"
    print "_sockshim_options() {\n    case $1 in"
    for (command in options)
        printf "        %s) echo \"%s\" ;;\n", command, substr(options[command], 2)
    print "    esac\n}\n"
    print "_sockshim_commands=\"" substr(names, 2) " help\"\n"
    while ((getline line <(ENVIRON["BODY"])) > 0)
        print line
}
