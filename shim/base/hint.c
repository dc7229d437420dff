#include "base/hint.h"

_Atomic uint8_t hints[HINTS];
static atomic_int end;

int hints_end(void)
{
    return atomic_load_explicit(&end, memory_order_relaxed);
}

void hint_put_on(int fd, unsigned hint)
{
    if ((unsigned)fd < HINTS) {
        atomic_fetch_or_explicit(&hints[fd], (uint8_t)hint, memory_order_relaxed);
    }
}

void hint_take_off(int fd, unsigned hint)
{
    if ((unsigned)fd < HINTS) {
        atomic_fetch_and_explicit(&hints[fd], (uint8_t)~hint, memory_order_relaxed);
    }
}

static __attribute__((noinline)) void set_anew(int fd)
{
    int before = hints_end();
    hint_take_off(fd, HINT_ENDED | HINT_SHUT);
    hint_put_on(fd, HINT_SET);
    while (before <= fd && fd < HINTS && !atomic_compare_exchange_weak(&end, &before, fd + 1)) {
    }
}

void hint_set(int fd)
{
    enum { ALL = HINT_SET | HINT_ENDED | HINT_SHUT };
    if ((hints_of(fd) & ALL) != HINT_SET) {
        set_anew(fd);
    }
}

void hint_clear(int fd)
{
    if (hint_is_set(fd)) {
        hint_take_off(fd, HINT_SET);
    }
}

void hint_end(int fd)
{
    if ((hints_of(fd) & (HINT_SET | HINT_ENDED)) == HINT_SET) {
        hint_put_on(fd, HINT_ENDED);
    }
}

void hint_shut(int fd)
{
    if (hint_is_set(fd)) {
        hint_put_on(fd, HINT_SHUT);
    }
}

void hint_shut_is_over(int fd)
{
    if (hint_is_shut(fd)) {
        hint_take_off(fd, HINT_SHUT);
    }
}
