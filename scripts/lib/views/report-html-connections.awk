# The connections of report's page, a row each, with their records: those that findings
# keep. After report-html.awk and findings.awk.

BEGIN {
    MOST_CONNECTIONS = 500
    MOST_RECORDS = 12 # of one
    # What ends a connection.
    ENDS = "^(peer-closed|peer-reset|closed-unanswered|write-after-close|connection-timed-out|reset-by-own-close|gave-up-waiting|gave-up-connecting)$"
}

# find_connections(): conn_count; by number conn_members (records, with blanks between
# them), conn_size, conn_lead (the worst record), conn_causes, conn_level. Also a
# sentence of each cause in example_sentence, and connections_left_out.
function find_connections(    i, c) {
    for (i = 1; i <= kept_count; i++) {
        c = row_of_connection(i)
        conn_members[c] = conn_members[c] " " i
        conn_size[c]++
        conn_for[c] += kept_for[i]
        conn_last[c] = i
        if (index(conn_causes[c] " ", " " cause_of[i] " ") == 0)
            conn_causes[c] = conn_causes[c] " " cause_of[i]
        if (level_of[i] > conn_level[c]) {
            conn_level[c] = level_of[i]
            conn_lead[c] = i
        }
        if (!(cause_of[i] in example_sentence))
            example_sentence[cause_of[i]] = why_of[i]
    }
    connections_left_out = conn_count > MOST_CONNECTIONS ? conn_count - MOST_CONNECTIONS : 0
}

# What a connection has carried only grows: less means that it is another one, with the
# same addresses. Attempts to connect that failed are put together by process and peer.
function row_of_connection(i,    key, c, is_tcp) {
    is_tcp = type_of[i] ~ /tcp/ && local_of[i] != "" && peer_of[i] != ""
    key = machine_of[i] SUBSEP pid_of[i] SUBSEP type_of[i] SUBSEP peer_of[i]
    if (is_before_connection(i))
        key = key SUBSEP "attempts"
    else
        key = key SUBSEP local_of[i] SUBSEP (is_tcp ? "" : fd_of[i])
    c = conn_now[key]
    if (c == "" || !is_before_connection(i) && is_another(c, i, is_tcp)) {
        c = conn_now[key] = ++conn_count
        is_attempt[c] = is_before_connection(i)
    }
    return c
}

function is_another(c, i, is_tcp,    before) {
    before = conn_last[c]
    if (rx_of[i] != "" && rx_of[before] != "" && rx_of[i] < rx_of[before])
        return 1
    return !is_tcp && cause_of[i] ~ ENDS && index(conn_causes[c] " ", " " cause_of[i] " ")
}

function put_connections(    c, rank) {
    put_section("connections", "Connections", "Worst first, then by time. Each row is one connection of one process, or the failed attempts of a process to connect to one peer; open it to see its records. " \
        "<dfn>Local</dfn> is this program&rsquo;s end, <dfn>peer</dfn> the other end. <dfn>Received</dfn> and <dfn>sent</dfn> are bytes over the life of the connection; sent counts only what the peer had acknowledged.")
    if (!conn_count) {
        print "<p class=\"none\">No record belongs to a single connection.</p>"
        end_section()
        return
    }
    put_filter()
    begin_table("connections-table", "Connections", "Time|Program|Local|Peer|Level|-Causes|#Records|#Received|#Sent")
    for (rank = RANK["error"]; rank >= RANK["debug"]; rank--)
        for (c = 1; c <= conn_count && shown_connections < MOST_CONNECTIONS; c++)
            if (conn_level[c] == rank) {
                shown_connections++
                put_connection(c)
            }
    end_table()
    if (connections_left_out)
        print "<p class=\"cut\">" counted(connections_left_out, "connection is", "connections are") " left out: the lowest levels first, then the latest. Filters on the command line (<code>--since</code>, <code>--peer</code>, <code>--cause</code>) choose others.</p>"
    end_section()
}

# For the script, which shows it.
function put_filter(    i) {
    print "<form class=\"filter\" data-for=\"connections-table\" hidden>"
    print "<label>Search <input type=\"search\" name=\"text\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"address, program, errno&hellip;\"></label>"
    print "<label>Level <select name=\"level\"><option value=\"\">all</option><option value=\"4\">error</option><option value=\"3\">warn and error</option><option value=\"2\">info and above</option></select></label>"
    print "<label>Cause <select name=\"cause\"><option value=\"\">all</option>"
    for (i = 1; i in order; i++)
        if (order[i] in example_sentence)
            print "<option>" order[i] "</option>"
    print "</select></label>\n<output aria-live=\"polite\"></output>\n</form>"
}

