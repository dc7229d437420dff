# The time line of report's page: bars of what is bad (of all, if nothing is), and a row
# for each of the worst causes below, on one axis. After report-html.awk and axis.awk.

BEGIN {
    # In the drawing's own units, of which one is a pixel at full width.
    CHART_WIDTH = 1040
    CHART_LEFT = 200 # where the names end
    TALL = 120
    LOW = 26
    GAP = 10
    MOST_CHART_COLUMNS = 120
    MOST_CHART_ROWS = 8
}

function put_time(    bad) {
    bad = worst[order[1]] >= RANK["warn"]
    least_charted = bad ? RANK["warn"] : worst[order[1]] >= RANK["info"] ? RANK["info"] : RANK["debug"]
    if (first_bucket == last_bucket) {
        put_section("time", "Over time", "All records came within " spoken(width) ".")
        end_section()
        return
    }
    choose_columns(MOST_CHART_COLUMNS)
    put_section("time", "Over time", "Each bar stands for " spoken(column) "; its height shows the number of records" \
        (bad ? " of level error or warn" : "") " in that time. Below, each of the worst causes has its own row; the number on the left is its highest bar. " \
        "Red is error, amber warn, blue info, grey debug; these levels are explained under <a href=\"#causes\">Causes</a>.")
    fill_chart()
    print "<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"Records over time\">"
    draw_chart()
    print "</div>"
    put_chart_table()
    end_section()
}

function fill_chart(    i, key, part, at, rank) {
    for (i = 1; i in order && chart_rows < MOST_CHART_ROWS; i++)
        if (worst[order[i]] >= RANK["info"] || least_charted == RANK["debug"])
            chart_row[order[i]] = ++chart_rows
    for (key in buckets) {
        split(key, part, SUBSEP)
        at = column_of(part[2])
        rank = worst[part[1]]
        in_column[at] += buckets[key]
        in_level[at, rank] += buckets[key]
        if (rank >= least_charted) {
            in_tall[at] += buckets[key]
            if (in_tall[at] > tallest)
                tallest = in_tall[at]
        }
        if (part[1] in chart_row) {
            i = chart_row[part[1]]
            in_row[i, at] += buckets[key]
            if (in_row[i, at] > highest[i])
                highest[i] = in_row[i, at]
        }
    }
}

function draw_chart(    at, columns, i, y, word) {
    columns = last_column - first_column + 1
    step_px = (CHART_WIDTH - CHART_LEFT - 10) / columns
    bar_px = step_px > 40 ? 32 : step_px * 0.82
    chart_bottom = GAP + TALL + chart_rows * (LOW + GAP)
    print "<svg viewBox=\"0 0 " CHART_WIDTH " " (chart_bottom + 30) "\" width=\"" CHART_WIDTH "\" height=\"" (chart_bottom + 30) \
        "\" role=\"img\" aria-label=\"" counted(records, "record", "records") " from " html(on_clock(earliest)) " to " html(on_clock(latest)) "; the table below has the figures\">"
    draw_axis()
    draw_name(GAP + TALL, least_charted == RANK["warn"] ? "error and warn" : "all records", tallest)
    for (at = 0; at < columns; at++)
        if (in_tall[at])
            draw_stack(at)
    for (i = 1; i in order; i++) {
        word = order[i]
        if (!(word in chart_row))
            continue
        y = GAP + TALL + chart_row[word] * (LOW + GAP)
        draw_name(y, word, highest[chart_row[word]])
        for (at = 0; at < columns; at++)
            if (in_row[chart_row[word], at])
                print "<g><title>" column_title(at) ": " thousands(in_row[chart_row[word], at]) " " word "</title>" \
                    bar(at, y, LOW * in_row[chart_row[word], at] / highest[chart_row[word]], LEVELS[worst[word]]) "</g>"
    }
    print "</svg>"
}

# The worst level at the bottom.
function draw_stack(at,    rank, y, height, out) {
    y = GAP + TALL
    for (rank = RANK["error"]; rank >= least_charted; rank--) {
        if (!in_level[at, rank])
            continue
        height = TALL * in_level[at, rank] / tallest
        out = out bar(at, y, height, LEVELS[rank])
        y -= height
    }
    print "<g><title>" column_title(at) ": " counted(in_tall[at], "record", "records") "</title>" out "</g>"
}

# Whatever there is can be seen.
function bar(at, y, height, class) {
    height = height < 1.5 ? 1.5 : height
    return sprintf("<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", class, CHART_LEFT + at * step_px, y - height, bar_px, height)
}

function draw_name(y, name, peak) {
    printf "<text class=\"name\" x=\"0\" y=\"%.1f\">%s</text>", y - 4, name
    printf "<text class=\"peak\" x=\"%d\" y=\"%.1f\">%s</text>", CHART_LEFT - 8, y - 4, thousands(peak)
    printf "<line class=\"base\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", CHART_LEFT, CHART_WIDTH - 10, y + 0.5, y + 0.5
}

function draw_axis(    step, time, x) {
    step = label_step(step_px / 7)
    for (time = first_label(step); floor(time / column) <= last_column; time += step) {
        x = CHART_LEFT + (time / column - first_column) * step_px
        printf "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, GAP, chart_bottom
        if (x + 7 * label_length(step) <= CHART_WIDTH)
            printf "<text class=\"tick\" x=\"%.1f\" y=\"%d\">%s</text>\n", x, chart_bottom + 20, label_at(time, step)
    }
}

function column_title(at) {
    return column_label(at) " to " column_label(at + 1)
}

function column_label(at) {
    return label_at((first_column + at) * column, column < 1000 ? 1 : column < 60000 ? 1000 : 60000)
}

function put_chart_table(    at) {
    print "<details>\n<summary>The figures as a table</summary>"
    begin_table("time-table", "Records over time, in figures", "From|#error|#warn|#info|#debug|#all")
    print "<tbody>"
    for (at = 0; at <= last_column - first_column; at++)
        if (in_column[at])
            print "<tr><td data-v=\"" at "\">" column_label(at) "</td>" number_cell(in_level[at, 4] + 0) number_cell(in_level[at, 3] + 0) \
                number_cell(in_level[at, 2] + 0) number_cell(in_level[at, 1] + 0) number_cell(in_column[at]) "</tr>"
    print "</tbody>"
    end_table()
    print "</details>"
}
