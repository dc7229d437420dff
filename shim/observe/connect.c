#include "observe/connect.h"

#include <errno.h>

/* How long a connect is under way when its timer goes off next: as many tries as there
 * were, some of them after the first interval each (net.ipv4.tcp_syn_linear_timeouts),
 * and then each after twice the one before (net/ipv4/tcp_timer.c,
 * tcp_retransmit_timer()). */
static uint32_t connect_time(const struct tcp_facts *info, unsigned doubled)
{
    uint32_t first = (info->rto >> doubled) / 1000;
    uint32_t alike = info->retransmits > doubled ? info->retransmits - doubled : 0;
    return first * (alike + (1U << doubled) - 1) + info->rto / 1000;
}

/* How long the kernel waited for an answer before it gave a connect up. The number of doublings
 * is forgotten by then (net/ipv4/tcp_timer.c, tcp_write_err()), the interval is not, and the
 * first one was a second (include/net/tcp.h, TCP_TIMEOUT_INIT). */
static uint32_t time_till_given_up(const struct tcp_facts *info)
{
    enum { FIRST_US = 1000000 };
    unsigned doubled = 0;
    while (info->rto >> (doubled + 1) >= FIRST_US) {
        doubled++;
    }
    return connect_time(info, doubled);
}

/* A SYN that was due to be sent again and was not let out is not counted among those that
 * are (net/ipv4/tcp_output.c, tcp_retransmit_skb()). Of the first one nothing is known, nor
 * once the kernel has given up. */
static bool syn_kept_back(const struct tcp_facts *info)
{
    return info->retransmits > 0 && info->lost > 0 && info->retrans == 0;
}

void find_connect(struct facts *f, const struct tcp_facts *info)
{
    if (info->state == TCP_STATE_SYN_SENT) {
        f->waited_ms = connect_time(info, info->backoff < 16 ? info->backoff : 16);
        f->send_failed = syn_kept_back(info);
    } else if (f->err == ETIMEDOUT && info->state == TCP_STATE_CLOSE) {
        f->waited_ms = time_till_given_up(info);
    }
}
