#include "connection.h"

#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_ROOM = 512, BUCKETS = 4096 };

static const char *wanted;

struct connection {
    int32_t pid;
    int fd;
    uint32_t before; /* in the same bucket */
    /* The one before, with addresses, which it is, too, unless addresses say otherwise; 0:
     * none. */
    uint32_t same;
    bool chosen, addressed, ended;
    bool is_known;      /* its beginning was recorded */
    char *local, *peer; /* NULL: not known yet */
};

static struct connection *connections; /* from 1; the first is nobody's */
static uint32_t count, room;
static uint32_t buckets[BUCKETS];

void connection_choose(const char *address)
{
    wanted = address;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* A colon within brackets is an IPv6 address's own. */
static bool is_wanted(const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t len = strlen(wanted);
    if (strcmp(address, wanted) == 0) {
        return true;
    }
    if (!colon || strchr(address, '/')) {
        return false;
    }
    if (*wanted == ':' && len > 1 && strchr("0123456789", wanted[1])) {
        return ends_with(address, wanted);
    }
    size_t host = (size_t)(colon - address);
    bool in_brackets = *address == '[' && host == len + 2;
    return strncmp(address + in_brackets, wanted, len) == 0 && (in_brackets || host == len);
}

static char *text_of(const struct address *a)
{
    char text[ADDRESS_ROOM];
    if (!address_is_named(a)) {
        return NULL;
    }
    struct text t = text_in(text, sizeof text - 1, QUOTE_LOGFMT);
    address_text(&t, a);
    *t.at = 0;
    return strdup(text);
}

static uint32_t *bucket_of(int32_t pid, int fd)
{
    return &buckets[((uint32_t)pid * 31 + (uint32_t)fd) % BUCKETS];
}

static uint32_t find(int32_t pid, int fd)
{
    uint32_t i = *bucket_of(pid, fd);
    while (i > 0 && (connections[i].pid != pid || connections[i].fd != fd)) {
        i = connections[i].before;
    }
    return i;
}

static uint32_t begin(int32_t pid, int fd)
{
    uint32_t *bucket = bucket_of(pid, fd);
    if (count + 1 >= room) {
        room = room == 0 ? 1024 : room * 2;
        connections = realloc(connections, room * sizeof *connections);
        if (!connections) {
            source_fails("--connection", "not enough memory");
        }
        connections[0] = (struct connection){0};
    }
    connections[++count] = (struct connection){.pid = pid, .fd = fd, .before = *bucket};
    *bucket = count;
    return count;
}

static bool differs(const char *known, const char *now)
{
    return known && now && strcmp(known, now) != 0;
}

static void learn(char **known, char *now)
{
    if (now && !*known) {
        *known = now;
    } else {
        free(now);
    }
}

/* The record's addresses show whether the descriptor is another connection's by now. */
static uint32_t with_addresses(uint32_t i, char *local, char *peer)
{
    struct connection *c = &connections[connections[i].addressed ? i : connections[i].same];
    bool is_another =
        differs(c->peer, peer) || (differs(c->local, local) && !ends_with(c->local, ":0"));
    if (is_another && connections[i].addressed) {
        i = begin(c->pid, c->fd);
    } else if (is_another) {
        connections[i].same = 0; /* what had no address was this one's already */
    }
    c = &connections[i];
    c->addressed |= local || peer;
    c->chosen |= wanted && ((local && is_wanted(local)) || (peer && is_wanted(peer)));
    learn(&c->local, local);
    learn(&c->peer, peer);
    return i;
}

static bool is_call(const struct unpacked *u, enum call call)
{
    return u->head.event == RECORDED_CALL ? u->call.call == call : u->facts.call == call;
}

/* With all calls recorded it is known which socket a descriptor is; else a record without
 * addresses may be of another one than those before. */
static uint32_t without_addresses(uint32_t i)
{
    struct connection *c = &connections[i];
    if (c->is_known || !c->addressed) {
        return i;
    }
    uint32_t same = begin(c->pid, c->fd);
    connections[same].same = i;
    return same;
}

uint32_t connection_of(const struct unpacked *u)
{
    int fd = unpacked_fd(u);
    bool has_facts = u->head.event == RECORDED_RETURN || u->head.event == RECORDED_HANDLED;
    if (fd < 0) {
        return 0;
    }
    uint32_t i = find(u->head.pid, fd);
    bool is_new = unpacked_makes_socket(u);
    /* What a close left undone is told after it. */
    bool is_over = i > 0 && connections[i].ended && !is_call(u, CALL_close);
    if (i == 0 || is_over || is_new) {
        i = begin(u->head.pid, fd);
        connections[i].is_known = is_new;
    }
    char *local = has_facts ? text_of(&u->facts.local) : NULL;
    char *peer = text_of(has_facts ? &u->facts.peer : &u->peer.address);
    i = local || peer ? with_addresses(i, local, peer) : without_addresses(i);
    connections[i].ended = is_call(u, CALL_close);
    return i;
}

uint32_t connection_whole(uint32_t number)
{
    if (number == 0) { /* nobody's */
        return 0;
    }
    return connections[number].addressed || connections[number].same == 0
               ? number
               : connections[number].same;
}

uint32_t connection_count(void)
{
    return count;
}

bool connection_is_chosen(uint32_t number)
{
    return !wanted || (number > 0 && (connections[number].chosen ||
                                      connections[connections[number].same].chosen));
}
