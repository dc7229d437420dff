# follow's records for machines: each as an object on one line, with all its keys. After
# follow.awk and json.awk.

BEGIN {
    shows_others = 0
}

function show(line) {
    print json_record(own_part(line))
    fflush()
}

function tick(seconds) {}
function finish() {}
