/* What reads a recorder's file, with any bytes: in a whole slot, which a writer of another
 * version may have filled, in slots and programs that are damaged, forged with a checksum that
 * fits, in the wrong place, or half written over, and as a header; slot by slot, and connection
 * by connection. */
#include "check.h"
#include "input.h"

#include "base/settings.h"

/* Each is a file of its own, whose static names the other has for its variables. */
#pragma clang diagnostic ignored "-Wshadow"
#include "../../scripts/recorder/connection.c"

#include "../../scripts/recorder/unpack.c"

enum { SLOTS = 16 };

static struct ring_header header;
static struct ring_program programs[RING_PROGRAMS];
static struct ring_slot slots[SLOTS];
static struct ring ring = {
    .header = &header, .programs = programs, .slots = slots, .slot_count = SLOTS};

/* Else hardly any facts were sound. */
#define MEND_number(f, name)
#define MEND_truth(f, name) ((unsigned char *)(f))[offsetof(struct facts, name)] &= 1;
#define MEND_known(f, name) ((unsigned char *)(f))[offsetof(struct facts, name)] %= 3;
#define MEND(kind, name) MEND_##kind(f, name)

static void mend_facts(unsigned char *bytes, size_t len)
{
    struct facts facts = {0};
    struct facts *f = &facts;
    size_t used = len < sizeof facts ? len : sizeof facts;
    memcpy(f, bytes, used);
    RECORDED_FACTS(MEND)
    unsigned call = *bytes;
    memcpy(f, &(unsigned){call % CALL_COUNT}, sizeof call);
    memcpy(bytes, f, used);
}

_Noreturn void source_fails(const char *name, const char *words)
{
    (void)name;
    (void)words;
    abort();
}

static void forget_connections(void)
{
    for (uint32_t i = 1; i <= count; i++) {
        free(connections[i].local);
        free(connections[i].peer);
    }
    count = 0;
    memset(buckets, 0, sizeof buckets);
}

static void check_connection(const struct unpacked *u)
{
    uint32_t number = connection_of(u);
    if (number > count || connection_whole(number) > count) {
        abort();
    }
    connection_is_chosen(number);
}

static void check_record(const unsigned char *bytes, size_t len)
{
    static char line[RECORD_SIZE];
    struct unpacked u;
    if (!unpack(&u, bytes, len)) {
        return;
    }
    unpack_program(&ring, u.head.program);
    size_t written = unpacked_line(line, &u);
    check_connection(&u);
    if (u.head.event != RECORDED_HANDLED) { /* which has keys of its own */
        check_line(line, written, settings.json);
    } else if (written == 0 || written > RECORD_SIZE || line[written - 1] != '\n') {
        abort();
    }
}

static void check_slots(void)
{
    static unsigned char record[RING_RECORD];
    uint64_t last = atomic_load(&header.head);
    for (uint64_t i = last > SLOTS ? last - SLOTS + 1 : 1; i <= last && i > 0;) {
        size_t len;
        unsigned pieces;
        if (ring_get(&ring, i, record, &len, &pieces) == RING_WHOLE) {
            check_record(record, len);
        }
        i += pieces;
    }
}

static void put_something(struct input *in)
{
    static unsigned char record[RING_RECORD];
    size_t len = take_bytes(in, record, 255);
    len += take_bytes(in, record + len, 255);
    if (len >= sizeof(struct recorded) && take_byte(in) & 1) {
        struct recorded *head = (void *)record;
        head->event = (uint8_t)(head->event % (RECORDED_EVENTS + 1));
        head->time &= INT64_MAX;
        head->facts = (uint16_t)(len - sizeof *head);
        if (head->event == RECORDED_RETURN) {
            head->cause %= CAUSE_COUNT;
            mend_facts(record + sizeof *head, len - sizeof *head);
            len += 1 + take_bytes(in, record + len, 40);
            record[len - 1] = 0; /* the object's name ends */
        }
    }
    if (len > 0) {
        ring_put(&ring, record, len);
    }
}

/* As ring.c has it. */
static uint64_t fuzz_mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9e3779b97f4a7c15;
    return sum ^ sum >> 29;
}

static uint32_t fuzz_sum(uint64_t sum, const unsigned char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + at, len - at < 8 ? len - at : 8);
        sum = fuzz_mix(sum, word);
    }
    return (uint32_t)(sum >> 32);
}