function put_connection(c,    i, n, member, first_one) {
    n = split(conn_members[c], member, " ")
    first_one = member[1]
    i = conn_lead[c]
    print "<tbody data-level=\"" conn_level[c] "\" data-causes=\"" html(conn_causes[c]) " \">"
    print "<tr>" moment_cell(ts_of[first_one], 3) "<td>" html_value(prog_of[i]) " <small>" html_value(pid_of[i]) where_html(i) "</small></td>" \
        "<td class=\"peer\">" (is_attempt[c] || local_of[i] == "" ? "&ndash;" : html_value(local_of[i])) "</td><td class=\"peer\">" (peer_of[i] == "" ? "&ndash;" : html_value(peer_of[i])) "</td>" \
        "<td data-v=\"" conn_level[c] "\">" level_html(LEVELS[conn_level[c]]) "</td><td>" causes_html(conn_causes[c]) "</td>" \
        number_cell(conn_for[c], (conn_for[c] > n + 0.5 ? "about " : "") thousands(conn_for[c])) number_cell(rx_of[conn_last[c]]) number_cell(tx_of[conn_last[c]]) "</tr>"
    print "<tr class=\"more\"><td colspan=\"9\"><details><summary>" html_value(why_of[i]) "</summary>\n<ol>"
    for (i = 1; i <= n && i <= MOST_RECORDS; i++)
        put_record(member[i], member[i] == conn_lead[c])
    print "</ol>"
    if (n > MOST_RECORDS)
        print "<p class=\"cut\">" thousands(n - MOST_RECORDS) " more, the last at " moment_html(ts_of[member[n]], 3) ".</p>"
    print "</details></td></tr></tbody>"
}

function where_html(i) {
    return (side_of[i] == "connected" ? " client" : side_of[i] == "accepted" ? " server" : "") (machine_of[i] == "" ? "" : " on " html(machine_of[i]))
}

function causes_html(list,    n, word, i, out) {
    n = split(list, word, " ")
    for (i = 1; i <= n; i++)
        out = out (i > 1 ? ", " : "") cause_link(word[i])
    return out
}

# ---- A record ----

# What all can read first, then what the call was, then the figures.
function put_record(i, is_told,    out) {
    read_record(kept_line[kept_place[i]])
    print "<li>" moment_html(ts, 6) " <code>" html_value(call_text()) "</code> " cause_link(cause_of[i]) \
        (kept_for[i] > 1.5 ? " <small>one of about " thousands(kept_for[i]) " alike</small>" : "")
    if (!is_told)
        print "<p>" html_value(why_of[i]) "</p>"
    facts = ""
    add_fact("state", value("state"))
    add_fact("received", bytes_text("rx"))
    add_fact("acknowledged", bytes_text("tx"))
    add_fact("not acknowledged", some_bytes("unacked"))
    add_fact("not sent", some_bytes("unsent"))
    add_fact("not read by the program", some_bytes("unread"))
    add_fact("last received", ago_text("idle_ms"))
    add_fact("last sent", ago_text("sent_ms"))
    add_fact("round trip", value("rtt_us") == "" ? "" : thousands(value("rtt_us")) " \302\265s")
    add_fact("retransmitted", value("retrans") + 0 ? thousands(value("retrans")) : "")
    add_fact("called from", value("at"))
    add_fact("thread", value("thread"))
    if (facts != "")
        print "<ul class=\"facts\">" facts "</ul>"
    print "</li>"
}

# recv(fd 7, 4,096 bytes) = -1 ECONNRESET
function call_text(    out) {
    out = value("call") "(" (value("fd") == "" ? "" : "fd " value("fd")) (value("len") == "" ? "" : ", " spoken_bytes(value("len"))) \
        (value("flags") == "" ? "" : ", " value("flags")) ")"
    return out " = " value("ret") (value("error") == "" || value("error") == "0" ? "" : " " value("error"))
}

function add_fact(name, text) {
    if (text != "")
        facts = facts "<li>" name " <b>" html_value(text) "</b></li>"
}

function bytes_text(key) {
    return value(key) == "" ? "" : spoken_bytes(value(key))
}

function some_bytes(key) {
    return value(key) + 0 ? bytes_text(key) : ""
}

function ago_text(key) {
    return value(key) == "" ? "" : spoken(value(key)) " before"
}
