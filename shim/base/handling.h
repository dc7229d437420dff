/* Robust handling that a person has asked for by name: libsockshim(7). All zero,
 * nothing is asked for. Read once; constant afterwards. */
#ifndef SOCKSHIM_HANDLING_H
#define SOCKSHIM_HANDLING_H

#include <stdbool.h>

/* TCP's keepalive, in seconds and probes; 0: left to the system. */
struct keepalive {
    int idle, interval, count;
};

struct handling {
    unsigned dead_peer_ms; /* whole seconds; TCP_USER_TIMEOUT as well */
    struct keepalive keepalive;
    bool keeps_alive; /* SOCKSHIM_KEEPALIVE itself was given */
    unsigned connect_timeout_ms;
    unsigned connect_retry_ms;
    unsigned recv_timeout_ms;
    int backlog;
    bool reuseaddr;
    bool accept_careful;
    bool eintr_restart;
    bool reset_eof;
};

/* The keepalive by which an idle connection to a dead peer ends after `seconds`, from
 * 3 on: idle + interval * count. A probe a second, so that the end comes within a second
 * of its time although the kernel's long timers are late (kernel/time/timer.c). */
struct keepalive keepalive_for(unsigned seconds);

/* Whether there is anything of it. */
bool handling_is_asked(const struct handling *h);

/* What is derived where both or one of them are given. */
void handling_settle(struct handling *h);

#endif
