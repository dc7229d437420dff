/* The keys of a record and their values, in either format. Pure and async-signal-safe. */
#ifndef SOCKSHIM_KEYS_H
#define SOCKSHIM_KEYS_H

#include "base/text.h"

static inline bool is_json(const struct text *t)
{
    return t->quoting == QUOTE_JSON;
}

/* Every key but the first, which record_begin() writes, as logfmt has it. A call each, for a
 * record has two dozen of them and its code comes from cold caches: it is to be short. */
#define KEY(name)                                                                                  \
    ({                                                                                             \
        _Static_assert(sizeof name + 1 >= KEY_LEAST && sizeof name + 1 <= KEY_MOST, "put_key()");  \
        " " name "=";                                                                              \
    }),                                                                                            \
        sizeof name + 1
enum { KEY_LEAST = 4, KEY_MOST = 16 };
#define PUT_KEY(t, name) put_key(t, KEY(name))
#define PUT_WORD(t, name, value) put_word(t, KEY(name), value)
#define PUT_NUMBER(t, name, value) put_number(t, KEY(name), value)
#define PUT_SIGNED(t, name, value) put_signed(t, KEY(name), value)
#define PUT_VALUE(t, name, bytes, len, most) (PUT_KEY(t, name), put_value(t, bytes, len, most))

/* `key` is " name=", of `len` bytes; JSON's form is made of it. */
void put_key(struct text *t, const char *key, size_t len);
void put_number(struct text *t, const char *key, size_t len, uint64_t value);
void put_signed(struct text *t, const char *key, size_t len, int64_t value);

/* A quote where JSON has one around a value of ours. */
void put_json_quote(struct text *t);

/* A word of our own: it never needs quotes in logfmt. */
void put_word(struct text *t, const char *key, size_t len, const char *value);

/* What follows takes at most `most` bytes of the line, until give_back() has been given
 * the end of the line that this returns. */
char *limit_to(struct text *t, size_t most);
void give_back(struct text *t, char *end);

/* Bytes from outside: no more than `most` of the line. */
void put_value(struct text *t, const char *bytes, size_t len, size_t most);

#endif
