/* The parts of an address, for programs that read JSON. Pure and async-signal-safe. */
#ifndef SOCKSHIM_PARTS_H
#define SOCKSHIM_PARTS_H

#include "base/address.h"
#include "tell/keys.h"

void put_json_parts(struct text *t, const struct address *a, bool is_peer);

/* In JSON, right behind the value of `peer` or `local`: peer_addr and peer_port, or local_addr
 * and local_port, of an IP address; of others nothing. */
static inline void put_parts(struct text *t, const struct address *a, bool is_peer)
{
    if (is_json(t)) {
        put_json_parts(t, a, is_peer);
    }
}

#endif
