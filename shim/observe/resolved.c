#include "observe/resolved.h"

#include "base/ask.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"

#include <netdb.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>

/* The latest names, each under a hash of an address. A slot is written by one who makes its
 * `turn` odd, and read between two looks at it: who finds it odd or changed goes without. */
enum { SLOTS = 32, WORDS = 8, LONGEST = 60 };
struct slot {
    atomic_uint turn;
    _Atomic uint32_t hash; /* 0: nothing yet */
    _Atomic uint64_t name[WORDS];
};
static struct slot slots[SLOTS];
static atomic_uint next_slot;

/* 0: neither IPv4 nor IPv6. */
static uint32_t hash_of(const union socket_address *from, size_t len)
{
    uint64_t hash = address_hash(&from->any, (socklen_t)len);
    return hash == 0 ? 0 : (uint32_t)(hash ^ hash >> 32) | 1;
}

/* The name in it, if it is that address's; ends in a NUL. */
static bool read_slot(struct slot *slot, uint32_t hash, uint64_t *name)
{
    if (atomic_load_explicit(&slot->hash, memory_order_relaxed) != hash) {
        return false;
    }
    unsigned turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
    bool is_it = atomic_load_explicit(&slot->hash, memory_order_relaxed) == hash;
    for (int i = 0; i < WORDS; i++) {
        name[i] = atomic_load_explicit(&slot->name[i], memory_order_relaxed);
    }
    atomic_thread_fence(memory_order_acquire);
    return is_it && turn % 2 == 0 &&
           atomic_load_explicit(&slot->turn, memory_order_relaxed) == turn;
}

static void write_slot(struct slot *slot, uint32_t hash, const uint64_t *name)
{
    unsigned turn = atomic_load_explicit(&slot->turn, memory_order_relaxed);
    if (turn % 2 != 0 || !atomic_compare_exchange_strong(&slot->turn, &turn, turn + 1)) {
        return;
    }
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&slot->hash, hash, memory_order_relaxed);
    for (int i = 0; i < WORDS; i++) {
        atomic_store_explicit(&slot->name[i], name[i], memory_order_relaxed);
    }
    atomic_store_explicit(&slot->turn, turn + 2, memory_order_release);
}

/* The newest of an address; false: none. */
static bool look_up(uint32_t hash, uint64_t *name)
{
    unsigned newest = atomic_load_explicit(&next_slot, memory_order_relaxed);
    for (unsigned i = 1; newest != 0 && i <= SLOTS; i++) {
        if (read_slot(&slots[(newest - i) % SLOTS], hash, name)) {
            return true;
        }
    }
    return false;
}

/* An address that is written out has digits and dots alone, or a colon. */
static bool is_number(const char *name, size_t len)
{
    bool digits = len > 0;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == ':') {
            return true;
        }
        digits = digits && (name[i] == '.' || (name[i] >= '0' && name[i] <= '9'));
    }
    return digits;
}

/* `name` becomes what is kept of it; false: nothing is. */
static bool begin_name(uint64_t *name, const char *node)
{
    size_t len = node ? strnlen(node, LONGEST + 1) : 0;
    if (len == 0 || len > LONGEST || is_number(node, len)) {
        return false;
    }
    memset(name, 0, WORDS * sizeof *name);
    memcpy(name, node, len);
    return true;
}

static void keep_for(const uint64_t *name, uint32_t hash)
{
    uint64_t known[WORDS];
    bool is_known = look_up(hash, known) && memcmp(known, name, sizeof known) == 0;
    if (hash != 0 && !is_known) {
        write_slot(&slots[atomic_fetch_add(&next_slot, 1) % SLOTS], hash, name);
    }
}

void resolved_keep(const char *node, const struct addrinfo *answer)
{
    uint64_t name[WORDS];
    if (!begin_name(name, node)) {
        return;
    }
    for (; answer; answer = answer->ai_next) {
        keep_for(name, hash_of((const void *)answer->ai_addr, answer->ai_addrlen));
    }
}

/* One address of a hostent; false: it cannot be read. */
static bool take_address(union socket_address *to, int family, const char *from)
{
    socklen_t size = family == AF_INET6 ? sizeof to->in6.sin6_addr : sizeof to->in.sin_addr;
    if (!is_inet_family(family) || !can_read(from, size)) {
        return false;
    }
    memset(to, 0, sizeof to->in6);
    to->any.sa_family = (sa_family_t)family;
    memcpy(family == AF_INET6 ? (void *)&to->in6.sin6_addr : (void *)&to->in.sin_addr, from, size);
    return true;
}

