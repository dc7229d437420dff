/* The ring, with a writer that is stopped after each of its instructions: what is there at that
 * moment is what SIGKILL would leave; and then others write the ring full once more or twice
 * before it goes on, and after each instruction that it does then. No record may ever be there
 * that was not written, and all must be but those that it tore. */
#include "base/ring.h"

#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS = 8, STOPPED = 99 };

static struct ring ring;
static struct {
    struct ring_header header;
    struct ring_program programs[RING_PROGRAMS];
    struct ring_slot slots[SLOTS];
} * shared;

/* A record tells by its first byte what the rest of it is. */
static void make_record(unsigned char *record, size_t len, unsigned char seed)
{
    for (size_t i = 0; i < len; i++) {
        record[i] = (unsigned char)(seed + i * 7);
    }
}

static void put_made(const unsigned char *record, size_t len)
{
    uint64_t words[RING_WORDS];
    if (len == sizeof words) {
        memcpy(words, record, sizeof words);
        ring_put_words(&ring, words);
    } else {
        ring_put(&ring, record, len);
    }
}

static void put(size_t len, unsigned char seed)
{
    unsigned char record[RING_RECORD];
    make_record(record, len, seed);
    put_made(record, len);
}

static enum ring_found get(uint64_t number, size_t *len, unsigned *pieces, unsigned char *seed)
{
    unsigned char record[RING_RECORD];
    unsigned char right[RING_RECORD];
    enum ring_found found = ring_get(&ring, number, record, len, pieces);
    if (found == RING_WHOLE) {
        make_record(right, *len, *record);
        *seed = *record;
        return *len > 0 && memcmp(record, right, *len) == 0 ? RING_WHOLE : (enum ring_found) - 1;
    }
    return found;
}

/* ---- The writer ---- */

static pid_t begin_writer(size_t len, unsigned char seed)
{
    unsigned char record[RING_RECORD];
    make_record(record, len, seed);
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        syscall(SYS_kill, getpid(), SIGSTOP);
        put_made(record, len);
        syscall(SYS_exit_group, 0);
    }
    int status;
    bool stopped = waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
    return stopped ? pid : -1;
}

/* false: it has ended. */
static bool step(pid_t pid)
{
    int status;
    return ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
           WIFSTOPPED(status);
}

static void go_on(pid_t pid)
{
    int status;
    ptrace(PTRACE_CONT, pid, NULL, NULL);
    waitpid(pid, &status, 0);
}

/* The ring with three records of one slot each, numbers 1 to 3. */
static void begin_ring(void)
{
    memset(shared, 0, sizeof *shared);
    for (unsigned char i = 1; i <= 3; i++) {
        put(RING_ROOM - i, i);
    }
}

/* ---- SIGKILL ---- */

static bool three_are_there(void)
{
    for (unsigned char i = 1; i <= 3; i++) {
        size_t len;
        unsigned pieces;
        unsigned char seed;
        if (get(i, &len, &pieces, &seed) != RING_WHOLE || seed != i ||
            len != (size_t)RING_ROOM - i) {
            return false;
        }
    }
    return true;
}

/* Whether the record is there after the last instruction, and never another one. */
static bool killed_anywhere(size_t len, unsigned *steps)
{
    begin_ring();
    bool good = true;
    bool there = false;
    pid_t pid = begin_writer(len, STOPPED);
    for (*steps = 0; step(pid); ++*steps) {
        size_t found;
        unsigned pieces;
        unsigned char seed = 0;
        enum ring_found what = get(4, &found, &pieces, &seed);
        good &= three_are_there();
        good &= what == RING_TORN || (what == RING_WHOLE && seed == STOPPED && found == len);
        good &= !there || what == RING_WHOLE; /* once it is whole it stays whole */
        there = what == RING_WHOLE;
    }
    return good && there;
}

/* ---- Stopped, while others write ---- */

/* How many of the last slots are of no whole record; -1: one is of a wrong one. */
static int count_torn(size_t stopped_len)
{
    uint64_t last = atomic_load(&shared->header.head);
    int torn = 0;
    for (uint64_t i = last - SLOTS + 1; i <= last;) {
        size_t len;
        unsigned pieces;
        unsigned char seed = 0;
        enum ring_found what = get(i, &len, &pieces, &seed);
        if (what == (enum ring_found) - 1) {
            return -1;
        }
        bool is_others = seed == (unsigned char)(i + 100) && len == RING_ROOM;
        bool is_stopped_ones = seed == STOPPED && len == stopped_len;
        if (what == RING_WHOLE && !is_others && !is_stopped_ones) {
            return -1;
        }
        torn += what != RING_WHOLE;
        i += pieces;
    }
    return torn;
}

/* After `steps` of its own; false: wrong. *ended: it had ended by then. */
static bool stopped_after(size_t len, unsigned steps, unsigned more, bool *ended)
{
    int pieces = (int)((len + RING_ROOM - 1) / RING_ROOM);
    begin_ring();
    pid_t pid = begin_writer(len, STOPPED);
    for (unsigned i = 0; i < steps && !*ended; i++) {
        *ended = !step(pid);
    }
    for (unsigned i = 0; i < more; i++) {
        put(RING_ROOM, (unsigned char)(atomic_load(&shared->header.head) + 1 + 100));
    }
    bool good = true;
    for (bool goes_on = !*ended; goes_on && good;) {
        goes_on = step(pid);
        int torn = count_torn(len);
        good = torn >= 0 && torn <= pieces;
    }
    if (!good) {
        go_on(pid);
    }
    return good;
}

/* After each of a hundred or two of its instructions: a sanitizer makes thousands of them. */
static bool stopped_anywhere(size_t len, unsigned more, unsigned stride)
{
    bool ended = false;
    for (unsigned steps = 0; !ended; steps += stride) {
        if (!stopped_after(len, steps, more, &ended)) {
            printf("# after %u instructions\n", steps);
            return false;
        }
    }
    return true;
}

int main(void)
{
    const size_t lengths[] = {RING_ROOM - 9, RING_ROOM, RING_ROOM * 2 + 5};
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ring = (struct ring){.header = &shared->header,
                         .programs = shared->programs,
                         .slots = shared->slots,
                         .slot_count = SLOTS};
    pid_t pid = begin_writer(RING_ROOM, 1);
    if (pid < 0 || !step(pid)) {
        printf("1..0 # SKIP no single steps here: %s\n", strerror(errno));
        return 0;
    }
    go_on(pid);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        unsigned steps;
        bool good = killed_anywhere(lengths[i], &steps);
        ok(good, "a record of %zu bytes, killed after each of %u instructions", lengths[i], steps);
        for (unsigned more = SLOTS; more <= 2 * SLOTS + 3; more += SLOTS + 3) {
            ok(stopped_anywhere(lengths[i], more, steps / 200 + 1),
               "a record of %zu bytes, stopped after each while others write %u", lengths[i], more);
        }
    }
    return tap_end();
}
