#include "base/text.h"

#include <string.h>

struct text text_in(char *buffer, size_t size, enum quoting quoting)
{
    return (struct text){.at = buffer, .end = buffer + size, .quoting = quoting};
}

/* All of it or nothing. */
static void put(struct text *t, const char *bytes, size_t len)
{
    char *at = t->at;
    if (t->full || (size_t)(t->end - at) < len) {
        t->full = true;
        return;
    }
    t->at = at + len;
    memcpy(at, bytes, len);
}

void text_put(struct text *t, const char *words, size_t len)
{
    char *at = t->at;
    size_t room = (size_t)(t->end - at);
    if (t->full) {
        return;
    }
    if (len > room) {
        len = room;
        t->full = true;
    }
    t->at = at + len;
    memcpy(at, words, len);
}

const char text_pairs[] = "00010203040506070809"
                          "10111213141516171819"
                          "20212223242526272829"
                          "30313233343536373839"
                          "40414243444546474849"
                          "50515253545556575859"
                          "60616263646566676869"
                          "70717273747576777879"
                          "80818283848586878889"
                          "90919293949596979899";

static inline char *put_one_or_two(char *at, unsigned number)
{
    if (number < 10) {
        *at = (char)('0' + number);
        return at + 1;
    }
    put_two_digits(at, number);
    return at + 2;
}

/* Of a number below 10,000. Returns what stands behind its digits. */
static inline char *put_few_digits(char *at, unsigned number)
{
    if (number < 100) {
        return put_one_or_two(at, number);
    }
    at = put_one_or_two(at, number / 100);
    put_two_digits(at, number % 100);
    return at + 2;
}

static char *put_four_digits(char *at, unsigned number)
{
    put_two_digits(at, number / 100);
    put_two_digits(at + 2, number % 100);
    return at + 4;
}

static __attribute__((noinline)) char *put_digits(char *at, unsigned number)
{
    if (number < 10000) {
        return put_few_digits(at, number);
    }
    if (number < 100000000) {
        at = put_few_digits(at, number / 10000);
    } else {
        at = put_few_digits(at, number / 100000000);
        at = put_four_digits(at, number / 10000 % 10000);
    }
    return put_four_digits(at, number % 10000);
}

/* More than 32 bits, whose division takes a function of its own on 32-bit systems. */
static __attribute__((noinline)) char *put_many_digits(char *at, uint64_t number)
{
    const unsigned eight = 100000000;
    uint64_t high = number / eight;
    unsigned low = (unsigned)(number % eight);
    if (high < eight) {
        at = put_digits(at, (unsigned)high);
    } else {
        at = put_digits(at, (unsigned)(high / eight));
        at = put_four_digits(at, (unsigned)(high % eight) / 10000);
        at = put_four_digits(at, (unsigned)(high % eight) % 10000);
    }
    at = put_four_digits(at, low / 10000);
    return put_four_digits(at, low % 10000);
}

static char *put_number(char *at, uint64_t number)
{
    return number <= UINT32_MAX ? put_digits(at, (unsigned)number) : put_many_digits(at, number);
}

enum { MOST_DIGITS = 20 }; /* of 64 bits */

/* Where there may be no room for all of them. */
static __attribute__((noinline)) void put_digits_if_they_fit(struct text *t, uint64_t number)
{
    char digits[MOST_DIGITS] = "";
    put(t, digits, (size_t)(put_number(digits, number) - digits));
}

void text_unsigned(struct text *t, uint64_t number)
{
    char *at = t->at;
    if (t->full || t->end - at < MOST_DIGITS) {
        put_digits_if_they_fit(t, number);
    } else if (number < 10) { /* most are */
        *at = (char)('0' + number);
        t->at = at + 1;
    } else {
        t->at = put_number(at, number);
    }
}

static __attribute__((noinline)) void put_dotted_if_it_fits(struct text *t,
                                                            const unsigned char bytes[4])
{
    for (int i = 0; i < 4; i++) {
        text_add(t, i > 0 ? "." : "");
        text_unsigned(t, bytes[i]);
    }
}

void text_dotted(struct text *t, const unsigned char bytes[4])
{
    enum { LONGEST = sizeof "255.255.255.255" - 1 };
    char *at = t->at;
    if (t->full || t->end - at < LONGEST) {
        put_dotted_if_it_fits(t, bytes);
        return;
    }
    for (int i = 0; i < 4; i++) {
        unsigned number = bytes[i];
        *at = '.';
        at += i > 0;
        if (number >= 100) {
            *at++ = (char)('0' + number / 100);
            put_two_digits(at, number % 100);
            at += 2;
        } else {
            at = put_one_or_two(at, number);
        }
    }
    t->at = at;
}

void text_signed(struct text *t, int64_t number)
{
    if (number < 0) {
        text_char(t, '-');
        text_unsigned(t, 0 - (uint64_t)number);
        return;
    }
    text_unsigned(t, (uint64_t)number);
}

static char hex_digit(unsigned nibble)
{
    return "0123456789abcdef"[nibble & 15];
}

void text_hex(struct text *t, unsigned number)
{
    char digits[8];
    char *first = digits + sizeof digits;
    do {
        *--first = hex_digit(number);
        number >>= 4;
    } while (number);
    put(t, first, (size_t)(digits + sizeof digits - first));
}

