/* The way in: what is done once, when the program is loaded. */
#include "base/ask.h"
#include "base/next.h"
#include "base/settings.h"
#include "force/sigpipe.h"
#include "start/start.h"

#include <errno.h>
#include <stdlib.h>

/* Descriptors that a parent, inetd or systemd (sd_listen_fds(3)) left us. Found out
 * without a socket call: a filter inherited through exec may kill for one. */
static bool inherited_tcp_socket(void)
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
        if (is_socket(fd) && is_tcp_by_ioctl(fd)) {
            return true;
        }
    }
    return false;
}

__attribute__((constructor)) static void start(void)
{
    int kept = errno;
    sockshim_set_up();
    next_resolve();
    if (settings.sigpipe == SIGPIPE_ALWAYS) {
        sigpipe_swallow();
    }
    bool early = atomic_load(&sockshim_early_socket);
    if (settings.on && (early || inherited_tcp_socket())) {
        sockshim_first_socket(early);
    }
    errno = kept;
}
