/* The functions that a compiler takes for granted, under their own names and hidden:
 * all of this object's calls end here, and none in a preload that checks, traces or
 * locks in its own. Words at a time, for a record is copied together from small
 * pieces; the empty asm keeps the compiler from making a call of memcpy out of the
 * loop of memcpy. */
#include "base/hidden.h"

#include <stddef.h>
#include <stdint.h>

#define PIECE(type)                                                                                \
    struct piece_of_##type {                                                                       \
        type value;                                                                                \
    } __attribute__((packed, may_alias))
PIECE(uint64_t);
PIECE(uint32_t);
PIECE(uint16_t);
PIECE(size_t);

#define AT(type, pointer) (((struct piece_of_##type *)(pointer))->value)
#define FROM(type, pointer) (((const struct piece_of_##type *)(pointer))->value)
#define KEEP_LOOP(pointer) __asm__ volatile("" : "+r"(pointer))

hidden void *memcpy(void *to, const void *from, size_t len);
hidden void *memset(void *to, int value, size_t len);
hidden int memcmp(const void *a, const void *b, size_t len);
hidden int bcmp(const void *a, const void *b, size_t len);
hidden size_t strlen(const char *words);
hidden size_t strnlen(const char *words, size_t most);
hidden char *strchrnul(const char *words, int mark);

/* Less than eight bytes, in two pieces that may overlap. */
static void copy_few(char *to, const char *from, size_t len)
{
    if (len >= 4) {
        uint32_t last = FROM(uint32_t, from + len - 4);
        AT(uint32_t, to) = FROM(uint32_t, from);
        AT(uint32_t, to + len - 4) = last;
    } else if (len >= 2) {
        uint16_t last = FROM(uint16_t, from + len - 2);
        AT(uint16_t, to) = FROM(uint16_t, from);
        AT(uint16_t, to + len - 2) = last;
    } else if (len == 1) {
        *to = *from;
    }
}

void *memcpy(void *to, const void *from, size_t len)
{
    char *at = to;
    const char *source = from;
    if (len < 8) {
        copy_few(at, source, len);
        return to;
    }
    char *end = at + len - 8;
    const char *source_end = source + len - 8;
    for (; at < end; at += 8, source += 8) {
        KEEP_LOOP(at);
        AT(uint64_t, at) = FROM(uint64_t, source);
    }
    AT(uint64_t, end) = FROM(uint64_t, source_end);
    return to;
}

void *memset(void *to, int value, size_t len)
{
    char *at = to;
    char *end = at + len;
    uint64_t word = (unsigned char)value * (uint64_t)0x0101010101010101;
    for (; end - at >= 8; at += 8) {
        KEEP_LOOP(at);
        AT(uint64_t, at) = word;
    }
    for (; at < end; at++) {
        KEEP_LOOP(at);
        *at = (char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const unsigned char *one = a;
    const unsigned char *other = b;
    for (size_t i = 0; i < len; i++) {
        KEEP_LOOP(one);
        if (one[i] != other[i]) {
            return one[i] - other[i];
        }
    }
    return 0;
}

/* What clang makes of a memcmp() that is only compared with 0. */
int bcmp(const void *a, const void *b, size_t len)
{
    return memcmp(a, b, len);
}

size_t strnlen(const char *words, size_t most)
{
    size_t len = 0;
    while (len < most && words[len]) {
        KEEP_LOOP(words);
        len++;
    }
    return len;
}

/* The highest bit of each byte that is 0, and perhaps of some that stand behind one. */
static size_t zeros(size_t word)
{
    const size_t ones = SIZE_MAX / 0xff;
    return (word - ones) & ~word & ones << 7;
}

/* How many bytes there are before `mark` or the end. Whole words, which lie in one page
 * each; what stands before `words` in the first is taken for 0xff. */
static inline __attribute__((always_inline, no_sanitize("address"))) size_t
length_to(const char *words, unsigned char mark)
{
    size_t ahead = (uintptr_t)words % sizeof(size_t);
    size_t before = ((size_t)1 << 8 * ahead) - 1;
    size_t marks = SIZE_MAX / 0xff * mark;
    const char *at = words - ahead;
    for (;; at += sizeof(size_t)) {
        size_t word = FROM(size_t, at);
        size_t found = zeros(word | before) | zeros((word ^ marks) | before);
        if (found) {
            return (size_t)(at - words) + (size_t)__builtin_ctzl(found) / 8;
        }
        before = 0;
    }
}

__attribute__((no_sanitize("address"))) char *strchrnul(const char *words, int mark)
{
    return (char *)words + length_to(words, (unsigned char)mark);
}

__attribute__((no_sanitize("address"))) size_t strlen(const char *words)
{
    return length_to(words, 0);
}
