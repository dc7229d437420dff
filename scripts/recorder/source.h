/* A recorder's file, or standard input, read into memory: never mapped, since whoever cuts
 * off a mapped file ends who looks at it. */
#ifndef RECORDER_SOURCE_H
#define RECORDER_SOURCE_H

#include "base/ring.h"

struct source {
    int fd;
    const char *name;
    unsigned char *memory;
    uint64_t size;
    struct ring ring;
};

/* Reads all of `path`; NULL: standard input. Ends the process with status 2 and a line on
 * stderr if it cannot be read, or is none of ours. */
void source_open(struct source *s, const char *path);

/* Of a file: reads anew what says how much there is. The number of the last slot claimed. */
uint64_t source_look(struct source *s);
/* Reads these slots anew, and the programs. */
void source_read(struct source *s, uint64_t first, uint64_t last);
/* Whether another file has its name by now. */
bool source_is_replaced(const struct source *s);

/* One line on stderr, and the end with status 2. */
_Noreturn void source_fails(const char *name, const char *words);

#endif
