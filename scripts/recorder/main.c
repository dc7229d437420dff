/* sockshim-recorder: prints the records in a recorder file as lines of the log.
 *
 *     sockshim-recorder [--json] [--around TIME] [--connection ADDRESS] [--failures] FILE
 *     sockshim-recorder --follow N [--json] FILE   the last N (-1: all), and what comes
 *     sockshim-recorder -dc                        standard input, as unpackers do it
 *
 * TIME is as the log has it, or the beginning of that. */
#include "base/next.h"
#include "base/settings.h"
#include "connection.h"
#include "source.h"
#include "tell/cause.h"
#include "unpack.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Around a TIME: so many seconds before and after. Before a connection's first failure: so
 * many records of it. */
enum { SECONDS_AROUND = 10, RECORDS_BEFORE = 10 };

static struct {
    const char *path;
    const char *connection;
    bool follows, from_input, has_time, only_failures;
    long latest;
    int64_t since, until; /* seconds */
} asked = {.latest = -1};

static struct {
    uint64_t torn, unknown, printed;
} counts;

/* ---- Records ---- */

static bool is_in_time(const struct recorded *head)
{
    int64_t seconds = head->time / 1000000000;
    return !asked.has_time || (seconds >= asked.since && seconds <= asked.until);
}

static void print(const struct ring *ring, const struct unpacked *u)
{
    char line[RECORD_SIZE];
    if (u->head.event == RECORDED_CALL && (asked.from_input || asked.follows)) {
        return; /* report and follow are about what did not simply succeed */
    }
    unpack_program(ring, u->head.program);
    size_t len = unpacked_line(line, u);
    counts.printed++;
    if (fwrite(line, 1, len, stdout) != len) {
        exit(errno == EPIPE ? 0 : 1);
    }
}

typedef void visitor(const struct ring *ring, uint64_t number, const struct unpacked *u);

/* The one that begins in slot `number`; returns how many slots are dealt with. */
static unsigned visit(const struct ring *ring, uint64_t number, visitor *take)
{
    static unsigned char bytes[RING_RECORD];
    struct unpacked u;
    size_t len;
    unsigned pieces;
    switch (ring_get(ring, number, bytes, &len, &pieces)) {
    case RING_WHOLE:
        if (unpack(&u, bytes, len)) {
            take(ring, number, &u);
        } else {
            counts.unknown++;
        }
        break;
    case RING_TORN:
        counts.torn++;
        break;
    default: /* its beginning was overwritten */
        break;
    }
    return pieces;
}

static void visit_all(const struct ring *ring, uint64_t first, uint64_t last, visitor *take)
{
    for (uint64_t i = first; i <= last && i > 0;) {
        i += visit(ring, i, take);
    }
}

static uint64_t first_slot(const struct ring *ring, uint64_t last)
{
    return last > ring->slot_count ? last - ring->slot_count + 1 : 1;
}

/* ---- All of it ---- */

static uint32_t *connections; /* a number for each slot */

static void note_connection(const struct ring *ring, uint64_t number, const struct unpacked *u)
{
    connections[(number - 1) % ring->slot_count] = connection_of(u);
}

static uint32_t connection_in(const struct ring *ring, uint64_t number)
{
    return connections ? connections[(number - 1) % ring->slot_count] : 0;
}

static void print_wanted(const struct ring *ring, uint64_t number, const struct unpacked *u)
{
    if (is_in_time(&u->head) && connection_is_chosen(connection_in(ring, number))) {
        print(ring, u);
    }
}

static void print_any(const struct ring *ring, uint64_t number, const struct unpacked *u)
{
    (void)number;
    print(ring, u);
}

/* Of each connection: its latest records, until its first failure is told. */
static struct history {
    uint64_t latest[RECORDS_BEFORE];
    unsigned count;
    bool has_failed;
} * histories;

static bool is_failure(const struct unpacked *u)
{
    return u->head.event == RECORDED_RETURN &&
           cause_level(&u->facts, (enum cause)u->head.cause) >= LEVEL_WARN;
}

static void print_before(const struct ring *ring, const struct history *h)
{
    unsigned first = h->count > RECORDS_BEFORE ? h->count - RECORDS_BEFORE : 0;
    for (unsigned i = first; i < h->count; i++) {
        visit(ring, h->latest[i % RECORDS_BEFORE], print_any);
    }
}

static void print_first_failure(const struct ring *ring, uint64_t number, const struct unpacked *u)
{
    uint32_t connection = connection_in(ring, number);
    struct history *h = &histories[connection_whole(connection)];
    if (connection == 0 || h->has_failed) {
        return;
    }
    if (!is_failure(u)) {
        h->latest[h->count++ % RECORDS_BEFORE] = number;
        return;
    }
    h->has_failed = true;
    if (is_in_time(&u->head) && connection_is_chosen(connection)) {
        if (counts.printed > 0 && !settings.json) {
            putchar('\n');
        }
        print_before(ring, h);
        print(ring, u);
    }
}

static void tell_counts(const char *name, const struct ring *ring, uint64_t last)
{
    if (counts.printed == 0) {
        bool is_asked = asked.has_time || asked.connection || asked.only_failures;
        fprintf(stderr, "sockshim: %s: no records%s\n", name, is_asked ? " match the options" : "");
    }
    uint64_t first = first_slot(ring, last);
    if (first > 1) {
        fprintf(stderr, "sockshim: %" PRIu64 " of %" PRIu64 " slots were overwritten since\n",
                first - 1, last);
    }
    if (counts.torn > 0) {
        fprintf(stderr,
                "sockshim: %" PRIu64
                " torn: their writers were killed in the midst of them, or are still writing\n",
                counts.torn);
    }
    if (counts.unknown > 0) {
        fprintf(stderr, "sockshim: %" PRIu64 " damaged, or of another version\n", counts.unknown);
    }
}

