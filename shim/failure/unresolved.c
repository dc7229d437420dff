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

/* The others are of arguments: a family, a kind of socket or a service that there is not. */
static bool is_about_name(int result)
{
    return result == EAI_NONAME || result == NAME_WITHOUT_ADDRESS || result == EAI_AGAIN ||
           result == EAI_FAIL || result == EAI_MEMORY || result == EAI_SYSTEM;
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

/* After a getaddrinfo that returned `result`. */
static __attribute__((noinline)) void tell_resolution(const char *node,
                                                      const struct addrinfo *hints, int result,
                                                      uint32_t waited_ms, const void *site)
{
    struct facts f;
    int kept = errno;
    bool tells = result == EAI_SYSTEM || (result == EAI_NONAME && could_not_ask(kept));
    int err = tells ? kept : 0;
    bool wanted = node && sockshim_set_up() && !settings_wants_no_call(CALL_getaddrinfo);
    if (wanted && observe_unresolved(&f, node, hints, result, err)) {
        f.waited_ms = waited_ms;
        find_site(&f, site);
        tell_facts(&f);
    }
    errno = kept;
}

void unresolved(const char *node, const struct addrinfo *hints, int result, int64_t begun,
                const void *site)
{
    if (is_about_name(result)) {
        tell_resolution(node, hints, result, milliseconds_since(begun), site);
    }
}

void resolved_late(const char *node, const struct addrinfo *hints, int64_t begun, const void *site)
{
    uint32_t waited_ms = milliseconds_since(begun);
    if (waited_ms >= LATE_MS) {
        tell_resolution(node, hints, 0, waited_ms, site);
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
