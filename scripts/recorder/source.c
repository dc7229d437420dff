#include "source.h"

#include "tell/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn void source_fails(const char *name, const char *words)
{
    fputs("sockshim: ", stderr);
    for (; *name; name++) { /* nothing that a terminal would obey */
        fputc(*name >= ' ' && *name <= '~' ? *name : '?', stderr);
    }
    fprintf(stderr, ": %s\n", words);
    exit(2);
}

/* All there is, to its end; what is longer than a ring may be is none. */
static void read_all(struct source *s)
{
    uint64_t room = 0;
    for (;;) {
        if (s->size == room) {
            room = room == 0 ? RING_LEAST : room * 2;
            s->memory =
                room > (uint64_t)RECORDER_MOST * 2 ? NULL : realloc(s->memory, (size_t)room);
            if (!s->memory) {
                source_fails(s->name, "is larger than a recorder's file can be");
            }
        }
        ssize_t n = read(s->fd, s->memory + s->size, (size_t)(room - s->size));
        if (n < 0 && errno != EINTR) {
            source_fails(s->name, strerror(errno));
        }
        if (n == 0) {
            return;
        }
        s->size += n > 0 ? (uint64_t)n : 0;
    }
}

void source_open(struct source *s, const char *path)
{
    static char table[RING_TABLE];
    *s = (struct source){.fd = STDIN_FILENO, .name = path ? path : "standard input"};
    if (path) {
        s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }
    if (s->fd < 0) {
        source_fails(s->name, errno == ENOENT   ? "no such file"
                              : errno == EACCES ? "permission denied"
                                                : strerror(errno));
    }
    read_all(s);
    recorded_table(table);
    const char *wrong = ring_open(&s->ring, s->memory, s->size, table);
    if (wrong) {
        source_fails(s->name, wrong);
    }
}

/* What is cut off meanwhile stays as it was. */
static void read_anew(struct source *s, const void *at, size_t len)
{
    off_t offset = (const unsigned char *)at - s->memory;
    while (len > 0) {
        ssize_t n = pread(s->fd, s->memory + offset, len, offset);
        if (n <= 0) {
            return;
        }
        offset += n;
        len -= (size_t)n;
    }
}

uint64_t source_look(struct source *s)
{
    read_anew(s, (const void *)&s->ring.header->head, sizeof s->ring.header->head);
    return atomic_load(&s->ring.header->head);
}

void source_read(struct source *s, uint64_t first, uint64_t last)
{
    if (last - first >= s->ring.slot_count) {
        read_anew(s, s->ring.slots, (size_t)(s->ring.slot_count * RING_SLOT));
    } else {
        for (uint64_t i = first; i <= last; i++) {
            read_anew(s, &s->ring.slots[(i - 1) % s->ring.slot_count], RING_SLOT);
        }
    }
    read_anew(s, s->ring.programs, (size_t)RING_PROGRAMS * RING_PROGRAM);
}

bool source_is_replaced(const struct source *s)
{
    struct stat ours;
    struct stat there;
    return fstat(s->fd, &ours) == 0 && stat(s->name, &there) == 0 &&
           (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev);
}
