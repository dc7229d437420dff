/* Chance, and what is said. */
#include "life.h"

uint64_t chance;

unsigned below(unsigned n)
{
    chance += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = chance;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ z >> 31) >> 32) % n;
}

bool one_in(unsigned n)
{
    return below(n) == 0;
}

static char said[1 << 16];
static size_t said_len;

void flush(void)
{
    for (size_t done = 0; done < said_len;) {
        long n = syscall(SYS_write, 1, said + done, said_len - done);
        if (n <= 0) {
            syscall(SYS_exit_group, 97);
        }
        done += (size_t)n;
    }
    said_len = 0;
}

void say(const char *format, ...)
{
    va_list arguments;
    if (said_len > sizeof said - 1024) {
        flush();
    }
    va_start(arguments, format);
    said_len += (size_t)vsnprintf(said + said_len, 1000, format, arguments);
    va_end(arguments);
}
