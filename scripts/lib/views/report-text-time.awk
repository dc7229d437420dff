# Of the report for people: how many records when. After report-text.awk.

# A tall row for what is bad, or for all if nothing is; then a low one for each of
# the worst causes. All have one axis.
function put_chart(    i, names, numbers, from) {
    if (first_bucket == last_bucket)
        return
    choose_rows()
    for (i = 0; i <= rows; i++) {
        if (length(row_name[i]) > names)
            names = length(row_name[i])
        if (length(thousands(row_count[i])) > numbers)
            numbers = length(thousands(row_count[i]))
    }
    from = names + numbers + 3
    choose_columns(screen - from - 1)
    fill_columns()
    put_title("Over time (a column is " span(column) ", the number its peak)")
    for (i = 0; i <= rows; i++)
        put_row(i, i ? 1 : CHART_HEIGHT, names, numbers)
    put_axis(from)
}

# Debug records are shown if there is nothing else. row_of[CAUSE] is its low row.
function choose_rows(    i, word, lowest_shown, bad) {
    lowest_shown = worst[order[1]] < RANK["info"] ? RANK["debug"] : RANK["info"]
    for (i = 1; i in order; i++)
        if (worst[order[i]] >= RANK["warn"]) {
            bad++
            row_count[0] += count[order[i]]
        }
    row_style[0] = bad ? STYLE[LEVELS[worst[order[1]]]] : ""
    row_name[0] = bad == 1 ? order[1] : bad ? "warn, error" : "all records"
    if (!bad)
        row_count[0] = records
    least_in_tall = bad ? RANK["warn"] : RANK["debug"]
    for (i = bad == 1 || !(2 in order) ? 2 : 1; i in order && rows < MOST_LINES; i++) {
        word = order[i]
        if (worst[word] < lowest_shown)
            break
        row_of[word] = ++rows
        row_name[rows] = word
        row_style[rows] = STYLE[LEVELS[worst[word]]]
        row_count[rows] = count[word]
    }
}

function fill_columns(    key, part, at) {
    for (key in buckets) {
        split(key, part, SUBSEP)
        at = column_of(part[2])
        if (worst[part[1]] >= least_in_tall)
            add_to_column(0, at, buckets[key])
        if (part[1] in row_of)
            add_to_column(row_of[part[1]], at, buckets[key])
    }
}

function add_to_column(row, at, n) {
    cells[row, at] += n
    if (cells[row, at] > row_most[row])
        row_most[row] = cells[row, at]
}

function put_row(row, height, names, numbers,    line, at, text, steps) {
    for (line = height; line >= 1; line--) {
        text = ""
        for (at = 0; at <= last_column - first_column; at++) {
            steps = int(cells[row, at] * 8 * height / row_most[row] + 0.5)
            if (!steps && cells[row, at])
                steps = 1
            steps -= 8 * (line - 1)
            text = text (steps <= 0 ? " " : BLOCKS[steps > 8 ? 8 : steps])
        }
        sub(/ +$/, "", text)
        print left(line == height ? row_name[row] : "", names) "  " right(line == height ? thousands(row_most[row]) : "", numbers) " " \
            styled(text, row_style[row])
    }
}

# Labels at round times, each under the column that it marks.
function put_axis(from,    step, at, text, time) {
    step = label_step(1)
    for (time = first_label(step); floor(time / column) <= last_column; time += step) {
        at = floor(time / column) - first_column
        if (from + at + 1 + label_length(step) <= screen)
            text = left(text, at) "|" label_at(time, step)
    }
    if (text == "")
        text = "|" label_at(first_column * column, 1000)
    print blanks(from) text
}