/* The length of the well-formed UTF-8 sequence at `s`, or 0: RFC 3629. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    size_t len = s[0] < 0x80   ? 1
                 : s[0] < 0xc2 ? 0
                 : s[0] < 0xe0 ? 2
                 : s[0] < 0xf0 ? 3
                 : s[0] < 0xf5 ? 4
                               : 0;
    if (len > left) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Overlong forms, surrogates, and what is above U+10FFFF. */
    if (len >= 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
                     (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))) {
        return 0;
    }
    return len;
}

/* C0, DEL and C1: what a terminal might obey. */
static bool is_control(const unsigned char *s, size_t len)
{
    return len == 1 ? s[0] < 0x20 || s[0] == 0x7f : s[0] == 0xc2 && s[1] < 0xa0;
}

/* Those that no terminal shows, or that change the direction of writing (UAX 9): U+061C,
 * U+200B to 200F, 2028 to 202E, 2060 to 206F, FEFF, and the tags from E0000 on. */
static bool is_invisible(const unsigned char *s, size_t len)
{
    switch (len) {
    case 2:
        return s[0] == 0xd8 && s[1] == 0x9c;
    case 3:
        return (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf) ||
               (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf) ||
               (s[0] == 0xe2 && s[1] == 0x80 &&
                ((s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae)));
    case 4:
        return s[0] == 0xf3 && s[1] == 0xa0 && s[2] <= 0x81;
    default:
        return false;
    }
}

static bool is_shown(const struct text *t, const unsigned char *s, size_t len)
{
    return !is_control(s, len) && (t->quoting != QUOTE_TERMINAL || !is_invisible(s, len));
}

/* All of it or nothing. Not inlined: what it needs would be on the stack below text_bytes(). */
static __attribute__((noinline)) void put_hexed(struct text *t, const unsigned char *s, size_t len)
{
    char *at = t->at;
    if (t->full || (size_t)(t->end - at) < 4 * len) {
        t->full = true;
        return;
    }
    for (size_t i = 0; i < len; i++) {
        *at++ = '\\';
        *at++ = 'x';
        *at++ = hex_digit(s[i] >> 4);
        *at++ = hex_digit(s[i]);
    }
    t->at = at;
}

/* What stands for itself in every format. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static size_t plain_length(const unsigned char *s, size_t len)
{
    size_t n = 0;
    while (n < len && is_plain(s[n])) {
        n++;
    }
    return n;
}

void text_bytes(struct text *t, const char *bytes, size_t len)
{
    const unsigned char *s = (const unsigned char *)bytes;
    while (len > 0 && !t->full) {
        size_t plain = plain_length(s, len);
        if (plain > 0) {
            text_put(t, (const char *)s, plain);
            s += plain;
            len -= plain;
            continue;
        }
        size_t n = utf8_length(s, len);
        if (n == 0 || !is_shown(t, s, n)) {
            n = n ? n : 1;
            if (*s == '\n' && t->quoting >= QUOTE_LOGFMT) {
                put(t, "\\n", 2);
            } else if (t->quoting == QUOTE_JSON) {
                put(t, "\xef\xbf\xbd", 3); /* U+FFFD */
            } else {
                put_hexed(t, s, n);
            }
        } else if ((*s == '"' || *s == '\\') && t->quoting >= QUOTE_LOGFMT) {
            put(t, *s == '"' ? "\\\"" : "\\\\", 2);
        } else {
            put(t, (const char *)s, n);
        }
        s += n;
        len -= n;
    }
}

/* What a logfmt value of ASCII alone may consist of to stand without quotes: the bits of
 * 0x21 to 0x7e, without '"', '=' and '\\'. */
static bool is_bare_byte(unsigned char c)
{
    static const uint32_t bare[8] = {0, 0xdffffffa, 0xefffffff, 0x7fffffff};
    return bare[c >> 5] >> (c & 31) & 1;
}

/* Whether a logfmt value can stand without quotes. */
static bool is_bare(const char *bytes, size_t len)
{
    const unsigned char *s = (const unsigned char *)bytes;
    if (len == 0) {
        return false;
    }
    while (len > 0 && is_bare_byte(*s)) { /* most are nothing else */
        s++;
        len--;
    }
    while (len > 0) {
        size_t n = is_plain(*s) ? 1 : utf8_length(s, len);
        if (n == 0 || is_control(s, n) || *s == ' ' || *s == '"' || *s == '=' || *s == '\\') {
            return false;
        }
        s += n;
        len -= n;
    }
    return true;
}

bool text_is_bare(const struct text *t, const char *bytes, size_t len)
{
    return t->quoting == QUOTE_LOGFMT && is_bare(bytes, len);
}

void text_value(struct text *t, const char *bytes, size_t len)
{
    bool bare = text_is_bare(t, bytes, len);
    if (bare && len <= (size_t)(t->end - t->at)) { /* nothing to escape or to cut */
        put(t, bytes, len);
        return;
    }
    if (bare || t->quoting < QUOTE_LOGFMT) {
        text_bytes(t, bytes, len);
        return;
    }
    /* Room for the closing quote is kept, so that a cut value is still whole. */
    text_char(t, '"');
    if (t->full || t->at == t->end) {
        t->full = true;
        return;
    }
    t->end--;
    text_bytes(t, bytes, len);
    t->end++;
    bool cut = t->full;
    t->full = false;
    text_char(t, '"');
    t->full = cut;
}
