#include "tell/why_handled.h"

#include <errno.h>

static void put_name(struct text *t, const struct change *c)
{
    text_add(t, setting_rows[c->setting].variable);
}

static void put_duration(struct text *t, unsigned ms)
{
    text_unsigned(t, ms % 1000 == 0 ? ms / 1000 : ms);
    text_add(t, ms % 1000 == 0 ? " s" : " ms");
}

static void put_times(struct text *t, const struct change *c)
{
    text_unsigned(t, c->tries);
    text_add(t, c->tries == 1 ? " time over " : " times over ");
    put_duration(t, c->waited_ms);
}

/* The option was refused, or the connection ended. */
static void dead_peer(struct text *t, const struct change *c)
{
    if (c->err == 0) {
        text_add(t, "The program tried to set this option to a laxer value than ");
        put_name(t, c);
        text_add(t, " allows; the call reported success, but the option is unchanged.");
        return;
    }
    text_add(t, "The peer had not responded for ");
    put_duration(t, settings.handling.dead_peer_ms);
    text_add(t, ", so the kernel ended the connection (");
    put_name(t, c);
    text_add(t, "); otherwise it would have been kept for many minutes, or for ever.");
}

static void keepalive(struct text *t, const struct change *c)
{
    if (c->err == 0) {
        text_add(t, "The program turned SO_KEEPALIVE off; the call reported success, but the "
                    "option stays on (");
        put_name(t, c);
        text_add(t, ").");
        return;
    }
    text_add(t, "The peer did not answer the keepalive probes that ");
    put_name(t, c);
    text_add(t, " requests, so the kernel ended the connection; without them the call would have "
                "kept waiting.");
}

static void connect_timeout(struct text *t, const struct change *c)
{
    text_add(t, "There was no answer within ");
    put_duration(t, settings.handling.connect_timeout_ms);
    text_add(t, " (");
    put_name(t, c);
    text_add(t, c->call == CALL_connect
                    ? "); otherwise the kernel would have kept trying, for two minutes by default."
                    : ", rounded up to the kernel's retransmission steps, as the call does not "
                      "block); otherwise the kernel would have kept trying, for two minutes by "
                      "default.");
}

static void connect_retry(struct text *t, const struct change *c)
{
    text_add(t, "The connect failed and was retried ");
    put_times(t, c);
    text_add(t, c->given >= 0 ? ", until it succeeded (" : ", without success (");
    put_name(t, c);
    text_add(t, ").");
}

/* A receive that waited for more has been given what there was. */
static bool is_short(const struct change *c)
{
    return c->setting == SETTING_RECV_TIMEOUT && c->call != CALL_splice && c->given > 0;
}

static void recv_timeout(struct text *t, const struct change *c)
{
    if (is_short(c)) {
        text_add(t, "Not all that the call waits for arrived within ");
        put_duration(t, settings.handling.recv_timeout_ms);
        text_add(t, " (");
        put_name(t, c);
        text_add(t, ", by SO_RCVTIMEO), so it returned what had arrived; otherwise it would have "
                    "kept waiting.");
        return;
    }
    text_add(t, "Nothing arrived for ");
    put_duration(t, settings.handling.recv_timeout_ms);
    text_add(t, " (");
    put_name(t, c);
    text_add(t, ", by SO_RCVTIMEO); otherwise the call would have kept waiting.");
}

static void backlog(struct text *t, const struct change *c)
{
    put_name(t, c);
    text_add(t, " requests a longer queue than the program does; the kernel allows at most "
                "net.core.somaxconn.");
}

static void reuseaddr(struct text *t, const struct change *c)
{
    text_add(t, "The address was still held by connections in TIME_WAIT or by another socket that "
                "allows it; SO_REUSEADDR (");
    put_name(t, c);
    text_add(t, ") let the program bind to it.");
}

static void accept_careful(struct text *t, const struct change *c)
{
    bool is_limit = c->err == EMFILE || c->err == ENFILE;
    text_add(t, is_limit ? "No descriptor was free; the accept was retried "
                         : "The error came from the network, not from the listening socket; the "
                           "accept was retried ");
    put_times(t, c);
    text_add(t, " (");
    put_name(t, c);
    text_add(t, ").");
}

static void eintr(struct text *t, const struct change *c)
{
    text_add(t, "The program's handler of this signal was installed with SA_RESTART (");
    put_name(t, c);
    text_add(t, "): calls that it interrupts are restarted instead of failing with EINTR.");
}

static void reset_eof(struct text *t, const struct change *c)
{
    text_add(t, "The connection failed, and the program was given an end of stream instead (");
    put_name(t, c);
    text_add(t, "): what it has received may be truncated, and it cannot tell.");
}

typedef void writer(struct text *, const struct change *);

static writer *const writers[SETTING_COUNT] = {
    [SETTING_DEAD_PEER] = dead_peer,
    [SETTING_KEEPALIVE] = keepalive,
    [SETTING_CONNECT_TIMEOUT] = connect_timeout,
    [SETTING_CONNECT_RETRY] = connect_retry,
    [SETTING_RECV_TIMEOUT] = recv_timeout,
    [SETTING_BACKLOG] = backlog,
    [SETTING_REUSEADDR] = reuseaddr,
    [SETTING_ACCEPT] = accept_careful,
    [SETTING_EINTR] = eintr,
    [SETTING_RESET] = reset_eof,
};

void handled_sentence(struct text *t, const struct change *c)
{
    writers[c->setting](t, c);
}

/* ---- Both sides in a word ---- */

static void put_failure(struct text *t, int err)
{
    const char *name = errno_name(err);
    text_add(t, "-1 ");
    text_add(t, name ? name : "?");
}

static void put_call(struct text *t, const char *call, int number)
{
    text_add(t, call);
    text_add(t, "(");
    text_signed(t, number);
    text_add(t, ")");
}

static bool is_wait(const struct change *c)
{
    return c->err && c->setting != SETTING_CONNECT_RETRY && c->setting != SETTING_ACCEPT &&
           c->setting != SETTING_REUSEADDR && c->setting != SETTING_RESET;
}

void handled_would(struct text *t, const struct change *c)
{
    if (is_wait(c)) {
        text_add(t, "waits");
    } else if (c->err) {
        put_failure(t, c->err);
    } else if (c->setting == SETTING_BACKLOG) {
        put_call(t, "listen", c->asked);
    } else if (c->setting == SETTING_EINTR) {
        text_add(t, "signal ");
        text_signed(t, c->asked);
        text_add(t, " interrupts");
    } else {
        text_signed(t, c->asked);
    }
}

static void put_result(struct text *t, const struct change *c)
{
    if (c->given < 0) {
        put_failure(t, -c->given);
    } else {
        text_add(t, c->setting == SETTING_ACCEPT ? "a connection" : "0");
    }
}

void handled_given(struct text *t, const struct change *c)
{
    if (is_wait(c) && !is_short(c)) {
        text_add(t, c->call == CALL_getsockopt ? "SO_ERROR ETIMEDOUT" : "-1 ETIMEDOUT");
    } else if (c->err && !is_short(c)) {
        put_result(t, c);
    } else if (c->setting == SETTING_BACKLOG) {
        put_call(t, "listen", c->given);
    } else if (c->setting == SETTING_EINTR) {
        text_add(t, "SA_RESTART");
    } else {
        text_signed(t, c->given);
    }
}
