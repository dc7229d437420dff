# The tables of report's page: causes, programs, hosts, and what resets have in common.
# After report-html.awk.

BEGIN {
    MOST_PEERS = 5 # of a cause
}

# ---- Causes ----

function put_causes(    i) {
    rank_peers(MOST_PEERS)
    put_section("causes", "Causes", "Each record has a <dfn>cause</dfn>: one word for why the call returned 0 or &minus;1. " \
        "Its <dfn>level</dfn> says how bad that is: <b>error</b> is a fault of this machine or program, <b>warn</b> a connection that failed or broke, " \
        "<b>info</b> a clean end, <b>debug</b> normal operation. The words in the first column link to their explanations.")
    begin_table("causes-table", "Causes", "Cause|Level|#Records|#Share|First|Last|-Peers with most records")
    print "<tbody>"
    for (i = 1; i in order; i++)
        put_cause_row(order[i])
    print "</tbody>"
    end_table()
    print "<h3>What they mean</h3>\n<div class=\"explained\">"
    for (i = 1; i in order; i++)
        explain_cause(order[i])
    print "</div>"
    end_section()
}

function put_cause_row(word,    share) {
    share = 100 * count[word] / records
    print "<tr><td><a href=\"#cause-" word "\">" word "</a></td><td data-v=\"" worst[word] "\">" level_html(LEVELS[worst[word]]) "</td>" \
        number_cell(count[word]) number_cell(share, sprintf("%.1f%%", share)) moment_cell(first[word]) moment_cell(last[word]) \
        "<td>" peers_html(word) "</td></tr>"
}

function peers_html(word,    group, i, out, more) {
    group = "peers of " word
    for (i = 1; i <= ranked_count[group]; i++)
        out = out (i > 1 ? ", " : "") "<span class=\"peer\">" html_value(ranked_label[group, i]) "</span> (" thousands(ranked[group, i]) ")"
    more = different_peers[word] - ranked_count[group]
    return out == "" ? "&ndash;" : out (more > 0 ? " and " ("peers" in forgotten ? "at least " : "") counted(more, "other", "others") : "")
}

function explain_cause(word,    n, key, title, i) {
    print "<details id=\"cause-" word "\" class=\"cause\">\n<summary><b>" word "</b> " html_code(cause_text[word, "when"]) "</summary>"
    if (word in example_sentence)
        print "<p class=\"example\"><b>For example:</b> " html_value(example_sentence[word]) "</p>"
    n = split("wire why look do", key, " ")
    split("On the wire|Usual reasons|Look at|What to do", title, "|")
    print "<dl>"
    for (i = 1; i <= n; i++)
        put_term(title[i], html_code(cause_text[word, key[i]]))
    print "</dl>"
    if (!((word, "when") in cause_text))
        print "<p>This version of sockshim does not know this cause; the log comes from another version.</p>"
    print "</details>"
}

# ---- Programs and hosts ----

function put_programs(    i, label) {
    put_section("programs", "Programs", "A <dfn>process</dfn> is one run of a program; its number is the PID. The records of all processes of a program are added up here.")
    begin_table("programs-table", "Programs", "Program|#Records|#Starts|#Processes|-Those with most records")
    print "<tbody>"
    for (i = 1; i <= ranked_count["programs"]; i++) {
        label = ranked_label["programs", i]
        print "<tr><td>" html_value(label) "</td>" number_cell(ranked["programs", i]) number_cell(starts[label]) \
            number_cell(different_processes[label]) "<td>" ranked_html("processes of " label) "</td></tr>"
    }
    print "</tbody>"
    end_table()
    put_rest(program_count - ranked_count["programs"], "program", "programs")
    end_section()
}

function put_hosts(    i, label, part) {
    if (!host_count)
        return
    put_section("hosts", "Hosts", "The machines, containers or pods that the records come from, as named in the lines of the logs, and the <dfn>unit</dfn>: the name of the service there.")
    begin_table("hosts-table", "Hosts", "Host|Unit|#Records|-Causes with most records")
    print "<tbody>"
    for (i = 1; i <= ranked_count["hosts"]; i++) {
        label = ranked_label["hosts", i]
        split(label, part, SUBSEP)
        print "<tr><td>" html(part[1]) "</td><td>" html(part[2]) "</td>" number_cell(ranked["hosts", i]) "<td>" ranked_html("causes of " label) "</td></tr>"
    }
    print "</tbody>"
    end_table()
    put_rest(host_count - ranked_count["hosts"], "host", "hosts")
    end_section()
}

function put_rest(n, one, many) {
    if (n > 0)
        print "<p class=\"cut\">" counted(n, one, many) " with fewer records left out.</p>"
}

function ranked_html(group,    i, out) {
    for (i = 1; i <= ranked_count[group]; i++)
        out = out (i > 1 ? ", " : "") html_value(ranked_label[group, i]) " (" thousands(ranked[group, i]) ")"
    return out
}

# ---- Resets ----

function put_resets(    n, m, idle, rx, i, j, most, from, to) {
    if (!resets)
        return
    put_section("resets", "Resets", "A <dfn>reset</dfn> (RST) ends a connection abruptly. For each one: how long nothing had arrived " \
        "from the peer before it, and how much had arrived in total. Many in one row suggest a timeout of that length; many without a byte received suggest a peer that never answered.")
    n = split(IDLE_LIMITS, idle, " ")
    m = split("none|1 to 1,023|1 to 64 KiB|64 KiB to 1 MiB|1 MiB or more", rx, "|")
    for (i = 1; i <= n + 1; i++)
        for (j = 1; j <= m; j++)
            if ((i, j) in reset_cells) {
                from = from == "" ? i : from
                to = i
                most = reset_cells[i, j] > most ? reset_cells[i, j] : most
            }
    begin_table("resets-table", "Resets", "-Silent for|-#" rx[1] "|-#" rx[2] "|-#" rx[3] "|-#" rx[4] "|-#" rx[5])
    print "<tbody>"
    for (i = from; i <= to; i++) {
        printf "<tr><td>%s</td>", (i == 1 ? "under " spoken(idle[1]) : i > n ? spoken(idle[n]) " or more" : spoken(idle[i - 1]) " to " spoken(idle[i]))
        for (j = 1; j <= m; j++)
            print reset_cell((i, j) in reset_cells ? reset_cells[i, j] : 0, most)
        print "</tr>"
    }
    print "</tbody>"
    end_table()
    end_section()
}

# The darker the more.
function reset_cell(n, most) {
    return n ? "<td class=\"n heat" (1 + int(3 * n / most)) "\">" thousands(n) "</td>" : "<td class=\"n\">&ndash;</td>"
}
