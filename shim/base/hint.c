#include "base/hint.h"

_Atomic uint64_t hints[HINTS / 64];
_Atomic uint64_t hints_ended[HINTS / 64];
_Atomic uint64_t hints_shut[HINTS / 64];

static void set(_Atomic uint64_t *bits, int fd)
{
    atomic_fetch_or_explicit(&bits[fd / 64], (uint64_t)1 << fd % 64, memory_order_relaxed);
}

static void clear(_Atomic uint64_t *bits, int fd)
{
    atomic_fetch_and_explicit(&bits[fd / 64], ~((uint64_t)1 << fd % 64), memory_order_relaxed);
}

void hint_set(int fd)
{
    hint_end_is_over(fd);
    hint_shut_is_over(fd);
    if ((unsigned)fd < HINTS && !hint_is_set(fd)) {
        set(hints, fd);
    }
}

void hint_clear(int fd)
{
    if (hint_is_set(fd)) {
        clear(hints, fd);
    }
}

void hint_end(int fd)
{
    if (hint_is_set(fd) && !hint_has_ended(fd)) {
        set(hints_ended, fd);
    }
}

void hint_end_is_over(int fd)
{
    if (hint_has_ended(fd)) {
        clear(hints_ended, fd);
    }
}

void hint_shut(int fd)
{
    if (hint_is_set(fd)) {
        set(hints_shut, fd);
    }
}

void hint_shut_is_over(int fd)
{
    if (hint_is_shut(fd)) {
        clear(hints_shut, fd);
    }
}
