#include "observe/nagle.h"

#include "base/process.h"
#include "base/settings.h"

/* A handshake of TLS alone has a few small segments in a row. */
enum { LEAST_EXCHANGES = 10 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Not above either count: data_segs_out has what this host failed to send as well
 * (net/ipv4/tcp_output.c, __tcp_transmit_skb()), `delivered` has the SYN. */
static uint32_t small_segments(const struct tcp_facts *info)
{
    uint64_t full = (info->bytes_sent - info->bytes_retrans) / info->snd_mss;
    uint32_t sent = least(info->data_segs_out, info->delivered);
    uint64_t others = full + info->total_retrans;
    return sent > others ? sent - (uint32_t)others : 0;
}

uint32_t nagle_spared(const struct tcp_facts *info)
{
    if (!settings.nodelay || process_sets_nagle() || info->snd_mss == 0) {
        return 0;
    }
    uint32_t from_peer = info->data_segs_in;
    uint32_t small = small_segments(info);
    bool is_in_pieces = from_peer >= LEAST_EXCHANGES && small >= from_peer + from_peer / 2;
    return is_in_pieces ? least(small - from_peer, from_peer) : 0;
}