void resolved_keep_host(const char *node, const struct hostent *host)
{
    uint64_t name[WORDS];
    union socket_address address;
    if (!begin_name(name, node) || !can_read(host, sizeof *host)) {
        return;
    }
    char *const volatile *list = host->h_addr_list;
    int family = host->h_addrtype;
    for (int i = 0; i < SLOTS && can_read((const void *)(list + i), sizeof *list); i++) {
        const char *from = list[i];
        if (!from || !take_address(&address, family, from)) {
            return;
        }
        keep_for(name, hash_of(&address, sizeof address.in6));
    }
}

void find_peer_name(struct facts *f)
{
    uint64_t name[WORDS];
    /* Nobody looks up where its clients come from to be reached by them. */
    bool is_client = f->side == ACCEPTED || is_accept(f->call);
    if (is_client || atomic_load_explicit(&next_slot, memory_order_relaxed) == 0) {
        return;
    }
    uint32_t hash = f->peer.len > 0 ? hash_of(address_at(&f->peer), f->peer.len) : 0;
    if (hash != 0 && look_up(hash, name)) {
        address_set(&f->name, &f->room, name, (socklen_t)strnlen((const char *)name, LONGEST));
    }
}

/* As much of it as there is room for, a page at a time. */
static void keep_name(struct facts *f, const char *node)
{
    enum { PAGE = 4096 };
    socklen_t room;
    char *place = address_place(&f->room, &room);
    size_t len = 0;
    while (len < room) {
        size_t piece = PAGE - (uintptr_t)(node + len) % PAGE;
        piece = piece < room - len ? piece : room - len;
        if (!can_read(node + len, piece)) {
            break;
        }
        size_t found = strnlen(node + len, piece);
        memcpy(place + len, node + len, found);
        len += found;
        if (found < piece) {
            break;
        }
    }
    address_keep(&f->name, &f->room, (socklen_t)len);
}

static bool is_name_of_host(const struct address *name)
{
    struct utsname host;
    if (name->len == 0 || process_is_caged() || raw(SYS_uname, &host) != 0) {
        return false;
    }
    return strnlen(host.nodename, sizeof host.nodename) == name->len &&
           memcmp(host.nodename, address_at(name), name->len) == 0;
}

static void begin_facts(struct facts *f, enum call call, int result, int err)
{
    memset(f, 0, offsetof(struct facts, room.bytes));
    f->call = (uint8_t)call;
    f->fd = -1;
    f->ret = result;
    f->err = err;
    f->domain = f->type = f->protocol = -1;
}

bool observe_unresolved(struct facts *f, const struct question *q, int result, int err)
{
    const struct addrinfo *hints = q->hints;
    begin_facts(f, q->call, result, err);
    keep_name(f, q->name);
    f->is_own_name = result != 0 && is_name_of_host(&f->name);
    bool is_question = hints && can_read(hints, sizeof *hints) && hints->ai_flags & AI_NUMERICHOST;
    return !is_question && !is_number((const char *)address_at(&f->name), f->name.len);
}

/* Of "10.0.0.5:0" or "[::1]:0" what stands before the port, without the brackets. */
static void keep_host(struct facts *f)
{
    char text[64];
    struct text t = text_in(text, sizeof text, QUOTE_PLAIN);
    address_text(&t, &f->peer);
    size_t skipped = text[0] == '[';
    size_t len = (size_t)(t.at - text);
    while (len > 0 && text[len - 1] != ':') {
        len--;
    }
    len = len > 1 + 2 * skipped ? len - 1 - 2 * skipped : 0;
    address_set(&f->name, &f->room, text + skipped, (socklen_t)len);
}

bool observe_unnamed(struct facts *f, enum call call, const struct sockaddr *addr, socklen_t len,
                     int result, int err)
{
    begin_facts(f, call, result, err);
    len = len > sizeof(struct sockaddr_in6) ? sizeof(struct sockaddr_in6) : len;
    if (!addr || len < sizeof(struct sockaddr_in) || !can_read(addr, len)) {
        return false;
    }
    address_set(&f->peer, &f->room, addr, len);
    if (address_hash(addr, len) == 0) {
        return false;
    }
    keep_host(f);
    f->peer.len = address_port(&f->peer) > 0 ? f->peer.len : 0;
    return true;
}
