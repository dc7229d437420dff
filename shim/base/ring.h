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

/* Bytes of a slot, and how many of them a record gets; the most slots that one takes. */
enum { RING_SLOT = 128, RING_ROOM = 112, RING_PIECES = 8, RING_RECORD = RING_ROOM * RING_PIECES };
/* The programs that have written: how many of the last ones, and bytes of each. */
enum { RING_PROGRAMS = 256, RING_PROGRAM = 1024 };
enum { RING_VERSION = 2, RING_BYTE_ORDER = 0x01020304 };
enum { RING_TABLE = 3584 };

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
    _Alignas(64) _Atomic uint64_t programs;
    _Alignas(64) char table[RING_TABLE];
};
_Static_assert(sizeof(struct ring_header) == 4096, "a page");

struct ring_slot {
    _Atomic uint64_t number; /* from 1; 0: never used, or being written */
    uint32_t checksum;
    uint8_t piece, pieces; /* of a record that takes several */
    uint16_t len;
    unsigned char bytes[RING_ROOM];
};
_Static_assert(sizeof(struct ring_slot) == RING_SLOT, "two lines of the cache");

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
void ring_put(const struct ring *ring, const void *record, size_t len);
/* Likewise one of just RING_LINE bytes, which with its slot's head fill a line of the cache:
 * with the instructions that there must be. */
enum { RING_LINE = 64 - (RING_SLOT - RING_ROOM) };
void ring_put_line(const struct ring *ring, const void *record);
/* Likewise what is known of a program, of sizeof ring_program.bytes at most, unless the
 * same is there; returns its number. */
uint64_t ring_put_program(const struct ring *ring, const void *program, size_t len);
static inline bool ring_has_program(const struct ring *ring, uint64_t number)
{
    return number > 0 && atomic_load_explicit(&ring->programs[(number - 1) % RING_PROGRAMS].number,
                                              memory_order_relaxed) == number;
}

enum ring_found { RING_WHOLE, RING_LATER_PIECE, RING_TORN, RING_OVERWRITTEN };
/* The record that begins in slot `number`, into RING_RECORD bytes, and its length; *pieces is how
 * many slots it takes, 1 if that is not known. */
enum ring_found ring_get(const struct ring *ring, uint64_t number, void *record, size_t *len,
                         unsigned *pieces);
/* Likewise of a program, into RING_PROGRAM bytes; false: torn or overwritten. */
bool ring_get_program(const struct ring *ring, uint64_t number, void *program, size_t *len);

#endif
