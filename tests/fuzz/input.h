/* The fuzzer's bytes, taken one value at a time; zeroes when they are used up. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
    const uint8_t *at, *end;
};

static uint8_t take_byte(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* Small numbers take one byte, all others are within reach. */
static uint64_t take_number(struct input *in)
{
    uint8_t first = take_byte(in);
    uint64_t number = first;
    if (first >= 0xf0) {
        number = 0;
        for (int i = 0; i <= (first & 7); i++) {
            number = number << 8 | take_byte(in);
        }
    }
    return first & 8 && first >= 0xf0 ? 0 - number : number;
}

/* Into a buffer, as far as there is room; returns how many. Its length is in
 * the byte in front. */
static size_t take_bytes(struct input *in, void *buffer, size_t room)
{
    size_t len = take_byte(in);
    if (len > room) {
        len = room;
    }
    if (len > (size_t)(in->end - in->at)) {
        len = (size_t)(in->end - in->at);
    }
    memcpy(buffer, in->at, len);
    in->at += len;
    return len;
}

#endif
