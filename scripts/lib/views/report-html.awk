# The report as one page that needs nothing else: for people who have never seen
# sockshim. After report.awk, findings.awk, axis.awk, html.awk and causes.awk, with the
# other files report-html-*. In the environment: REPORT_CAUSES, the path of causes.txt;
# REPORT_VIEWS, the folder of this file; REPORT_VERSION; REPORT_NOW, the time.
#
# Whatever comes from a log goes through html(). The page forbids itself to load
# anything, and to run any script but its own, which has no data in it.

BEGIN {
    # Of report-html.css and report-html.js: openssl dgst -sha256 -binary FILE | base64
    STYLE_HASH = "utu80otsCLe8PGqh/F710ueGzkxyYGDAhmKhHpUKw9g="
    SCRIPT_HASH = "2iaDR43d1E5cmxG+FlDfwxPD7WOQprA3IaPU3k/b+Gg="
    MOST_FINDINGS = 50
    MOST_ROWS = 200 # of the tables of programs and hosts
    # More records than a screen has room for: each is kept, if there are not too many.
    FIRST_KEPT = 4096
    is_utf8 = 1
    needs_records = 1
}

function tell() {
    rank_causes()
    read_causes(ENVIRON["REPORT_CAUSES"])
    rank_programs(MOST_ROWS, 5)
    rank_hosts(MOST_ROWS, 5)
    if (records)
        find_connections()
    find_gaps()
    put_top()
    if (records)
        put_sections()
    put_gaps()
    put_logs()
    put_bottom()
}

function put_sections() {
    put_findings()
    put_time()
    put_causes()
    put_connections()
    put_programs()
    put_hosts()
    put_resets()
}

# ---- The frame ----

function put_top(    title) {
    title = page_title()
    print "<!DOCTYPE html>"
    print "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
    print "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-" STYLE_HASH "'; script-src 'sha256-" SCRIPT_HASH "'; base-uri 'none'; form-action 'none'\">"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    print "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">"
    print "<title>" title "</title>"
    put_file("style", "report-html.css")
    print "</head>\n<body>"
    print "<header>\n<p class=\"kicker\">sockshim report</p>\n<h1>" title "</h1>"
    print "<p class=\"when\">" when_text() "</p>"
    put_answer()
    put_introduction()
    put_terms()
    put_tiles()
    put_contents()
    print "</header>\n<main>"
    put_warning()
}

# Word for word: the browser compares what is between the tags with the hash.
function put_file(tag, name,    path, line) {
    path = ENVIRON["REPORT_VIEWS"] "/" name
    printf "<%s>", tag
    while ((getline line <path) > 0)
        print line
    close(path)
    print "</" tag ">"
}

function put_bottom() {
    print "</main>\n<footer><p>Made by sockshim " html(ENVIRON["REPORT_VERSION"]) " at " date_and_time(on_clock(ENVIRON["REPORT_NOW"])) \
        " " clock_name(ENVIRON["REPORT_NOW"]) ". This page is complete in itself: it loads nothing and sends nothing.</p></footer>"
    put_file("script", "report-html.js")
    print "</body>\n</html>"
}

# The program of the worst finding comes first; without findings, the one with most records.
function page_title(    n, first, second) {
    n = program_count
    if (!n)
        return "No records"
    first = finding_count && finding_prog[1] != "" ? finding_prog[1] : ranked_label["programs", 1]
    second = ranked_label["programs", first == ranked_label["programs", 1] ? 2 : 1]
    return "What happened to the connections of " html_value(cut_to(first, 60)) \
        (n == 1 ? "" : n == 2 ? " and " html_value(cut_to(second, 60)) : " and " thousands(n - 1) " other programs")
}

# The beginning of a text from a log, before it is made HTML.
function cut_to(text, most) {
    if (length(text) <= most)
        return text
    text = substr(text, 1, most)
    sub(/[\300-\377][\200-\277]*$/, "", text)
    return text "..."
}

function when_text() {
    if (!records)
        return left_out ? "No records match the filters (" thousands(left_out) " left out)." : "The logs have no records."
    return date_and_time(on_clock(earliest)) " to " \
        (is_within_a_day() ? html(substr(on_clock(latest), 12, 8)) : date_and_time(on_clock(latest))) " " clock_name(earliest) \
        " (" span(since_first_day(latest) - since_first_day(earliest)) ")"
}

