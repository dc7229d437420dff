#include "layers/resolved.h"

#include "base/address.h"
#include "layers/layers.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The latest addresses, as hashes; bit 0: another one stood behind it. Written without a
 * lock: what is lost in a race is waited for, or not, in vain. */
enum { MOST = 64 };
static _Atomic uint64_t ring[MOST];
static atomic_uint next_place;

/* With bit 0 left free; 0: an address of another kind. */
static uint64_t hash_of(const struct sockaddr *addr, socklen_t len)
{
    uint64_t hash = address_hash(addr, len);
    return hash == 0 ? 0 : (hash | 2) & ~(uint64_t)1;
}

static void note(uint64_t hash, bool has_another)
{
    unsigned place = atomic_fetch_add(&next_place, 1) % MOST;
    atomic_store_explicit(&ring[place], hash | has_another, memory_order_relaxed);
}

static void note_answer(const struct addrinfo *answer)
{
    uint64_t last = 0; /* an address stands there once for each type of socket */
    for (; answer; answer = answer->ai_next) {
        uint64_t hash = hash_of(answer->ai_addr, answer->ai_addrlen);
        if (last != 0 && hash != 0 && hash != last) {
            note(last, true);
        }
        last = hash != 0 ? hash : last;
    }
    if (last != 0) {
        note(last, false);
    }
}

bool resolved_has_another(const struct sockaddr *addr, socklen_t len)
{
    uint64_t hash = hash_of(addr, len);
    unsigned newest = atomic_load_explicit(&next_place, memory_order_relaxed);
    for (unsigned i = 1; hash != 0 && i <= MOST; i++) {
        uint64_t entry = atomic_load_explicit(&ring[(newest - i) % MOST], memory_order_relaxed);
        if ((entry & ~(uint64_t)1) == hash) {
            return entry & 1;
        }
    }
    return false;
}

static int layer_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                             struct addrinfo **answer)
{
    int result = beneath.getaddrinfo(node, service, hints, answer);
    if (result == 0) {
        note_answer(*answer);
    }
    return result;
}

void resolved_install(void)
{
    next.getaddrinfo = layer_getaddrinfo;
}