static void *room_for(const struct source *s, size_t count, size_t size)
{
    void *room = calloc(count, size);
    if (!room) {
        source_fails(s->name, "not enough memory");
    }
    return room;
}

static int print_all(struct source *s)
{
    uint64_t last = atomic_load(&s->ring.header->head);
    uint64_t first = first_slot(&s->ring, last);
    if (asked.connection || asked.only_failures) {
        connection_choose(asked.connection);
        connections = room_for(s, (size_t)s->ring.slot_count, sizeof *connections);
        visit_all(&s->ring, first, last, note_connection);
        memset(&counts, 0, sizeof counts);
    }
    if (asked.only_failures) {
        histories = room_for(s, (size_t)connection_count() + 1, sizeof *histories);
    }
    visit_all(&s->ring, first, last, asked.only_failures ? print_first_failure : print_wanted);
    if (!asked.from_input) {
        fflush(stdout);
        tell_counts(s->name, &s->ring, last);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- As it grows ---- */

static uint64_t found;

static void count_one(const struct ring *ring, uint64_t number, const struct unpacked *u)
{
    (void)ring;
    (void)number;
    (void)u;
    found++;
}

/* Where the last `latest` records begin. */
static uint64_t where_latest(const struct ring *ring, uint64_t last)
{
    uint64_t first = first_slot(ring, last);
    if (asked.latest < 0) {
        return first;
    }
    visit_all(ring, first, last, count_one);
    uint64_t skipped = found > (uint64_t)asked.latest ? found - (uint64_t)asked.latest : 0;
    found = 0;
    while (first <= last && found < skipped) {
        first += visit(ring, first, count_one);
    }
    return asked.latest == 0 ? last + 1 : first;
}

/* A slot that is claimed and not whole is being written, and waited for, a second at most:
 * then its writer was killed. */
static bool must_wait(const struct ring *ring, uint64_t number)
{
    static unsigned char bytes[RING_RECORD];
    static uint64_t waits_for;
    static int rounds;
    size_t len;
    unsigned pieces;
    if (ring_get(ring, number, bytes, &len, &pieces) != RING_TORN) {
        return false;
    }
    rounds = waits_for == number ? rounds + 1 : 0;
    waits_for = number;
    return rounds < 10;
}

static uint64_t print_new(const struct ring *ring, uint64_t from, uint64_t last)
{
    uint64_t first = first_slot(ring, last);
    from = from < first ? first : from;
    while (from <= last && !must_wait(ring, from)) {
        from += visit(ring, from, print_any);
    }
    return from;
}

static void pause_a_little(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    if (poll(&out, 1, 100) > 0 && out.revents & (POLLERR | POLLHUP)) {
        exit(0); /* nobody reads any more */
    }
}

static int follow(struct source *s)
{
    uint64_t last = atomic_load(&s->ring.header->head);
    uint64_t from = where_latest(&s->ring, last);
    for (;;) {
        from = print_new(&s->ring, from, last);
        if (fflush(stdout) != 0) {
            return 1;
        }
        pause_a_little();
        if (source_is_replaced(s)) {
            const char *path = s->name;
            close(s->fd);
            free(s->memory);
            source_open(s, path);
            from = 1;
        }
        last = source_look(s);
        if (last >= from) {
            source_read(s, from, last);
        }
    }
}

/* ---- The call ---- */

static _Noreturn void wrong_call(const char *words)
{
    fprintf(stderr, "sockshim-recorder: %s\n", words);
    exit(2);
}

static void take_time(const char *text)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || (*rest && *rest != '.' && *rest != 'Z')) {
        wrong_call("--around wants a time such as 2026-11-22T11:03:22");
    }
    asked.has_time = true;
    asked.since = timegm(&tm) - SECONDS_AROUND;
    asked.until = timegm(&tm) + SECONDS_AROUND;
}

static void take_words(char **word)
{
    for (; *word; word++) {
        if (strcmp(*word, "--") == 0 && word[1]) {
            asked.path = *++word;
        } else if (strcmp(*word, "-dc") == 0) {
            asked.from_input = true;
        } else if (strcmp(*word, "--failures") == 0) {
            asked.only_failures = true;
        } else if (strcmp(*word, "--json") == 0) {
            settings.json = true;
        } else if (strcmp(*word, "--follow") == 0 && word[1]) {
            asked.follows = true;
            asked.latest = strtol(*++word, NULL, 10);
        } else if (strcmp(*word, "--around") == 0 && word[1]) {
            take_time(*++word);
        } else if (strcmp(*word, "--connection") == 0 && word[1]) {
            asked.connection = *++word;
        } else if (!asked.path) {
            asked.path = *word;
        } else {
            wrong_call("one file");
        }
    }
    if (!asked.path && !asked.from_input) {
        wrong_call("no file");
    }
}

int main(int argc, char **argv)
{
    struct source s;
    (void)argc;
    take_words(argv + 1);
    next_resolve();
    source_open(&s, asked.from_input ? NULL : asked.path);
    return asked.follows ? follow(&s) : print_all(&s);
}
