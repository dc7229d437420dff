#include "base/ring.h"

#include <string.h>

enum { AHEAD_OF_SLOTS = sizeof(struct ring_header) + sizeof(struct ring_program) * RING_PROGRAMS };

/* ---- Checksums ---- */

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9e3779b97f4a7c15;
    return sum ^ sum >> 29;
}

static uint64_t sum_of(uint64_t sum, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (uint64_t word = 0; len > 0; word = 0) {
        size_t part = len < sizeof word ? len : sizeof word;
        memcpy(&word, at, part);
        sum = mix(sum, word);
        at += part;
        len -= part;
    }
    return sum;
}

static uint32_t slot_sum(uint64_t number, const struct ring_slot *s)
{
    return ring_slot_sum(number, ring_slot_info(s->piece, s->pieces, s->len), s->words);
}

static uint32_t program_sum(uint64_t number, const struct ring_program *p, size_t len)
{
    return (uint32_t)(sum_of(mix(number, len), p->bytes, len) >> 32);
}

static uint64_t header_sum(const struct ring_header *h)
{
    return sum_of(sum_of(1, h->room, sizeof h->room), h->table, sizeof h->table);
}

/* ---- The whole ---- */

static uint64_t slots_in(uint64_t size)
{
    return (size - AHEAD_OF_SLOTS) / RING_SLOT;
}

void ring_make(void *memory, uint64_t size, const struct ring_fixed *fixed, const char *table)
{
    struct ring_header *h = memory;
    h->fixed = *fixed;
    memcpy(h->fixed.magic, RING_MAGIC, sizeof RING_MAGIC);
    h->fixed.byte_order = RING_BYTE_ORDER;
    h->fixed.version = RING_VERSION;
    h->fixed.size = size;
    h->fixed.slots = slots_in(size);
    memcpy(h->table, table, strnlen(table, sizeof h->table - 1));
    h->checksum = header_sum(h);
}

/* Of what has the magic bytes. */
static const char *wrong_kind(const struct ring_fixed *f)
{
    if (f->byte_order != RING_BYTE_ORDER) {
        return "comes from a machine with a different byte order";
    }
    if (f->version != RING_VERSION || f->incompatible != 0) {
        return "comes from another version of sockshim, which is needed to read it or write to it";
    }
    return NULL;
}

const char *ring_open(struct ring *ring, void *memory, uint64_t size, const char *table)
{
    struct ring_header *h = memory;
    if (size < sizeof h->fixed || memcmp(h->fixed.magic, RING_MAGIC, sizeof RING_MAGIC) != 0) {
        return "is not a recorder file";
    }
    const char *wrong = wrong_kind(&h->fixed);
    if (wrong) {
        return wrong;
    }
    if (size < RING_LEAST || h->fixed.size != size || h->fixed.slots != slots_in(size) ||
        h->checksum != header_sum(h)) {
        return "is damaged or truncated";
    }
    if (strncmp(h->table, table, sizeof h->table - 1) != 0) {
        return "comes from another version of sockshim, or from programs with a different word "
               "size, whose records have different fields";
    }
    ring->header = h;
    ring->programs = (void *)(h + 1);
    ring->slots = (void *)(ring->programs + RING_PROGRAMS);
    ring->slot_count = h->fixed.slots;
    atomic_store_explicit(&ring->lap, 0, memory_order_relaxed);
    return NULL;
}

/* ---- In ---- */

void ring_put(struct ring *ring, const void *record, size_t len)
{
    const unsigned char *at = record;
    unsigned pieces = (unsigned)((len + RING_ROOM - 1) / RING_ROOM);
    uint64_t first = ring_claim(ring, pieces);
    struct ring_slot *s = ring_slot_to_fill(ring, first);
    for (unsigned i = 0; i < pieces; i++) {
        uint64_t words[RING_WORDS] = {0};
        size_t part = len < RING_ROOM ? len : RING_ROOM;
        memcpy(words, at, part);
        ring_fill_slot(s, first + i, ring_slot_info(i, pieces, part), words);
        at += part;
        len -= part;
        s = s + 1 < ring->slots + ring->slot_count ? s + 1 : ring->slots;
        __builtin_prefetch(s, 1); /* of the next record, in the end */
    }
}

static uint64_t find_program(const struct ring *ring, const void *program, size_t len)
{
    for (unsigned i = 0; i < RING_PROGRAMS; i++) {
        const struct ring_program *p = &ring->programs[i];
        uint64_t number = atomic_load_explicit(&p->number, memory_order_acquire);
        if (number > 0 && p->len == len && memcmp(p->bytes, program, len) == 0 &&
            p->checksum == program_sum(number, p, len)) {
            return number;
        }
    }
    return 0;
}

uint64_t ring_put_program(const struct ring *ring, const void *program, size_t len)
{
    uint64_t known = find_program(ring, program, len);
    if (known > 0) {
        return known;
    }
    uint64_t number =
        atomic_fetch_add_explicit(&ring->header->programs, 1, memory_order_relaxed) + 1;
    struct ring_program *p = &ring->programs[(number - 1) % RING_PROGRAMS];
    atomic_store_explicit(&p->number, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    memcpy(p->bytes, program, len);
    p->len = (uint32_t)len;
    p->checksum = program_sum(number, p, len);
    atomic_store_explicit(&p->number, number, memory_order_release);
    return number;
}

/* ---- Out ---- */

/* A copy, which nobody writes to any more while it is looked at. */
static enum ring_found get_piece(const struct ring *ring, uint64_t number, struct ring_slot *copy)
{
    const struct ring_slot *s = ring_slot_of(ring, number);
    uint64_t before = atomic_load_explicit(&s->number, memory_order_acquire);
    if (before > number) {
        return RING_OVERWRITTEN;
    }
    memcpy((void *)copy, (const void *)s, sizeof *copy);
    if (before != number || copy->len > RING_ROOM || copy->pieces > RING_PIECES ||
        copy->piece >= copy->pieces || copy->checksum != slot_sum(number, copy)) {
        return RING_TORN;
    }
    return RING_WHOLE;
}

enum ring_found ring_get(const struct ring *ring, uint64_t number, void *record, size_t *len,
                         unsigned *pieces)
{
    struct ring_slot copy;
    unsigned count = 1;
    *len = 0;
    *pieces = 1;
    for (unsigned i = 0; i < count; i++) {
        enum ring_found found = get_piece(ring, number + i, &copy);
        if (found != RING_WHOLE) {
            return found;
        }
        if (i == 0 && copy.piece > 0) {
            return RING_LATER_PIECE;
        }
        if (i == 0) {
            *pieces = count = copy.pieces;
        }
        if (copy.piece != i || copy.pieces != count) {
            return RING_TORN;
        }
        memcpy((char *)record + *len, copy.words, copy.len);
        *len += copy.len;
    }
    return RING_WHOLE;
}

bool ring_get_program(const struct ring *ring, uint64_t number, void *program, size_t *len)
{
    const struct ring_program *p = &ring->programs[(number - 1) % RING_PROGRAMS];
    struct ring_program copy;
    if (number == 0 || atomic_load_explicit(&p->number, memory_order_acquire) != number) {
        return false;
    }
    memcpy((void *)&copy, (const void *)p, sizeof copy);
    if (copy.len > sizeof copy.bytes || copy.checksum != program_sum(number, &copy, copy.len)) {
        return false;
    }
    *len = copy.len;
    memcpy(program, copy.bytes, copy.len);
    return true;
}
