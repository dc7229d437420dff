/* A record as bytes, as the recorder keeps it: with them a reader composes the line that
 * the text log would have had. Pure and async-signal-safe. */
#ifndef SOCKSHIM_RECORDED_H
#define SOCKSHIM_RECORDED_H

#include "base/ring.h"
#include "tell/record.h"

enum recorded_event {
    RECORDED_NOTHING,
    RECORDED_RETURN,  /* the facts, and the name of the object that called, with its NUL */
    RECORDED_HANDLED, /* struct recorded_change, and the same */
    RECORDED_REFUSED, /* struct recorded_call, and the sentence */
    RECORDED_CONFIG,  /* the sentence */
    RECORDED_START,
    RECORDED_CALL,    /* struct recorded_call, and of a connect its struct sockaddr */
    RECORDED_BLOCKED, /* struct recorded_blocked */
    RECORDED_EVENTS
};

/* What each begins with. */
struct recorded {
    int64_t time;     /* CLOCK_REALTIME, in nanoseconds since 1970 */
    uint32_t program; /* its number among those of the ring */
    int32_t pid, tid; /* 0: not known */
    uint8_t event;
    uint8_t cause;  /* CAUSE_COUNT: none */
    uint16_t facts; /* bytes of them; of RECORDED_CONFIG, by how much it is below error */
};

struct recorded_change {
    uint32_t setting, tries;
    int32_t asked, given, err; /* struct change */
};

/* A call that simply succeeded, or was refused. */
struct recorded_call {
    uint32_t call;
    int32_t fd;
    int64_t ret;
    uint64_t duration_ns;
};

/* A would-block on receiving or accepting of which nothing was asked: what else a record of it
 * has follows from this. */
struct recorded_blocked {
    uint32_t call;
    int32_t fd;
    uint64_t len; /* of accept 0, as the flags */
    int32_t flags, spare;
};

/* The two that busy programs make fill a slot each. */
_Static_assert(sizeof(struct recorded) + sizeof(struct recorded_call) == RING_ROOM, "a slot");
_Static_assert(sizeof(struct recorded) + sizeof(struct recorded_blocked) == RING_ROOM, "a slot");

/* What is the same for all records of a program. Texts end in a NUL. */
struct recorded_program {
    uint32_t dead_peer_ms, connect_timeout_ms, recv_timeout_ms;
    uint8_t reset_eof, spare[3];
    char prog[64], exe[256], settings[416], host[65], cgroup[160];
};
_Static_assert(sizeof(struct recorded_program) <= sizeof((struct ring_program *)0)->bytes, "fits");

/* A record that is put together: its bytes, and how many there are. */
struct recording {
    union {
        struct recorded head;
        unsigned char bytes[RING_RECORD];
    };
    size_t len;
};

/* What one of this moment begins with. */
static inline struct recorded recorded_head(enum recorded_event event, int64_t time,
                                            struct identity who, uint32_t program)
{
    return (struct recorded){.time = time,
                             .program = program,
                             .pid = who.pid,
                             .tid = who.tid,
                             .event = (uint8_t)event,
                             .cause = CAUSE_COUNT};
}
void recording_facts(struct recording *r, const struct facts *facts, enum cause cause);
/* Bytes, as far as there is room. */
void recording_add(struct recording *r, const void *bytes, size_t len);

/* Where the members of struct facts lie, in which the facts are kept as far as they are not zero;
 * the addresses lie where they point. Kinds: `number`, signed or not, of its size; `truth`, 0 or 1;
 * `known`, 0 to 2. */
#define RECORDED_FACTS(X)                                                                          \
    X(number, call)                                                                                \
    X(number, fd)                                                                                  \
    X(number, ret)                                                                                 \
    X(number, err)                                                                                 \
    X(truth, has_len)                                                                              \
    X(truth, receives)                                                                             \
    X(truth, sends)                                                                                \
    X(known, is_lean)                                                                              \
    X(number, len)                                                                                 \
    X(number, flags)                                                                               \
    X(number, domain)                                                                              \
    X(number, type)                                                                                \
    X(number, protocol)                                                                            \
    X(known, nonblocking)                                                                          \
    X(known, sets_timeouts)                                                                        \
    X(number, timeout_us)                                                                          \
    X(truth, peer_from_call)                                                                       \
    X(truth, names_in_vain)                                                                        \
    X(truth, too_many_buffers)                                                                     \
    X(known, is_open)                                                                              \
    X(truth, is_first_connect)                                                                     \
    X(truth, is_path)                                                                              \
    X(number, assigned)                                                                            \
    X(number, closed_at)                                                                           \
    X(known, listens_unseen)                                                                       \
    X(number, peer_pid)                                                                            \
    X(known, error_pending)                                                                        \
    X(known, hung_up)                                                                              \
    X(known, read_closed)                                                                          \
    X(truth, has_queued)                                                                           \
    X(number, queued)                                                                              \
    X(truth, saved_from_sigpipe)                                                                   \
    X(truth, ended_by_sigpipe)                                                                     \
    X(number, descriptor_limit)                                                                    \
    X(number, port_low)                                                                            \
    X(number, port_high)                                                                           \
    X(truth, has_own_ports)                                                                        \
    X(truth, is_filtered)                                                                          \
    X(truth, is_own_name)                                                                          \
    X(number, send_buffer)                                                                         \
    X(number, mtu)                                                                                 \
    X(truth, hears_errors)                                                                         \
    X(truth, was_connected)                                                                        \
    X(truth, send_failed)                                                                          \
    X(truth, has_payload)                                                                          \
    X(number, state)                                                                               \
    X(known, fin_seen)                                                                             \
    X(known, refused)                                                                              \
    X(known, own_fin)                                                                              \
    X(known, side)                                                                                 \
    X(truth, has_sent)                                                                             \
    X(known, shut_reading)                                                                         \
    X(known, shut_writing)                                                                         \
    X(number, rx)                                                                                  \
    X(number, tx)                                                                                  \
    X(number, unacked)                                                                             \
    X(number, unsent)                                                                              \
    X(number, idle_ms)                                                                             \
    X(number, sent_ms)                                                                             \
    X(number, fin_ms)                                                                              \
    X(number, rtt_us)                                                                              \
    X(number, retrans)                                                                             \
    X(number, tries)                                                                               \
    X(number, probes)                                                                              \
    X(truth, held_back)                                                                            \
    X(truth, window_closed)                                                                        \
    X(truth, keepalive)                                                                            \
    X(truth, lingers_not)                                                                          \
    X(number, waited_ms)                                                                           \
    X(number, user_timeout_ms)                                                                     \
    X(number, offset)

/* The words that a ring's header carries about all this, in RING_TABLE bytes. */
void recorded_table(char *table);

#endif