function date_and_time(text) {
    return html(substr(text, 1, 10) " " substr(text, 12, 8))
}

function is_within_a_day() {
    return substr(on_clock(earliest), 1, 10) == substr(on_clock(latest), 1, 10)
}

function clock_name(at) {
    return ENVIRON["FILTER_CLOCK"] == "local" ? "local time (" offset_text(clock_offset(seconds_of(at))) ")" : "UTC"
}

# A time of the log: the date only where there are several. With N digits after the
# seconds' point.
function moment_html(at, n,    text) {
    text = on_clock(at)
    return "<time datetime=\"" html(at) "\">" html((is_within_a_day() ? "" : substr(text, 1, 10) " ") substr(text, 12, n ? 9 + n : 8)) "</time>"
}

# On the first screen, for whoever reads no further.
function put_answer() {
    if (finding_count)
        print "<p class=\"answer\"><a href=\"#finding-1\">" html_code(finding_title[1]) "</a>" \
            (finding_count > 1 ? "; and " thousands(finding_count - 1) " more <a href=\"#findings\">" (finding_count > 2 ? "findings" : "finding") "</a>" : "") "</p>"
    else if (records)
        print "<p class=\"answer\">" html(no_finding()) "</p>"
}

function put_introduction() {
    print "<p class=\"lead\">sockshim is loaded into a program and writes a <dfn>record</dfn> each time a socket call " \
        "(the means by which the program connects, sends and receives) returns 0 or &minus;1. That is how a program learns that a connection " \
        "has ended or that something has failed. Each record gives the reason, as far as the kernel of this machine knows it.</p>"
}

# Those of the field, which findings and sentences use without a word.
function put_terms() {
    print "<details class=\"terms\" id=\"terms\">\n<summary>Words used on this page</summary>\n<dl>"
    put_term("SYN, FIN, RST", "What the two ends of a TCP connection send each other: SYN requests a connection, FIN says that the sender has finished (a clean end), RST ends the connection abruptly (a reset).")
    put_term("Acknowledged", "The other machine has confirmed that the bytes arrived there. Its program need not have read them yet.")
    put_term("errno", "The number of an error, which programs print by name or in words: <code>ECONNRESET</code> is 104, &ldquo;Connection reset by peer&rdquo;.")
    put_term("Descriptor (fd)", "The number by which a process refers to one of its sockets.")
    put_term("SIGPIPE", "The signal that kills a program when it writes to a connection that is gone, unless the program handles it. sockshim suppresses it unless told not to.")
    put_term("Unix socket", "A connection between processes on one machine. Its address is a path.")
    put_term("10.0.0.5:443", "An address: the machine and, after the colon, the port, which identifies the service on that machine.")
    print "</dl>\n</details>"
}

function put_tiles(    i, bad) {
    if (!records)
        return
    for (i = 1; i in order; i++)
        if (worst[order[i]] >= RANK["warn"])
            bad += count[order[i]]
    print "<ul class=\"tiles\">"
    put_tile(thousands(records), records == 1 ? "record" : "records")
    put_tile(thousands(bad), "with a cause of level warn or error")
    put_tile(thousands(ranked_count["causes"]), ranked_count["causes"] == 1 ? "cause" : "different causes")
    put_tile(("programs" in forgotten ? "at least " : "") thousands(program_count), program_count == 1 ? "program" : "programs")
    put_tile(thousands(finding_count), finding_count == 1 ? "finding" : "findings")
    print "</ul>"
}

function put_tile(number, words) {
    print "<li><b>" number "</b> <span>" words "</span></li>"
}

function put_contents(    n, names, ids, i) {
    n = split("Findings|Time|Causes|Connections|Programs|Limits", names, "|")
    split("findings time causes connections programs limits", ids, " ")
    print "<nav aria-label=\"Contents\"><ul>"
    for (i = records ? 1 : n; i <= n; i++)
        print "<li><a href=\"#" ids[i] "\">" names[i] "</a></li>"
    print "</ul></nav>"
}

