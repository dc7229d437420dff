/* Text built by hand into a buffer of the caller's: no allocation, no stdio,
 * async-signal-safe. What does not fit is left out, never half a character:
 * once something did not fit, nothing more is added. */
#ifndef SOCKSHIM_TEXT_H
#define SOCKSHIM_TEXT_H

#include "base/hidden.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How bytes that are not ours are written. A control character or invalid UTF-8
 * is \xHH, in JSON U+FFFD. In both formats of the log a newline is \n, and a quote
 * or backslash has a backslash before it; in plain text those two stand as they
 * are. What a terminal is to show has no invisible characters in it either. */
enum quoting { QUOTE_PLAIN, QUOTE_TERMINAL, QUOTE_LOGFMT, QUOTE_JSON };

struct text {
    char *at;  /* the next byte goes here */
    char *end; /* and none here or behind */
    enum quoting quoting;
    bool full;
};

struct text text_in(char *buffer, size_t size, enum quoting quoting);

/* Words of our own, in which nothing needs to be escaped. Inline, for the length
 * of a literal is known to the compiler: a key is copied in two or three instructions,
 * and a record has two dozen of them. */
void text_put(struct text *t, const char *words, size_t len);
static inline void text_add(struct text *t, const char *words)
{
    size_t len = strlen(words);
    if (__builtin_constant_p(len) && len <= 16 && !t->full && len <= (size_t)(t->end - t->at)) {
        memcpy(t->at, words, len);
        t->at += len;
        return;
    }
    text_put(t, words, len);
}
static inline void text_char(struct text *t, char c)
{
    if (t->full || t->at == t->end) {
        t->full = true;
        return;
    }
    *t->at++ = c;
}
/* Two digits of a number below 100. */
extern hidden const char text_pairs[];
static inline void put_two_digits(char *at, unsigned number)
{
    memcpy(at, text_pairs + (size_t)number * 2, 2);
}
void text_unsigned(struct text *t, uint64_t number);
void text_signed(struct text *t, int64_t number);
void text_hex(struct text *t, unsigned number);
/* 10.0.0.5 */
void text_dotted(struct text *t, const unsigned char bytes[4]);

/* Bytes from outside, escaped as t->quoting says. */
void text_bytes(struct text *t, const char *bytes, size_t len);

/* Whether a value stands without quotes in this format. */
bool text_is_bare(const struct text *t, const char *bytes, size_t len);

/* A whole value: in quotes where the format wants them (always in JSON, in
 * logfmt only where a byte asks for it). */
void text_value(struct text *t, const char *bytes, size_t len);

#endif
