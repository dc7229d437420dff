# How a chart of report divides time. After report.awk and calendar.awk.

BEGIN {
    # What a column, and what the space between two labels may be, in ms.
    COLUMNS = "1 2 3 4 5 8 10 15 20 25 30 40 50 80 100 150 200 250 300 400 500 800 " \
        "1000 1500 2000 3000 4000 5000 6000 8000 10000 12000 15000 20000 25000 30000 40000 " \
        "60000 90000 120000 180000 240000 300000 360000 480000 600000 720000 900000 1200000 1500000 1800000 2400000 " \
        "3600000 5400000 7200000 10800000 14400000 21600000 28800000 43200000"
    LABELS = "1 2 5 10 20 50 100 200 500 1000 2000 5000 10000 15000 30000 " \
        "60000 120000 300000 600000 900000 1800000 3600000 7200000 10800000 21600000 43200000"
}

# The shortest time a column for which there is ROOM, in whole buckets: column, in ms,
# first_column and last_column.
function choose_columns(room,    n, all, i) {
    n = split(COLUMNS, all, " ")
    for (i = 1; i <= n + 1000000; i++) {
        column = i <= n ? all[i] + 0 : (i - n) * (width > DAY ? width : DAY)
        first_column = floor(start_of(first_bucket) / column)
        last_column = floor((start_of(last_bucket + 1) - 1) / column)
        if (column / width == int(column / width) && last_column - first_column < room)
            return
    }
}

# column_of(BUCKET): counted from the first one, which is 0.
function column_of(bucket) {
    return floor(start_of(bucket) / column) - first_column
}

# The time between two labels, in ms, where a column is so many characters wide.
function label_step(characters,    n, all, i, step) {
    n = split(LABELS, all, " ")
    for (i = 1; ; i++) {
        step = i <= n ? all[i] + 0 : i == n + 1 ? DAY : 2 * step
        if (step / column * characters >= label_length(step) + 3)
            return step
    }
}

# The first time on or after the first column's at which there is a label.
function first_label(step,    time, offset) {
    offset = 1000 * clock_offset(floor(first_column * column / 1000))
    time = first_column * column + offset
    return step * (floor(time / step) + (floor(time / step) * step < time)) - offset
}

function label_length(step) {
    return step < 1000 ? 12 : step < 60000 ? 8 : 5
}

function label_at(time, step,    day, ms, text) {
    time += 1000 * clock_offset(floor(time / 1000))
    day = floor(time / DAY)
    ms = time - day * DAY
    if (ms == 0 && step >= 60000)
        return substr(date_of(day), 6)
    text = sprintf("%02d:%02d:%02d.%03d", ms / 3600000, ms % 3600000 / 60000, ms % 60000 / 1000, ms % 1000)
    return substr(text, 1, label_length(step))
}
