#include "tell/ends.h"

#include "base/kernel.h"
#include "tell/keys.h"

/* At most ADDRESS_MAX bytes of the line: a path of control bytes is cut. */
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

/* The address and the port of an IP socket once more, in keys of their own, for programs that
 * read JSON. VALUE: where its text begins in the line, "10.0.0.5:443" or "[::1]:443". */
static void put_parts(struct text *t, const struct address *a, const char *value, bool is_peer)
{
    const char *colon = t->at;
    if (!is_json(t) || !is_inet_family(address_family(a))) {
        return;
    }
    do {
        colon--;
    } while (colon > value && *colon != ':');
    size_t bracket = *value == '[';
    if (colon < value + 2 * bracket) {
        return; /* the line is full */
    }
    if (is_peer) {
        PUT_KEY(t, "peer_addr");
    } else {
        PUT_KEY(t, "local_addr");
    }
    put_json_quote(t);
    text_bytes(t, value + bracket, (size_t)(colon - value) - 2 * bracket);
    put_json_quote(t);
    if (is_peer) {
        PUT_NUMBER(t, "peer_port", address_port(a));
    } else {
        PUT_NUMBER(t, "local_port", address_port(a));
    }
}

void put_ends(struct text *t, const struct facts *f)
{
    const char *value;
    if (address_is_named(&f->local)) {
        PUT_KEY(t, "local");
        value = t->at + is_json(t);
        put_address(t, &f->local);
        put_parts(t, &f->local, value, false);
    }
    if (address_is_named(&f->peer)) {
        PUT_KEY(t, "peer");
        value = t->at + is_json(t);
        put_address(t, &f->peer);
        put_parts(t, &f->peer, value, true);
    }
    if (f->name.len > 0 && f->call != CALL_getaddrinfo) {
        PUT_VALUE(t, "peer_name", (const char *)address_at(&f->name), f->name.len, PEER_NAME_MAX);
    }
    if (f->peer_pid > 0) {
        PUT_NUMBER(t, "peer_pid", (unsigned)f->peer_pid);
    }
}
