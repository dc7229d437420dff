#include "failure/unresolved.h"

#include "base/ask.h"
#include "base/clock.h"
#include "base/settings.h"
#include "failure/failed.h"
#include "observe/resolved.h"
#include "observe/site.h"
#include "start/start.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/* Not everywhere in netdb.h, but the same number in glibc and musl. */
enum { NAME_WITHOUT_ADDRESS = -5 };

/* NETDB_INTERNAL, which musl has not, neither the word nor the number. */
enum { SEE_ERRNO = -1 };

/* The others are of arguments: a family, a kind of socket or a service that there is not. */
static bool is_about_name(int result)
{
    return result == EAI_NONAME || result == NAME_WITHOUT_ADDRESS || result == EAI_AGAIN ||
           result == EAI_FAIL || result == EAI_MEMORY || result == EAI_SYSTEM;
}

/* The same of h_errno. */
static bool is_about_host(int error)
{
    return resolver_error_name(CALL_gethostbyname, error) != NULL;
}

static uint32_t milliseconds_since(int64_t begun)
{
    int64_t ms = (clock_nanoseconds() - begun) / 1000000;
    return ms > 0 && ms < UINT32_MAX ? (uint32_t)ms : 0;
}

enum { LATE_MS = 1000 };

/* What else the C library takes for a name that does not exist. */
static bool could_not_ask(int err)
{
    return err == EMFILE || err == ENFILE || err == ENOMEM;
}

/* Whether errno says more of that result. */
static bool tells_errno(enum call call, int result)
{
    if (call_sets_h_errno(call)) {
        return result == SEE_ERRNO || (result == NO_RECOVERY && could_not_ask(errno));
    }
    return result == EAI_SYSTEM || (result == EAI_NONAME && could_not_ask(errno));
}

/* After an answer, or none: `result` is getaddrinfo's, or h_errno. */
static __attribute__((noinline)) void tell_resolution(const struct question *q, int result,
                                                      uint32_t waited_ms)
{
    struct facts f;
    int kept = errno;
    int err = tells_errno(q->call, result) ? kept : 0;
    bool wanted = q->name && sockshim_set_up() && !settings_wants_no_call(q->call);
    if (wanted && observe_unresolved(&f, q, result, err)) {
        f.waited_ms = waited_ms;
        find_site(&f, q->site);
        tell_facts(&f);
    }
    errno = kept;
}

void unresolved(const struct question *q, int result)
{
    bool is_host = q->call == CALL_gethostbyname;
    if (is_host ? is_about_host(result) : is_about_name(result)) {
        tell_resolution(q, result, milliseconds_since(q->begun));
    }
}

void resolved_late(const struct question *q)
{
    uint32_t waited_ms = milliseconds_since(q->begun);
    if (waited_ms >= LATE_MS) {
        tell_resolution(q, 0, waited_ms);
    }
}

static __attribute__((noinline)) void tell_unnamed(enum call call, const struct sockaddr *addr,
                                                   socklen_t len, int result, uint32_t waited_ms,
                                                   const void *site)
{
    struct facts f;
    int kept = errno;
    bool is_told = call == CALL_getnameinfo ? result == EAI_SYSTEM : tells_errno(call, result);
    bool wanted = sockshim_set_up() && !settings_wants_no_call(call);
    if (wanted && observe_unnamed(&f, call, addr, len, result, is_told ? kept : 0)) {
        f.waited_ms = waited_ms;
        find_site(&f, site);
        tell_facts(&f);
    }
    errno = kept;
}

void unnamed(const struct sockaddr *addr, socklen_t len, int result, int64_t begun,
             const void *site)
{
    uint32_t waited_ms = milliseconds_since(begun);
    if (result == 0 ? waited_ms >= LATE_MS : is_about_name(result)) {
        tell_unnamed(CALL_getnameinfo, addr, len, result, waited_ms, site);
    }
}

/* The kernel is asked whether the address is there. */
static __attribute__((noinline)) void tell_unnamed_address(const struct unnamed_address *asked,
                                                           int error, uint32_t waited_ms)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    bool is_short = asked->family == AF_INET;
    void *to = is_short ? (void *)&in.sin_addr : (void *)&in6.sin6_addr;
    socklen_t len = is_short ? sizeof in.sin_addr : sizeof in6.sin6_addr;
    if ((is_short || asked->family == AF_INET6) && asked->len >= len &&
        can_read(asked->addr, len)) {
        memcpy(to, asked->addr, len);
        tell_unnamed(CALL_gethostbyaddr,
                     is_short ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
                     is_short ? sizeof in : sizeof in6, error, waited_ms, asked->site);
    }
}

void unnamed_address(const struct unnamed_address *asked, int error)
{
    uint32_t waited_ms = milliseconds_since(asked->begun);
    if (error == 0 ? waited_ms >= LATE_MS : is_about_host(error)) {
        tell_unnamed_address(asked, error, waited_ms);
    }
}
