/* A ring of records in memory that threads and processes share, in a mapped file: how it
 * lies there, how a record gets in, and how one is read. Without a lock, a system call
 * or an allocation; async-signal-safe.
 *
 * A slot is claimed by one addition to `head`, and it is whole once its number and
 * checksum fit: whoever was killed in the midst of one has left a torn slot, which a
 * reader sees. Numbers are never used again, so that a reader knows what was overwritten. */
#ifndef SOCKSHIM_RING_H
#define SOCKSHIM_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a slot, a line of the cache, and how many of them a record gets; the most slots that
 * one takes. */
enum { RING_SLOT = 64, RING_WORDS = 6, RING_ROOM = 8 * RING_WORDS };
enum { RING_PIECES = 19, RING_RECORD = RING_ROOM * RING_PIECES };
/* The programs that have written: how many of the last ones, and bytes of each. */
enum { RING_PROGRAMS = 256, RING_PROGRAM = 1024 };
enum { RING_VERSION = 3, RING_BYTE_ORDER = 0x01020304 };
enum { RING_TABLE = 3648 };

/* gcc tells that it once aligned these otherwise on 32-bit x86; they are aligned by hand. */
#if defined(__i386__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define RING_MAGIC "\211SOCKSHIM\r\n\032\n"

/* What does not change once the file is there; `table` says in words where each field of
 * a record is, and what the numbers of calls and causes mean. */
struct ring_fixed {
    char magic[16];
    uint32_t byte_order;
    uint32_t version;
    /* Bits for what a later version adds: a reader or writer that does not know one of
     * the second kind leaves the file alone. */
    uint32_t compatible, incompatible;
    uint64_t size; /* bytes of the file */
    uint64_t slots;
    /* One moment by three clocks: CLOCK_REALTIME and CLOCK_BOOTTIME in ns, and the cycle
     * counter, 0 where there is none. */
    uint64_t realtime, boottime, cycles;
    char boot_id[40];
    char made_by[16]; /* version of sockshim */
};

struct ring_header {
    union {
        struct ring_fixed fixed;
        char room[248];
    };
    uint64_t checksum; /* of the above, and of the table */
    char apart[128];
    _Alignas(64) _Atomic uint64_t head; /* slots claimed so far */
    _Atomic uint64_t programs;          /* likewise; a record looks at both */
    _Alignas(64) char table[RING_TABLE];
};
_Static_assert(sizeof(struct ring_header) == 4096, "a page");

struct ring_slot {
    _Atomic uint64_t number; /* from 1; 0: never used, or being written */
    uint32_t checksum;
    uint8_t piece, pieces; /* of a record that takes several */
    uint16_t len;          /* bytes of these; the rest of them is 0 */
    uint64_t words[RING_WORDS];
};
_Static_assert(sizeof(struct ring_slot) == RING_SLOT, "a line of the cache");

struct ring_program {
    _Atomic uint64_t number;
    uint32_t checksum, len;
    unsigned char bytes[RING_PROGRAM - 16];
};
_Static_assert(sizeof(struct ring_program) == RING_PROGRAM, "as said");

struct ring {
    struct ring_header *header;
    struct ring_program *programs;
    struct ring_slot *slots;
    uint64_t slot_count;
    _Atomic uint64_t lap; /* slots claimed when some lap began: a division a lap, not a slot */
};

/* The least size that leaves as much for records as for programs. */
enum { RING_LEAST = 1 << 20 };

/* Makes `size` bytes of zeroes a ring, whose header is `fixed` with what this knows itself filled
 * in; `table` ends in a NUL. */
void ring_make(void *memory, uint64_t size, const struct ring_fixed *fixed, const char *table);
/* Finds the parts of a ring. NULL, or why the memory is none that can be used: words that
 * go on "FILE ...". */
const char *ring_open(struct ring *ring, void *memory, uint64_t size, const char *table);

