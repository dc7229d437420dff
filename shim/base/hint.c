#include "base/hint.h"

_Atomic uint64_t hints[HINTS / 64];

void hint_set(int fd)
{
    if ((unsigned)fd < HINTS && !hint_is_set(fd)) {
        atomic_fetch_or_explicit(&hints[fd / 64], (uint64_t)1 << fd % 64, memory_order_relaxed);
    }
}

void hint_clear(int fd)
{
    if (hint_is_set(fd)) {
        atomic_fetch_and_explicit(&hints[fd / 64], ~((uint64_t)1 << fd % 64), memory_order_relaxed);
    }
}
