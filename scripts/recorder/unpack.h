/* A record of the recorder's, taken apart and told again as the line that the text log
 * would have had. The bytes may be anything. */
#ifndef RECORDER_UNPACK_H
#define RECORDER_UNPACK_H

#include "tell/recorded.h"

struct unpacked {
    struct recorded head;
    struct facts facts; /* of RECORDED_RETURN and RECORDED_HANDLED */
    struct recorded_change change;
    struct recorded_call call;
    struct {
        struct address address;
        struct address_room room;
    } peer;            /* of a connect that succeeded */
    const char *words; /* points into the bytes */
    size_t words_len;
};

/* false: it is none that this version knows. */
bool unpack(struct unpacked *u, const unsigned char *bytes, size_t len);

/* The program that the next lines are of: what the ring has of it. */
void unpack_program(const struct ring *ring, uint32_t number);

/* Writes the line into RECORD_SIZE bytes, in the format of `settings`; returns its length. */
size_t unpacked_line(char *line, const struct unpacked *u);

/* Whether it is a call that succeeded, and what it returned is a new socket. */
bool unpacked_makes_socket(const struct unpacked *u);

/* The descriptor it is about; -1: none. */
int unpacked_fd(const struct unpacked *u);

#endif