/* Puts a record in, of RING_RECORD bytes at most. */
void ring_put(struct ring *ring, const void *record, size_t len);
/* Likewise one that fills just a slot: with the instructions that there must be. */
static inline void ring_put_words(struct ring *ring, const uint64_t words[RING_WORDS]);
/* Likewise what is known of a program, of sizeof ring_program.bytes at most, unless the
 * same is there; returns its number. */
uint64_t ring_put_program(const struct ring *ring, const void *program, size_t len);
static inline bool ring_has_program(const struct ring *ring, uint64_t number)
{
    uint64_t last = atomic_load_explicit(&ring->header->programs, memory_order_relaxed);
    return number > 0 && last - number < RING_PROGRAMS;
}

enum ring_found { RING_WHOLE, RING_LATER_PIECE, RING_TORN, RING_OVERWRITTEN };
/* The record that begins in slot `number`, into RING_RECORD bytes, and its length; *pieces is how
 * many slots it takes, 1 if that is not known. */
enum ring_found ring_get(const struct ring *ring, uint64_t number, void *record, size_t *len,
                         unsigned *pieces);
/* Likewise of a program, into RING_PROGRAM bytes; false: torn or overwritten. */
bool ring_get_program(const struct ring *ring, uint64_t number, void *program, size_t *len);

/* ---- How a slot is filled ---- */

static inline uint32_t ring_slot_info(unsigned piece, unsigned pieces, size_t len)
{
    return (uint32_t)(piece | pieces << 8 | (unsigned)len << 16);
}

/* The checksum of a slot. All of its words are in it, so that each has a fixed place. */
static inline uint32_t ring_slot_sum(uint64_t number, uint32_t info,
                                     const uint64_t words[RING_WORDS])
{
    const uint64_t factor = 0x9e3779b97f4a7c15;
    uint64_t sum = number * factor + info;
#pragma GCC unroll 8
    for (unsigned i = 0; i < RING_WORDS; i++) {
        sum = sum * factor + words[i];
    }
    return (uint32_t)(sum * factor >> 32);
}

static inline uint64_t ring_claim(const struct ring *ring, unsigned slots)
{
    return atomic_fetch_add_explicit(&ring->header->head, slots, memory_order_relaxed) + 1;
}

static inline struct ring_slot *ring_slot_of(const struct ring *ring, uint64_t number)
{
    return &ring->slots[(number - 1) % ring->slot_count];
}

static inline struct ring_slot *ring_slot_to_fill(struct ring *ring, uint64_t number)
{
    uint64_t i = number - 1 - atomic_load_explicit(&ring->lap, memory_order_relaxed);
    if (i >= ring->slot_count) { /* of another lap, later or earlier */
        i = (number - 1) % ring->slot_count;
        atomic_store_explicit(&ring->lap, number - 1 - i, memory_order_relaxed);
    }
    return &ring->slots[i];
}

/* While it is written it has no number. */
static inline void ring_fill_slot(struct ring_slot *s, uint64_t number, uint32_t info,
                                  const uint64_t words[RING_WORDS])
{
    atomic_store_explicit(&s->number, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
#pragma GCC unroll 8
    for (unsigned i = 0; i < RING_WORDS; i++) {
        s->words[i] = words[i];
    }
    s->piece = (uint8_t)info;
    s->pieces = (uint8_t)(info >> 8);
    s->len = (uint16_t)(info >> 16);
    s->checksum = ring_slot_sum(number, info, words);
    atomic_store_explicit(&s->number, number, memory_order_release);
}

static inline void ring_put_words(struct ring *ring, const uint64_t words[RING_WORDS])
{
    uint64_t number = ring_claim(ring, 1);
    struct ring_slot *s = ring_slot_to_fill(ring, number);
    __builtin_prefetch(s + 1, 1); /* the next record's, most likely */
    ring_fill_slot(s, number, ring_slot_info(0, 1, RING_ROOM), words);
}

#endif
