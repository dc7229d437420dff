# What a page of report cannot tell, for the logs do not have it or the page has no
# room. After report-html.awk.

BEGIN {
    MOST_SETTINGS = 10 # different values of one
}

# find_gaps(): gap_text[1...], gap_is_serious[...] for those that change what can be
# concluded from what is there.
function find_gaps() {
    gap_of_filters()
    gap_of_logs()
    gap_of_writing()
    gap_of_page()
}

function add_gap(is_serious, text) {
    gap_text[++gap_count] = text
    gap_is_serious[gap_count] = is_serious
    serious_gaps += is_serious
}

function gap_of_filters(    n, names, words, i, out, text) {
    n = split("SINCE UNTIL CAUSE PEER PROG PID HOST LEVEL", names, " ")
    for (i = 1; i <= n; i++) {
        text = ENVIRON["FILTER_" names[i]]
        if (text != "")
            out = out (out == "" ? "" : " ") "<code>--" tolower(names[i]) " " html(text) "</code>"
    }
    if (out != "")
        add_gap(1, "This page was made with filters: " out ". " counted(left_out, "record was", "records were") \
            " left out by them. This page says nothing about them, and findings that need them are missing.")
}

function gap_of_logs() {
    gap_of_setting(lowest_logged, 1, "without records below level ", ". Their absence here does not mean that nothing of the kind happened: a clean end of a connection, for instance, has level info.")
    gap_of_setting(skipped_in, 1, "without ", ": whether there were any is not known.")
    gap_of_setting(only_in, 0, "for these programs only: ", ". Nothing is known about other programs on the same machine.")
    gap_of_setting(has_no_closes, 0, "without records of ", ": it does not show when a program gave up waiting, or reset a connection itself.")
    if (!knows_settings)
        add_gap(0, "No program's start is in " (name_count == 1 ? "this log" : "these logs") \
            ", so it is not known whether records were left out when " (name_count == 1 ? "it was" : "they were") " written.")
}

# A setting of several logs is told once for each value that it has there.
function gap_of_setting(table, is_serious, before, after,    i, text, logs, values, n, j) {
    for (i = 1; i <= name_count; i++) {
        if (!(names[i] in table))
            continue
        text = table[names[i]]
        if (!(text in logs) && n < MOST_SETTINGS)
            values[++n] = text
        if (++logs[text] == 1)
            gap_logs[text] = html(names[i])
    }
    for (j = 1; j <= n; j++)
        add_gap(is_serious, "<b>" gap_logs[values[j]] "</b>" (logs[values[j]] > 1 ? " and " counted(logs[values[j]] - 1, "other log were", "other logs were") : " was") \
            " written " before html_value(values[j]) after)
}

function gap_of_writing(    key, part) {
    if (lost)
        add_gap(1, counted(lost, "record", "records") " could not be written (because of a full disk, for example): the figures are too low.")
    for (key in complaints) {
        split(key, part, SUBSEP)
        if (part[1] == "config")
            rank_in("gaps", part[2] SUBSEP part[3], complaints[key], 5)
    }
    for (key = 1; key <= ranked_count["gaps"]; key++) {
        split(ranked_label["gaps", key], part, SUBSEP)
        add_gap(0, "A setting of sockshim is wrong in " html_value(part[1]) ": " html_value(part[2]))
    }
    if (events["rotated"])
        add_gap(0, "The log was rotated " counted(events["rotated"], "time", "times") ": anything older than the oldest file that was read is missing.")
}

function gap_of_page(    name, noise) {
    add_gap(0, "Only calls that returned 0 or &minus;1 are recorded. Connections on which nothing failed or ended do not appear at all.")
    for (name in count)
        if (name in IS_NOISE)
            noise += count[name]
    if (noise)
        add_gap(0, counted(noise, "record", "records") " of ordinary kinds (" noise_names() ") are counted under causes and over time, but are not shown one by one.")
    if (is_sampled)
        add_gap(0, "There are too many records to show each one. Rare kinds are shown in full, frequent kinds as an even sample: " \
            thousands(kept_count) " records in all. Counts that are based on the sample are marked &ldquo;about&rdquo;. Connections without a record in the sample are not in the table." crowded_causes())
    if (connections_left_out)
        add_gap(0, counted(connections_left_out, "connection", "connections") " of lower level or later time " (connections_left_out == 1 ? "is" : "are") \
            " left out of the table of connections; choose with <code>--since</code>, <code>--peer</code> or <code>--cause</code> to see them.")
    for (name in forgotten)
        break
    if (name in forgotten)
        add_gap(0, "There are too many different peers, programs or processes to keep them all: counts of rare ones may be too low.")
    if (others)
        add_gap(0, counted(others, "line", "lines") " of the logs " (others == 1 ? "is" : "are") " not a record of sockshim: see the end of this page.")
}

# In which not each peer is a kind of its own.
function crowded_causes(    i, out) {
    for (i = 1; i in order; i++)
        if (order[i] in crowded)
            out = out (out == "" ? "" : ", ") order[i]
    return out == "" ? "" : " Of " out " there are too many peers: those that came after the first " MOST_STRATA_OF_A_CAUSE " (fewer, if " MOST_STRATA " are of other causes) are sampled together, so that a rare one of them may be missing."
}

function noise_names(    i, out) {
    for (i = 1; i in order; i++)
        if (order[i] in IS_NOISE)
            out = out (out == "" ? "" : ", ") order[i]
    return out
}

# Above the findings: what must be known before.
function put_warning(    i) {
    if (!serious_gaps)
        return
    print "<aside class=\"warning\" aria-label=\"What is missing\">\n<h2>Parts are missing</h2>\n<ul>"
    for (i = 1; i <= gap_count; i++)
        if (gap_is_serious[i])
            print "<li>" gap_text[i] "</li>"
    print "</ul>\n</aside>"
}

function put_gaps(    i) {
    put_section("limits", "What this page cannot tell")
    print "<ul class=\"gaps\">"
    for (i = 1; i <= gap_count; i++)
        print "<li>" gap_text[i] "</li>"
    print "</ul>"
    end_section()
}

function put_logs(    i) {
    put_section("logs", "Logs that were read")
    print "<ul>"
    for (i = 1; i <= name_count && i <= MOST_ROWS; i++)
        print "<li>" html(names[i]) "</li>"
    if (name_count > MOST_ROWS)
        print "<li>and " thousands(name_count - MOST_ROWS) " more</li>"
    print "</ul>"
    if (others) {
        print "<p>" counted(others, "line is", "lines are") " not a record" (others > MOST_EXAMPLES ? "; the first are" : "") ":</p>\n<ul class=\"lines\">"
        for (i = 1; i in example; i++)
            print "<li>" html(example_file[i] ":" example_at[i]) ": <code>" html(example[i]) "</code></li>"
        print "</ul>"
    }
    end_section()
}
