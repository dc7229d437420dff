/* The way in: what is done once, when the program is loaded. */
#include "base/ask.h"
#include "base/filter.h"
#include "base/next.h"
#include "base/process.h"
#include "base/settings.h"
#include "failure/closing.h"
#include "failure/failed.h"
#include "force/nodelay.h"
#include "force/sigpipe.h"
#include "layers/layers.h"
#include "log/log.h"
#include "start/start.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* The last descriptor that is looked at. A parent, inetd or a supervisor leaves low
 * ones; how many systemd leaves is said by sd_listen_fds(3). */
static int last_inherited(void)
{
    const char *passed = getenv("LISTEN_FDS");
    int last = 63;
    int count = 0;
    for (; passed && *passed >= '0' && *passed <= '9' && count < 4096; passed++) {
        count = count * 10 + (*passed - '0');
    }
    return count + 2 > last ? count + 2 : last;
}

/* Whether there are sockets. A unix socket as standard input, output or error does not
 * count: systemd's journal and Node give such to programs that know of no socket.
 * Found out without a socket call where a filter was inherited through exec: it may
 * kill for one. */
static bool take_inherited(void)
{
    bool found = false;
    int last = last_inherited();
    for (int fd = 0; fd <= last; fd++) {
        if (!is_socket(fd)) {
            continue;
        }
        filter_find();
        bool may_ask = !process_is_filtered() || layers_may_ask;
        if (may_ask) {
            sockshim_force_nodelay(fd);
            layers_take_inherited(fd);
        } else {
            nodelay_put_off(last);
        }
        if (fd > STDERR_FILENO || is_tcp_by_ioctl(fd) || (may_ask && is_ip_socket(fd))) {
            found = true;
        }
    }
    return found;
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
    layers_install();
    sigpipe_tell = failed_for_good;
    if (settings.sigpipe == SIGPIPE_ALWAYS) {
        sigpipe_install();
    }
    bool early = atomic_load(&sockshim_early_socket);
    if (settings.on && (take_inherited() || early)) {
        sockshim_first_socket(early, -1);
    }
    errno = kept;
}

/* The program ends in order. */
__attribute__((destructor)) static void end(void)
{
    int kept = errno;
    end_connections();
    if (settings.logging) {
        log_end();
    }
    errno = kept;
}
