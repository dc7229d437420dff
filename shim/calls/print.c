/* stdio's way to write to a descriptor. Its own write is inside the C library, where
 * nobody sees it: so the whole of it is one call. */
#include "calls/wrap.h"

#include <stdarg.h>

static int printed(int fd, int result)
{
    struct attempt a = {.fd = fd};
    return (int)FAILED(CALL_dprintf, result < 0 ? -1 : 0) < 0 ? result : 0;
}

WRAP(int, vdprintf, (int fd, const char *format, va_list values))
{
    int n = next.vdprintf(fd, format, values);
    return n > 0 ? n : printed(fd, n);
}

WRAP(int, dprintf, (int fd, const char *format, ...))
{
    va_list values;
    va_start(values, format);
    int n = next.vdprintf(fd, format, values);
    va_end(values);
    return n > 0 ? n : printed(fd, n);
}

#ifdef __GLIBC__

WRAP(int, __vdprintf_chk, (int fd, int flag, const char *format, va_list values))
{
    int n = next.__vdprintf_chk(fd, flag, format, values);
    return n > 0 ? n : printed(fd, n);
}

WRAP(int, __dprintf_chk, (int fd, int flag, const char *format, ...))
{
    va_list values;
    va_start(values, format);
    int n = next.__vdprintf_chk(fd, flag, format, values);
    va_end(values);
    return n > 0 ? n : printed(fd, n);
}

#endif
