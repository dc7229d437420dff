/* Memory: two pages to write to, two to read from, one that is read-only,
 * and nothing behind each. At a fixed address, for pointers are among what is
 * compared. */
#include "life.h"

unsigned char *const arena = (unsigned char *)0x20000000;
static size_t out_at, in_at;

void map_arena(void)
{
    void *at = mmap(arena, ALL, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != arena) {
        syscall(SYS_exit_group, 96);
    }
    mprotect(arena + OUT + 2 * PAGE, PAGE, PROT_NONE);
    mprotect(arena + IN + 2 * PAGE, PAGE, PROT_NONE);
    memset(arena + READ_ONLY, 'r', PAGE);
    mprotect(arena + READ_ONLY, PAGE, PROT_READ);
    mprotect(arena + READ_ONLY + PAGE, PAGE, PROT_NONE);
}

void clean(void)
{
    memset(arena + OUT, 0xa5, (size_t)2 * PAGE);
    memset(arena + IN, 0x5c, (size_t)2 * PAGE);
    out_at = in_at = 0;
}

uint64_t sum_of(const unsigned char *at, size_t len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i += sizeof sum) {
        uint64_t word = 0;
        memcpy(&word, at + i, len - i < sizeof word ? len - i : sizeof word);
        sum = (sum ^ word) * 0x100000001b3u;
        sum ^= sum >> 29;
    }
    return sum;
}

void *bad_pointer(void)
{
    static const size_t places[] = {OUT + 2 * PAGE, IN + 2 * PAGE - 1, READ_ONLY,
                                    READ_ONLY + PAGE - 3, READ_ONLY + PAGE};
    unsigned which = below(7);
    return which == 0 ? NULL : which == 1 ? (void *)1 : arena + places[which - 2];
}

/* Room for a result, now and then with too little of it behind, or none. */
void *room(size_t len)
{
    if (one_in(16)) {
        return bad_pointer();
    }
    if (one_in(12)) {
        return arena + OUT + 2 * PAGE - below((unsigned)len + 2);
    }
    void *at = arena + OUT + out_at;
    out_at += (len + 31) & ~(size_t)15;
    return out_at < 2 * PAGE ? at : arena + OUT;
}

/* An argument of the caller's, likewise. */
void *given(const void *from, size_t len)
{
    unsigned char *at = arena + IN + in_at;
    if (one_in(24)) {
        return bad_pointer();
    }
    if (one_in(16)) {
        size_t there = below((unsigned)len + 2);
        at = arena + IN + 2 * PAGE - there;
        memcpy(at, from, there < len ? there : len);
        return at;
    }
    in_at += (len + 31) & ~(size_t)15;
    if (in_at >= 2 * PAGE - 64) {
        return NULL;
    }
    memcpy(at, from, len);
    return at;
}

bool in_arena(const void *at, size_t len)
{
    const unsigned char *byte = at;
    return (byte >= arena + OUT && byte + len <= arena + OUT + 2 * PAGE) ||
           (byte >= arena + IN && byte + len <= arena + IN + 2 * PAGE);
}

/* Ports that the kernel chose are not the same twice. */
void hide_port(void *at)
{
    unsigned char *bytes = at;
    unsigned short family;
    if (!in_arena(bytes, 3)) {
        return;
    }
    memcpy(&family, bytes, sizeof family);
    if ((family == AF_INET || family == AF_INET6) && bytes[2] >= 0x80) {
        memset(bytes + 2, 0xff, in_arena(bytes, 4) ? 2 : 1);
    }
}
