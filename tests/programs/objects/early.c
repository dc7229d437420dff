/* An object that makes wrapped calls when no one else does: from its
 * constructor, its destructor, a function that atexit() runs, and one to be
 * called after dlopen(). BASE, from the compiler's command line, tells its
 * records from those of others. */
#include "../harm.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>

static void fail_late(void)
{
    leave_record(BASE + 3);
}

__attribute__((constructor)) static void begin(void)
{
    int gone[2];
    int on = 0;
    socklen_t len = sizeof on;
    char byte = 0;
    errno = 12345;
    open_quiet();
    CHECK(errno == 12345);
    leave_record(BASE + 1);
    CHECK(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, gone) == 0 && close(gone[1]) == 0);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(getsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0);
    if (getenv("LD_PRELOAD")) { /* what is forced is forced already */
        CHECK(on == 1);
        CHECK(send(gone[0], &byte, 1, 0) == -1 && errno == EPIPE);
    }
    CHECK(close(tcp) == 0 && dup2(gone[0], 250) == 250 && close(250) == 0);
    CHECK(syscall(SYS_getpid) == getpid());
    atexit(fail_late);
}

__attribute__((destructor)) static void end(void)
{
    leave_record(BASE + 4);
}

/* early_call, with another name in each object. */
void CALL(void)
{
    leave_record(BASE + 2);
}
