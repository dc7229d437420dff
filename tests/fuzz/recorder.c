/* What reads a recorder's file, with any bytes: in a whole slot, which a writer of another
 * version may have filled, in damaged slots and programs, and as a header. */
#include "../../scripts/recorder/unpack.c"

#include "base/settings.h"

#include "check.h"
#include "input.h"

enum { SLOTS = 16 };

static struct ring_header header;
static struct ring_program programs[RING_PROGRAMS];
static struct ring_slot slots[SLOTS];
static struct ring ring = {&header, programs, slots, SLOTS};

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

static void check_record(const unsigned char *bytes, size_t len)
{
    static char line[RECORD_SIZE];
    struct unpacked u;
    if (!unpack(&u, bytes, len)) {
        return;
    }
    unpack_program(&ring, u.head.program);
    size_t written = unpacked_line(line, &u);
    unpacked_fd(&u);
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

static void damage(struct input *in)
{
    void *parts[] = {slots, programs, &header.head};
    const size_t sizes[] = {sizeof slots, 2 * sizeof *programs, sizeof header.head};
    unsigned part = take_byte(in) % 3;
    size_t at = (size_t)(take_number(in) % sizes[part]);
    take_bytes(in, (char *)parts[part] + at, sizes[part] - at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    static char program[sizeof(struct recorded_program)];
    static struct ring opened;
    memset(&header, 0, sizeof header);
    memset(programs, 0, 2 * sizeof *programs);
    memset(slots, 0, sizeof slots);
    settings.json = take_byte(&in) & 1;
    take_bytes(&in, program, sizeof program);
    ring_put_program(&ring, program, sizeof program);
    while (in.at < in.end) {
        if (take_byte(&in) & 3) {
            put_something(&in);
        } else {
            damage(&in);
        }
        check_slots();
    }
    if (size >= sizeof(struct ring_fixed)) {
        memcpy(&header, data, size < sizeof header ? size : sizeof header);
        ring_open(&opened, &header, sizeof header, "");
    }
    return 0;
}
