#include "tell/keys.h"

void put_json_quote(struct text *t)
{
    if (is_json(t)) {
        text_char(t, '"');
    }
}

void put_word(struct text *t, const char *value)
{
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