function put_section(id, title, words) {
    print "<section id=\"" id "\" aria-labelledby=\"" id "-title\">\n<h2 id=\"" id "-title\">" title "</h2>"
    if (words != "")
        print "<p class=\"about\">" words "</p>"
}

function end_section() {
    print "</section>"
}

# A table that is wider than the screen scrolls in its own box, with the keyboard, too.
# HEADS: a title each, with | between them; # before one of numbers, - before one that
# is not to be sorted by.
function begin_table(id, label, heads,    n, head, i, mark) {
    print "<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"" label "\">\n<table id=\"" id "\">\n<thead><tr>"
    n = split(heads, head, "|")
    for (i = 1; i <= n; i++) {
        mark = substr(head[i], 1, 1)
        print "<th scope=\"col\"" (mark == "#" ? " class=\"n\"" : "") (mark == "-" ? "" : " data-sort") ">" (mark ~ /[#-]/ ? substr(head[i], 2) : head[i]) "</th>"
    }
    print "</tr></thead>"
}

function end_table() {
    print "</table>\n</div>"
}

# A cell of a number, or of TEXT that sorts by it.
function number_cell(n, text) {
    return "<td class=\"n\" data-v=\"" (n == "" ? "" : sprintf("%.15g", n)) "\">" (text != "" ? text : n == "" ? "&ndash;" : thousands(n)) "</td>"
}

function moment_cell(at, n) {
    return "<td class=\"t\" data-v=\"" html(at) "\">" moment_html(at, n) "</td>"
}

# Told by its word, not by its colour alone.
function level_html(word) {
    return "<span class=\"level " word "\">" word "</span>"
}

function cause_link(word) {
    return word in count ? "<a href=\"#cause-" word "\">" word "</a>" : html(word)
}

# ---- Findings ----

function put_findings(    i) {
    put_section("findings", "Findings", "A <dfn>finding</dfn> is a pattern in the records: what happened, how often, " \
        "what that means and what to do about it. The worst comes first. The <dfn>peer</dfn> is the other end of a connection. " \
        "A program is the <dfn>client</dfn> of a connection that it made, and the <dfn>server</dfn> of one that it accepted.")
    if (!finding_count)
        print "<p class=\"none\">" html(no_finding()) "</p><p>" html(next_command() == "" ? where_else() : next_command()) "</p>"
    for (i = 1; i <= finding_count && i <= MOST_FINDINGS; i++)
        put_finding(i)
    if (finding_count > MOST_FINDINGS)
        print "<p class=\"cut\">" thousands(finding_count - MOST_FINDINGS) " more findings are left out here: <code>sockshim report --json</code> has them all.</p>"
    end_section()
}

function put_finding(i) {
    print "<article class=\"finding " finding_level[i] "\" id=\"finding-" i "\">"
    print "<h3><span class=\"number\">" i "</span> " html_code(finding_title[i]) " " level_html(finding_level[i]) "</h3>\n<div class=\"text\">"
    print "<p>" html_code(finding_evidence[i]) "</p>\n<p>" html_code(finding_meaning[i]) "</p>"
    print "<p class=\"do\"><b>What to do:</b> " html_code(finding_advice[i]) "</p>\n</div>\n<dl>"
    put_term("Program", html_value(finding_prog[i]) others_html(finding_progs[i]) (finding_side[i] == "connected" ? " (client)" : finding_side[i] == "accepted" ? " (server)" : ""))
    if (finding_peer[i] ~ /^local /)
        put_term("Own address", html_value(substr(finding_peer[i], 7)) others_html(finding_others[i]))
    else
        put_term(finding_side[i] == "accepted" ? "Service" : "Peer", html_value(finding_peer[i]) others_html(finding_others[i]))
    put_term("Records", thousands(finding_records[i]))
    put_term("First", moment_html(finding_first[i]))
    put_term("Last", moment_html(finding_last[i]))
    print "</dl>\n</article>"
}

function put_term(name, text) {
    if (text != "")
        print "<div><dt>" name "</dt><dd>" text "</dd></div>"
}

function others_html(list,    n, other, i, out) {
    n = split(list, other, "\n")
    for (i = 1; i <= n && i <= 5; i++)
        out = out "<br>" html_value(other[i])
    return out (n > 5 ? "<br>and " thousands(n - 5) " others" : "")
}
