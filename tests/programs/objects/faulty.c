/* Preloaded like the shim, and nearly as transparent. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(ERRNO)

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
    ssize_t (*next)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    ssize_t n = next(fd, buf, len, flags);
    errno = n > 0 ? 0 : errno;
    return n;
}

#elif defined(BYTE)

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    ssize_t (*next)(int, void *, size_t, int) = dlsym(RTLD_NEXT, "recv");
    ssize_t n = next(fd, buf, len, flags);
    if (n > 0 && (size_t)n < len) {
        ((char *)buf)[n] = 0; /* one too many */
    }
    return n;
}

#elif defined(RESULT)

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
    int result = next(fd, addr, len);
    return result < 0 && errno == EINVAL ? 0 : result;
}

#else

void (*signal(int sig, void (*handler)(int)))(int)
{
    void (*(*next)(int, void (*)(int)))(int) = dlsym(RTLD_NEXT, "signal");
    void (*old)(int) = next(sig, handler);
    siginterrupt(sig, 1);
    return old;
}

#endif
