/* The way in: what is done once, when the program is loaded. */
#include "base/ask.h"
#include "base/next.h"
#include "base/settings.h"
#include "force/sigpipe.h"
#include "start/start.h"

#include <errno.h>
#include <stdlib.h>

/* Descriptors that a parent, inetd or systemd (sd_listen_fds(3)) left us. */
static bool inherited_ip_socket(void)
{
    const char *passed = getenv("LISTEN_FDS");
    int last = 15;
    int count = 0;
    for (; passed && *passed >= '0' && *passed <= '9' && count < 4096; passed++) {
        count = count * 10 + (*passed - '0');
    }
    if (count + 2 > last) {
        last = count + 2;
    }
    for (int fd = 0; fd <= last; fd++) {
        if (is_ip_socket(fd)) {
            return true;
        }
    }
    return false;
}

/* musl's crti.o defines these two with default visibility; the most constraining one
 * of all objects that name a symbol counts (gABI, "Symbol Table"). They are named in a
 * section that the linker leaves out. */
#ifndef __GLIBC__
__asm__(".hidden _init, _fini\n"
        ".pushsection .names,\"e\"\n.dc.a _init, _fini\n.popsection");
#endif

__attribute__((constructor)) static void start(void)
{
    int kept = errno;
    sockshim_set_up();
    next_resolve();
    if (settings.sigpipe == SIGPIPE_ALWAYS) {
        sigpipe_swallow();
    }
    if (settings.on && (atomic_load(&sockshim_early_socket) || inherited_ip_socket())) {
        sockshim_has_socket();
    }
    errno = kept;
}
