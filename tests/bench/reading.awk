# Prints a log of BYTES (-v), of a KIND: reading.sh.

function repeated(text, times,    all) {
    while (times-- > 0)
        all = all text
    return all
}

function head(n, prog) {
    return sprintf("ts=2026-11-22T%02d:%02d:%02d.%06dZ level=warn event=return pid=%d tid=%d prog=%s call=recv fd=7 ret=-1 errno=104 error=ECONNRESET", \
        n / 3600 % 24, n / 60 % 60, n % 60, n, n % 4000000, n, prog)
}

function ends(local, peer) {
    return " len=4096 type=tcp local=" local " peer=" peer " state=CLOSE rx=20044 tx=78 unacked=0 unsent=0 side=connected idle_ms=4 sent_ms=4 rtt_us=23 retrans=0"
}

function line_of(n) {
    if (kind == "ordinary")
        return head(int(n / 100), "billing") ends("10.0.0.5:" 32768 + n % 28000, "10.0.0.9:" 5432) WHY
    if (kind == "quoted")
        return head(n, "\"a \\\"b\\\" " n "\"") " type=\"x y\" local=\"10.0.0.5:" n "\" peer=\"a b\\\"" n "\" state=\"C D\" cause=peer-reset why=\"\\\"\\\"\\\"" FILL "\\\"\""
    if (kind == "settings")
        return sprintf("ts=2026-11-22T12:00:00.%06dZ level=info event=start pid=%d tid=1 prog=p%d version=1 exe=x settings=\"level=info skip=%s only=x close=off\"", n % 1000000, n, n, SKIPPED)
    if (kind == "escapes")
        return "{\"ts\":\"2026-11-22T12:00:00.000000Z\",\"level\":\"warn\",\"event\":\"return\",\"pid\":" n ",\"prog\":\"" QUOTES "\",\"cause\":\"peer-reset\",\"peer\":\"" SLASHES "\",\"why\":\"" QUOTES "\"}"
    if (kind == "prefixes")
        return "Nov 22 12:00:00 host" n " unit" n "[" n "]: " head(n, "p" n) ends("10.0.0.5:1", "10.0.0.9:1") WHY
    return head(n, "p" n) ends("10.0.0.5:" n % 65536, "10." int(n / 65536) "." int(n / 256) % 256 "." n % 256 ":80") WHY
}

BEGIN {
    FILL = repeated("x", 120)
    QUOTES = repeated("\\\"", 150)
    SLASHES = repeated("\\\\", 150)
    SKIPPED = "a0"
    for (i = 1; i < 50; i++)
        SKIPPED = SKIPPED ",a" i
    WHY = " cause=peer-reset why=\"10.0.0.9:80 aborted the connection (RST) mid-stream, after 20044 bytes received from it and 78 bytes acknowledged by it; a second sentence.\""
    for (n = 1; size < bytes; n++) {
        line = line_of(n)
        size += length(line) + 1
        print line
    }
}
