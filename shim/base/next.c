#include "base/next.h"

#include "base/object.h"
#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

/* The kernel's answer as the C library gives it. */
static uninstrumented long answer(long result)
{
    if (result < 0 && result >= -4095) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* A row of next.h with a system call; nothing for one without. */
#define RAW_FUNCTION(result, name, parameters, ...)                                                \
    __VA_OPT__(static result raw_##name parameters { return (result)answer(raw(__VA_ARGS__)); })

#define OFFSET_HALVES(offset) (long)(offset), (long)((unsigned long long)(offset) >> 32)

/* cppcheck-suppress unknownMacro ; it knows no __VA_OPT__ */
NEXT_FUNCTIONS(RAW_FUNCTION)

/* dup3 refuses equal descriptors, dup2 answers them with the descriptor. */
static int raw_dup2(int from, int to)
{
    if (from != to) {
        return raw_dup3(from, to, 0);
    }
    return answer(raw(RAW_FCNTL, from, F_GETFD)) < 0 ? -1 : to;
}

/* stdio's: there is no system call for it. */
static int raw_vdprintf(int fd, const char *format, va_list values)
{
    next_resolve();
    return next.vdprintf(fd, format, values);
}

/* What only the C library can do, for it has the trampoline by which a signal handler
 * returns (SA_RESTORER), that into a new thread, and its own form of limits on 32-bit
 * x86: the first use looks all functions up. */
#define RESOLVED_FIRST(result, name, parameters, arguments)                                        \
    static result raw_##name parameters                                                            \
    {                                                                                              \
        next_resolve();                                                                            \
        return next.name arguments;                                                                \
    }

RESOLVED_FIRST(int, sigaction, (int sig, const struct sigaction *act, struct sigaction *old),
               (sig, act, old))
RESOLVED_FIRST(signal_handler, signal, (int sig, signal_handler handler), (sig, handler))
RESOLVED_FIRST(signal_handler, sigset, (int sig, signal_handler handler), (sig, handler))
RESOLVED_FIRST(int, siginterrupt, (int sig, int interrupt), (sig, interrupt))
RESOLVED_FIRST(int, clone,
               (int (*run)(void *), void *stack, int flags, void *argument, pid_t *parent,
                void *tls, pid_t *child),
               (run, stack, flags, argument, parent, tls, child))
#if __SIZEOF_LONG__ == 8
static uninstrumented int raw_setrlimit(int resource, const void *limit)
{
    return (int)answer(raw(SYS_setrlimit, resource, limit));
}
#else
RESOLVED_FIRST(int, setrlimit, (int resource, const void *limit), (resource, limit))
#endif
RESOLVED_FIRST(int, prlimit, (pid_t pid, int resource, const void *limit, void *old),
               (pid, resource, limit, old))
RESOLVED_FIRST(int, getaddrinfo,
               (const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **answer),
               (node, service, hints, answer))
RESOLVED_FIRST(int, getnameinfo,
               (const struct sockaddr *addr, socklen_t addrlen, char *host, socklen_t hostlen,
                char *service, socklen_t servicelen, int flags),
               (addr, addrlen, host, hostlen, service, servicelen, flags))
RESOLVED_FIRST(struct hostent *, gethostbyname, (const char *name), (name))
RESOLVED_FIRST(struct hostent *, gethostbyname2, (const char *name, int family), (name, family))
RESOLVED_FIRST(int, gethostbyname_r,
               (const char *name, struct hostent *host, char *buffer, size_t room,
                struct hostent **found, int *error),
               (name, host, buffer, room, found, error))
RESOLVED_FIRST(int, gethostbyname2_r,
               (const char *name, int family, struct hostent *host, char *buffer, size_t room,
                struct hostent **found, int *error),
               (name, family, host, buffer, room, found, error))
RESOLVED_FIRST(struct hostent *, gethostbyaddr, (const void *addr, socklen_t len, int family),
               (addr, len, family))
RESOLVED_FIRST(int, gethostbyaddr_r,
               (const void *addr, socklen_t len, int family, struct hostent *host, char *buffer,
                size_t room, struct hostent **found, int *error),
               (addr, len, family, host, buffer, room, found, error))

#ifdef __GLIBC__
RESOLVED_FIRST(signal_handler, __sysv_signal, (int sig, signal_handler handler), (sig, handler))
RESOLVED_FIRST(int, setrlimit64, (int resource, const void *limit), (resource, limit))
RESOLVED_FIRST(int, prlimit64, (pid_t pid, int resource, const void *limit, void *old),
               (pid, resource, limit, old))

extern void __chk_fail(void) __attribute__((noreturn, weak)); /* musl has none */

static int raw___vdprintf_chk(int fd, int flag, const char *format, va_list values)
{
    next_resolve();
    return next.__vdprintf_chk(fd, flag, format, values);
}

static ssize_t raw___recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
    if (len > room) {
        __chk_fail();
    }
    return raw_recv(fd, buf, len, flags);
}

static ssize_t raw___recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
                                  struct sockaddr *addr, socklen_t *addrlen)
{
    if (len > room) {
        __chk_fail();
    }
    return raw_recvfrom(fd, buf, len, flags, addr, addrlen);
}

