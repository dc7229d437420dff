# What check says of a process or a command that may be anybody's. After json.awk.

!ENVIRON["CHECK_JSON"] { print printable($0); next }

# "NAME: yes, REASON" or "NAME: no, REASON"; then "  KEY: VALUE".
NR == 1 && match($0, /: (yes|no), /) {
    subject = substr($0, 1, RSTART - 1)
    works = substr($0, RSTART + 2, 1) == "y" ? "true" : "false"
    reason = substr($0, RSTART + RLENGTH)
    printf "{\"subject\": %s, \"works\": %s, \"why\": %s", json_text(subject), works, json_text(reason)
    next
}
match($0, /^  [a-z ]+: /) {
    key = shown = substr($0, 3, RLENGTH - 4)
    gsub(/ /, "_", key)
    printf ", %s: %s", json_text(key), json_text(substr($0, length(shown) + 5))
}
END { if (subject != "") print "}" }
