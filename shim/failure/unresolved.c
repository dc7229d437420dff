#include "failure/unresolved.h"

#include "base/clock.h"
#include "base/settings.h"
#include "failure/failed.h"
#include "observe/resolved.h"
#include "observe/site.h"
#include "start/start.h"

#include <errno.h>
#include <netdb.h>
#include <stddef.h>

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
static bool tells_errno(const struct question *q, int result)
{
    if (q->call == CALL_gethostbyname) {
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
    int err = tells_errno(q, result) ? kept : 0;
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

static __attribute__((noinline)) void tell_unnamed(const struct sockaddr *addr, socklen_t len,
                                                   int result, uint32_t waited_ms, const void *site)
{
    struct facts f;
    int kept = errno;
    int err = result == EAI_SYSTEM ? kept : 0;
    bool wanted = sockshim_set_up() && !settings_wants_no_call(CALL_getnameinfo);
    if (wanted && observe_unnamed(&f, addr, len, result, err)) {
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
        tell_unnamed(addr, len, result, waited_ms, site);
    }
}