static ssize_t raw___read_chk(int fd, void *buf, size_t len, size_t room)
{
    if (len > room) {
        __chk_fail();
    }
    return raw_read(fd, buf, len);
}

#endif

static long by_number(long n, long a, long b, long c)
{
    return next.syscall(n, a, b, c, 0, 0, 0);
}

#define NEXT_RAW(result, name, parameters, ...) .name = raw_##name,
_Alignas(64) struct next next = {NEXT_FUNCTIONS(NEXT_RAW).by_number = by_number};

static const char *(*words_of)(int);

#define NEXT_NAME(result, name, parameters, ...) {#name, offsetof(struct next, name)},
static const struct {
    char name[20]; /* not a pointer, which would have to be relocated */
    size_t offset;
} next_names[] = {NEXT_FUNCTIONS(NEXT_NAME)};

enum { NEXT_COUNT = sizeof next_names / sizeof *next_names };

struct search {
    bool behind_us; /* what comes now is */
    bool found[NEXT_COUNT];
};

static void take_functions(const struct object *object, struct search *search)
{
    for (size_t i = 0; i < NEXT_COUNT; i++) {
        void *function = search->found[i] ? NULL : object_function(object, next_names[i].name);
        if (function) {
            memcpy((char *)&next + next_names[i].offset, &function, sizeof function);
            search->found[i] = true;
        }
    }
}

/* The last one that there is: the C library's. musl's strerror only looks into a
 * constant table, too. */
static void take_words(const struct object *object)
{
#ifdef __GLIBC__
    void *function = object_function(object, "strerrordesc_np");
#else
    void *function = object_function(object, "strerror");
#endif
    if (function) {
        memcpy(&words_of, &function, sizeof function);
    }
}

/* The objects come in the order in which the loader looks through them: whether this one
 * stands behind us, and then what it is. */
static bool is_behind_us(const struct dl_phdr_info *info, bool *behind_us, struct object *object)
{
    if (headers_contain(info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum, &next)) {
        *behind_us = true;
        return false;
    }
    return *behind_us &&
           object_from_headers(object, info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum);
}

static int look_into(struct dl_phdr_info *info, size_t size, void *state)
{
    struct search *search = state;
    struct object object;
    (void)size;
    if (is_behind_us(info, &search->behind_us, &object)) {
        take_functions(&object, search);
        take_words(&object);
    }
    return 0;
}

/* Not by dlsym(RTLD_NEXT, ...): of another preload that stands in front of dlsym, as
 * overlays and tracers of graphics do, the C library takes that one for the caller,
 * and what is next behind it may be this very object. */
void next_resolve(void)
{
    struct search search = {.behind_us = false};
    dl_iterate_phdr(look_into, &search);
    if (next.sigaction == raw_sigaction) { /* loaded by dlopen: the C library is before us */
        search.behind_us = true;
        dl_iterate_phdr(look_into, &search);
    }
}

/* The objects come in the order in which they are asked for a symbol. */
static int look_in_front(struct dl_phdr_info *info, size_t size, void *found)
{
    struct object object;
    (void)size;
    if (headers_contain(info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum, &next)) {
        return 1;
    }
    if (object_from_headers(&object, info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum) &&
        object.own_name && strcmp(object.names + object.own_name, "libsockshim.so") == 0) {
        *(bool *)found = true;
    }
    return 0;
}

bool next_is_second(void)
{
    bool found = false;
    dl_iterate_phdr(look_in_front, &found);
    return found;
}

struct one_search {
    const char *name;
    bool behind_us;
    void *function;
};

static int look_for_one(struct dl_phdr_info *info, size_t size, void *state)
{
    struct one_search *search = state;
    struct object object;
    (void)size;
    if (is_behind_us(info, &search->behind_us, &object)) {
        search->function = object_function(&object, search->name);
    }
    return search->function != NULL;
}

void *next_function(const char *name)
{
    struct one_search search = {.name = name};
    if (!dl_iterate_phdr(look_for_one, &search)) {
        search.behind_us = true; /* as in next_resolve() */
        dl_iterate_phdr(look_for_one, &search);
    }
    return search.function;
}

const char *errno_words(int err)
{
    return words_of ? words_of(err) : NULL;
}
