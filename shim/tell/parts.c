#include "tell/parts.h"

#include "base/kernel.h"

/* The text is in the line already, in quotes: "10.0.0.5:443" or "[::1]:443". */
void put_json_parts(struct text *t, const struct address *a, bool is_peer)
{
    const char *end = t->at - 1;
    const char *begin = end;
    if (!is_inet_family(address_family(a))) {
        return;
    }
    while (begin[-1] != '"') {
        begin--;
    }
    while (end > begin && *end != ':') {
        end--;
    }
    size_t bracket = *begin == '[';
    if (end < begin + 2 * bracket) {
        return; /* the line is full */
    }
    if (is_peer) {
        PUT_KEY(t, "peer_addr");
    } else {
        PUT_KEY(t, "local_addr");
    }
    put_json_quote(t);
    text_bytes(t, begin + bracket, (size_t)(end - begin) - 2 * bracket);
    put_json_quote(t);
    is_peer ? PUT_KEY(t, "peer_port") : PUT_KEY(t, "local_port");
    text_unsigned(t, address_port(a));
}
