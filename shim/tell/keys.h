/* The keys of a record and their values, in either format. Pure and async-signal-safe. */
#ifndef SOCKSHIM_KEYS_H
#define SOCKSHIM_KEYS_H

#include "base/text.h"

static inline bool is_json(const struct text *t)
{
    return t->quoting == QUOTE_JSON;
}

/* Every key but the first, which begin() writes. One literal each, since a record has
 * two dozen of them. */
#define PUT_KEY(t, name) (is_json(t) ? text_add(t, ",\"" name "\":") : text_add(t, " " name "="))
#define PUT_WORD(t, name, value) (PUT_KEY(t, name), put_word(t, value))
#define PUT_NUMBER(t, name, value) (PUT_KEY(t, name), text_unsigned(t, value))
#define PUT_SIGNED(t, name, value) (PUT_KEY(t, name), text_signed(t, value))
#define PUT_VALUE(t, name, bytes, len, most) (PUT_KEY(t, name), put_value(t, bytes, len, most))

/* A quote where JSON has one around a value of ours. */
void put_json_quote(struct text *t);

/* A word of our own: it never needs quotes in logfmt. */
void put_word(struct text *t, const char *value);

/* What follows takes at most `most` bytes of the line, until give_back() has been given
 * the end of the line that this returns. */
char *limit_to(struct text *t, size_t most);
void give_back(struct text *t, char *end);

/* Bytes from outside: no more than `most` of the line. */
void put_value(struct text *t, const char *bytes, size_t len, size_t most);

#endif
