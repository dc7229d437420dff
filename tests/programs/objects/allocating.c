/* An allocator each of whose calls makes one that is wrapped and fails. At the
 * end it says how many there were. */
#include "../harm.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

static int made;

static void fail(void)
{
    static char room[64];
    int kept = errno;
    if (quiet[0] < 0) {
        open_quiet();
    }
    int number = __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
    recv(quiet[0], room, (size_t)number + 1, MSG_DONTWAIT);
    errno = kept;
}

void *malloc(size_t size)
{
    fail();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    fail();
    return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    fail();
    return __libc_realloc(at, size);
}

void free(void *at)
{
    fail();
    __libc_free(at);
}

__attribute__((destructor)) static void say(void)
{
    dprintf(2, "%d\n", made);
}
