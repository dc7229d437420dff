/* A preload that does to descriptors through syscall() what it is asked for by name. */
#include <sys/syscall.h>
#include <unistd.h>

int close(int fd)
{
    return (int)syscall(SYS_close, fd);
}

int dup2(int from, int to)
{
    return from == to ? from : (int)syscall(SYS_dup3, from, to, 0);
}

int dup3(int from, int to, int flags)
{
    return (int)syscall(SYS_dup3, from, to, flags);
}

int close_range(unsigned first, unsigned last, int flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}
