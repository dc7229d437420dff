/* unpack.c: a record of the recorder's whose numbers cannot be is none. */
#include "../../scripts/recorder/unpack.c"

#include "tap.h"

#include <limits.h>

static size_t put_bytes(unsigned char *record, size_t at, const void *bytes, size_t len)
{
    memcpy(record + at, bytes, len);
    return at + len;
}

/* event=handled of a refused connect, whose result was `given` instead. */
static bool takes_given(int32_t given)
{
    unsigned char record[RING_RECORD];
    struct facts facts = {.call = CALL_connect, .ret = -1, .err = ECONNREFUSED};
    struct recorded head = {.event = RECORDED_HANDLED,
                            .cause = CAUSE_connection_refused,
                            .facts = offsetof(struct facts, room.bytes)};
    struct recorded_change change = {
        .setting = SETTING_CONNECT_RETRY, .given = given, .err = ECONNREFUSED};
    size_t len = put_bytes(record, 0, &head, sizeof head);
    len = put_bytes(record, len, &change, sizeof change);
    len = put_bytes(record, len, &facts, head.facts);
    len = put_bytes(record, len, "", 1); /* no object */
    struct unpacked u;
    return unpack(&u, record, len);
}

/* event=return of a connect to /a/b that may not search so much of the path. */
static bool takes_directory(int8_t closed_at, bool has_path)
{
    unsigned char record[RING_RECORD];
    struct facts facts = {.call = CALL_connect, .ret = -1, .err = EACCES, .closed_at = closed_at};
    struct recorded head = {.event = RECORDED_RETURN, .cause = CAUSE_not_permitted};
    if (has_path) {
        struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/a/b"};
        address_set(&facts.peer, &facts.room, &path, offsetof(struct sockaddr_un, sun_path) + 4);
    }
    head.facts = (uint16_t)(offsetof(struct facts, room.bytes) + facts.room.used);
    size_t len = put_bytes(record, 0, &head, sizeof head);
    len = put_bytes(record, len, &facts, head.facts);
    len = put_bytes(record, len, "", 1); /* no object */
    struct unpacked u;
    return unpack(&u, record, len);
}

int main(void)
{
    ok(takes_given(0), "a connect that went through in the end");
    ok(takes_given(-ETIMEDOUT), "one that failed otherwise");
    ok(takes_given(-4095), "the last errno");
    ok(!takes_given(-4096), "one more");
    ok(!takes_given(INT_MIN), "what has no negation");
    ok(takes_directory(2, true), "a directory of the peer's path");
    ok(takes_directory(4, true), "all of it");
    ok(!takes_directory(5, true), "more than all");
    ok(!takes_directory(2, false), "a directory of no path");
    return tap_end();
}