/* Slots and programs that claim anything, and whose checksum fits all the same. */
static void forge(struct input *in)
{
    struct ring_slot *s = &slots[take_byte(in) % SLOTS];
    struct ring_program *p = &programs[take_byte(in) & 1];
    uint8_t what = take_byte(in);
    if (what & 1) {
        p->len = (uint32_t)take_number(in);
        uint64_t sum = fuzz_mix(atomic_load(&p->number), p->len);
        p->checksum = fuzz_sum(sum, p->bytes, p->len % sizeof p->bytes);
        return;
    }
    if (what & 2) {
        atomic_store(&s->number, take_number(in));
    }
    s->piece = take_byte(in);
    s->pieces = take_byte(in);
    s->len = (uint16_t)take_number(in);
    s->checksum = ring_slot_sum(atomic_load(&s->number),
                                ring_slot_info(s->piece, s->pieces, s->len), s->words);
}

/* A slot in another's place, or its first bytes: a page that was written back, another that was
 * not. */
static void misplace(struct input *in)
{
    unsigned from = take_byte(in) % SLOTS;
    unsigned to = take_byte(in) % SLOTS;
    memmove((void *)&slots[to], (void *)&slots[from], take_byte(in) % (RING_SLOT + 1));
}

static void flip_bits(struct input *in)
{
    for (unsigned bits = take_byte(in) % 4; bits > 0; bits--) {
        size_t bit = (size_t)(take_number(in) % (sizeof slots * 8));
        ((unsigned char *)slots)[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
}

/* So far that numbers wrap around, or claimed and never written. */
static void claim(struct input *in)
{
    atomic_fetch_add(&header.head, take_number(in));
}

static void damage(struct input *in)
{
    void *parts[] = {slots, programs, &header.head};
    const size_t sizes[] = {sizeof slots, 2 * sizeof *programs, sizeof header.head};
    unsigned part = take_byte(in) % 3;
    size_t at = (size_t)(take_number(in) % sizes[part]);
    take_bytes(in, (char *)parts[part] + at, sizes[part] - at);
}

static void change_something(struct input *in)
{
    static void (*const ways[])(struct input *) = {damage, forge, misplace, flip_bits, claim};
    uint8_t way = take_byte(in);
    if (way & 3) {
        put_something(in);
    } else {
        ways[(way >> 2) % (sizeof ways / sizeof *ways)](in);
    }
}

/* A header whose checksum fits, and claims that do not: it may only be taken as what its size
 * allows. */
static void check_header(const uint8_t *data, size_t size)
{
    static struct ring opened;
    static union {
        struct ring_header header;
        unsigned char bytes[RING_LEAST];
    } file;
    unsigned char *fixed = (void *)&file.header.fixed;
    ring_make(&file, sizeof file, &(struct ring_fixed){.boottime = 1}, "");
    for (size_t i = 0; i + 3 <= size && i < 3 * 4; i += 3) {
        fixed[data[i] % sizeof file.header.fixed] ^= data[i + 1];
    }
    file.header.checksum = 1;
    for (size_t i = 0; i < offsetof(struct ring_header, checksum); i += 8) {
        uint64_t word;
        memcpy(&word, (unsigned char *)&file + i, 8);
        file.header.checksum = fuzz_mix(file.header.checksum, word);
    }
    for (size_t i = 0; i < sizeof file.header.table; i += 8) {
        uint64_t word;
        memcpy(&word, file.header.table + i, 8);
        file.header.checksum = fuzz_mix(file.header.checksum, word);
    }
    if (!ring_open(&opened, &file, sizeof file, "") &&
        (char *)(opened.slots + opened.slot_count) > (char *)(&file + 1)) {
        abort();
    }
    memset(&file.header, 0, sizeof file.header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    static char program[sizeof(struct recorded_program)];
    static struct ring opened;
    memset(&header, 0, sizeof header);
    memset(programs, 0, 2 * sizeof *programs);
    memset(slots, 0, sizeof slots);
    forget_connections();
    connection_choose("127.0.0.1");
    settings.json = take_byte(&in) & 1;
    take_bytes(&in, program, sizeof program);
    ring_put_program(&ring, program, sizeof program);
    while (in.at < in.end) {
        change_something(&in);
        check_slots();
    }
    if (size >= sizeof(struct ring_fixed)) {
        memcpy(&header, data, size < sizeof header ? size : sizeof header);
        ring_open(&opened, &header, sizeof header, "");
    }
    check_header(data, size);
    return 0;
}
