#include "tell/keys.h"

void put_json_quote(struct text *t)
{
    if (is_json(t)) {
        text_char(t, '"');
    }
}

static __attribute__((noinline)) void put_json_key(struct text *t, const char *key, size_t len)
{
    text_add(t, ",\"");
    text_put(t, key + 1, len - 2);
    text_add(t, "\":");
}

/* In two pieces that may overlap. */
static inline void copy_key(char *to, const char *key, size_t len)
{
    if (len >= 8) {
        memcpy(to, key, 8);
        memcpy(to + len - 8, key + len - 8, 8);
    } else {
        memcpy(to, key, 4);
        memcpy(to + len - 4, key + len - 4, 4);
    }
}

void put_key(struct text *t, const char *key, size_t len)
{
    char *at = t->at;
    if (is_json(t)) {
        put_json_key(t, key, len);
    } else if (t->full || (size_t)(t->end - at) < len) {
        text_put(t, key, len);
    } else {
        t->at = at + len;
        copy_key(at, key, len);
    }
}

void put_number(struct text *t, const char *key, size_t len, uint64_t value)
{
    char *at = t->at;
    /* Most numbers have one digit. */
    if (value < 10 && !is_json(t) && !t->full && (size_t)(t->end - at) > len) {
        t->at = at + len + 1;
        copy_key(at, key, len);
        at[len] = (char)('0' + value);
        return;
    }
    put_key(t, key, len);
    text_unsigned(t, value);
}

void put_signed(struct text *t, const char *key, size_t len, int64_t value)
{
    put_key(t, key, len);
    text_signed(t, value);
}

void put_word(struct text *t, const char *key, size_t len, const char *value)
{
    put_key(t, key, len);
    put_json_quote(t);
    text_add(t, value);
    put_json_quote(t);
}

char *limit_to(struct text *t, size_t most)
{
    char *end = t->end;
    if ((size_t)(end - t->at) > most) {
        t->end = t->at + most;
    }
    return end;
}

void give_back(struct text *t, char *end)
{
    t->end = end;
    t->full = false;
}

void put_value(struct text *t, const char *bytes, size_t len, size_t most)
{
    char *end = limit_to(t, most);
    text_value(t, bytes, len);
    give_back(t, end);
}
