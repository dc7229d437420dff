#include "tell/record_socket.h"

#include "base/kernel.h"
#include "tell/keys.h"
#include "tell/kind.h"
#include "tell/parts.h"
#include "tell/type.h"

enum { PEER_NAME_MAX = 64 };

static void put_type(struct text *t, const struct facts *f)
{
    const char *name = type_name(f);
    if (name) {
        PUT_WORD(t, "type", name);
    } else if (f->domain >= 0 && f->type >= 0) {
        PUT_KEY(t, "type");
        put_json_quote(t);
        text_signed(t, f->domain);
        text_char(t, '/');
        text_signed(t, f->type);
        put_json_quote(t);
    }
}

void put_address(struct text *t, const struct address *a)
{
    bool quoted = is_json(t) || !address_is_plain(a);
    if (quoted) {
        text_char(t, '"');
    }
    char *end = limit_to(t, ADDRESS_MAX);
    address_text(t, a);
    give_back(t, end);
    if (quoted) {
        text_char(t, '"');
    }
}

static void put_unread(struct text *t, const struct facts *f)
{
    if (f->has_queued && f->type == SOCK_STREAM) {
        PUT_NUMBER(t, "unread", f->queued);
    }
}

/* What keeps the program's data, or its SYN, from going out. */
static void put_blocked_by(struct text *t, const struct facts *f)
{
    if (is_kept_by_window(f)) {
        PUT_WORD(t, "blocked_by", "window");
    } else if (is_kept_on_this_host(f)) {
        PUT_WORD(t, "blocked_by", "host");
    }
}

static void put_ends(struct text *t, const struct facts *f)
{
    if (address_is_named(&f->local)) {
        PUT_KEY(t, "local");
        put_address(t, &f->local);
        put_parts(t, &f->local, false);
    }
    if (address_is_named(&f->peer)) {
        PUT_KEY(t, "peer");
        put_address(t, &f->peer);
        put_parts(t, &f->peer, true);
    }
    if (f->name.len > 0 && !call_resolves((enum call)f->call)) {
        PUT_VALUE(t, "peer_name", (const char *)address_at(&f->name), f->name.len, PEER_NAME_MAX);
    }
    if (f->peer_pid > 0) {
        PUT_NUMBER(t, "peer_pid", (unsigned)f->peer_pid);
    }
    if (f->listens_unseen == YES) {
        PUT_WORD(t, "bound", "unseen");
    }
}

void put_socket(struct text *t, const struct facts *f)
{
    put_type(t, f);
    put_ends(t, f);
    if (!f->was_connected) {
        put_blocked_by(t, f);
        put_unread(t, f);
        return;
    }
    const char *state = tcp_state_name(f->state);
    if (state) {
        PUT_WORD(t, "state", state);
    }
    if (f->has_payload) {
        PUT_NUMBER(t, "rx", f->rx);
        PUT_NUMBER(t, "tx", f->tx);
        PUT_NUMBER(t, "unacked", f->unacked);
        PUT_NUMBER(t, "unsent", f->unsent);
        put_blocked_by(t, f);
    }
    if (f->side != SIDE_UNKNOWN) {
        PUT_WORD(t, "side", f->side == CONNECTED ? "connected" : "accepted");
    }
    PUT_NUMBER(t, "idle_ms", f->idle_ms);
    if (f->has_sent) {
        PUT_NUMBER(t, "sent_ms", f->sent_ms);
    }
    if (f->fin_ms >= LEAST_SILENCE_MS) {
        PUT_NUMBER(t, "fin_ms", f->fin_ms);
    }
    if (f->err == 0 && f->receives && f->nonblocking == NO) {
        PUT_WORD(t, "blocking", "yes");
    }
    put_unread(t, f);
    PUT_NUMBER(t, "rtt_us", f->rtt_us);
    PUT_NUMBER(t, "retrans", f->retrans);
}
