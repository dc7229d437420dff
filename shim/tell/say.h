/* The words of a sentence: templates with named figures. Pure, async-signal-safe,
 * and without allocation; none of it fails. */
#ifndef SOCKSHIM_SAY_H
#define SOCKSHIM_SAY_H

#include "base/facts.h"
#include "base/text.h"

/* A template is a sentence as a person reads it, with `$name` for a figure, or for a
 * clause that is a template of its own, picked by the facts.
 * All templates lie side by side in a section of the object, where a unit test finds
 * them and checks the names; they have a type of their own, so that none is left out. */
typedef const struct template *template;
#define SAY(words)                                                                                 \
    ({                                                                                             \
        static const char one[] __attribute__((section("sentences"), aligned(1))) = words;         \
        (template) one;                                                                            \
    })

/* Writes the sentence. */
void say(struct text *t, const struct facts *f, template sentence);

/* The first `$name` of a template that is no figure and no clause, or NULL. */
const char *say_unknown(template sentence);

/* What a `$name` may be, in the order of the first letters (capitals first), since that is looked
 * up by bisection, of one letter the commonest first: a figure, and what writes it, or a clause,
 * whose function clause_NAME() is in why_*.c and returns NULL where it is not said. */
#define PARTS(FIGURE, CLAUSE)                                                                      \
    FIGURE(Peer, put_peer(t, f, "The peer"))                                                       \
    CLAUSE(after_rx)                                                                               \
    CLAUSE(after_waited)                                                                           \
    CLAUSE(asked_for)                                                                              \
    CLAUSE(call_size)                                                                              \
    CLAUSE(could_not_leave)                                                                        \
    FIGURE(closed_folder, put_closed_folder(t, f))                                                 \
    FIGURE(descriptor_limit, text_unsigned(t, f->descriptor_limit))                                \
    FIGURE(errno, text_unsigned(t, (uint64_t)f->err))                                              \
    CLAUSE(errno_words)                                                                            \
    CLAUSE(ever)                                                                                   \
    CLAUSE(failed_since)                                                                           \
    FIGURE(fd, text_signed(t, f->fd))                                                              \
    FIGURE(fin, put_duration(t, (uint64_t)f->fin_ms * 1000))                                       \
    CLAUSE(from_peer)                                                                              \
    CLAUSE(gave_up)                                                                                \
    CLAUSE(heard)                                                                                  \
    CLAUSE(held_up)                                                                                \
    FIGURE(high_port, text_unsigned(t, f->port_high))                                              \
    CLAUSE(how_far)                                                                                \
    FIGURE(idle, put_duration(t, (uint64_t)f->idle_ms * 1000))                                     \
    CLAUSE(in_its_name)                                                                            \
    CLAUSE(in_spite_of_tries)                                                                      \
    CLAUSE(last_words)                                                                             \
    FIGURE(len, put_bytes(t, f->len))                                                              \
    FIGURE(local, address_text(t, &f->local))                                                      \
    FIGURE(low_port, text_unsigned(t, f->port_low))                                                \
    CLAUSE(may_owe_answer)                                                                         \
    FIGURE(mtu, put_bytes(t, f->mtu))                                                              \
    FIGURE(name, put_name(t, f))                                                                   \
    FIGURE(named, address_text(t, named(f)))                                                       \
    CLAUSE(never_acknowledged)                                                                     \
    CLAUSE(no_answer)                                                                              \
    CLAUSE(not_acknowledged)                                                                       \
    CLAUSE(of_len)                                                                                 \
    CLAUSE(or_broadcast)                                                                           \
    CLAUSE(or_control)                                                                             \
    CLAUSE(or_earlier_datagram)                                                                    \
    CLAUSE(or_earlier_one)                                                                         \
    CLAUSE(or_filter)                                                                              \
    CLAUSE(or_gave_up)                                                                             \
    CLAUSE(or_ipv6_only)                                                                           \
    CLAUSE(or_own_address)                                                                         \
    CLAUSE(or_source_route)                                                                        \
    CLAUSE(or_to_all)                                                                              \
    CLAUSE(or_too_much_control)                                                                    \
    CLAUSE(or_unseen)                                                                              \
    CLAUSE(path_mtu)                                                                               \
    FIGURE(peer, put_peer(t, f, "the peer"))                                                       \
    FIGURE(port, text_unsigned(t, address_port(&f->local)))                                        \
    CLAUSE(port_range)                                                                             \
    FIGURE(rx, put_bytes(t, f->rx))                                                                \
    CLAUSE(reset_seen)                                                                             \
    CLAUSE(rest)                                                                                   \
    CLAUSE(rst)                                                                                    \
    CLAUSE(saved)                                                                                  \
    CLAUSE(send_buffer)                                                                            \
    CLAUSE(send_queue)                                                                             \
    FIGURE(sent, put_since_sent(t, f))                                                             \
    FIGURE(sndbuf, put_bytes(t, f->send_buffer))                                                   \
    FIGURE(strerror, text_add(t, errno_words(f->err)))                                             \
    CLAUSE(syn_kept_back)                                                                          \
    CLAUSE(taken)                                                                                  \
    CLAUSE(then_ipv4)                                                                              \
    FIGURE(timeout, put_duration(t, f->timeout_us))                                                \
    CLAUSE(timer)                                                                                  \
    CLAUSE(to_peer)                                                                                \
    CLAUSE(told_once)                                                                              \
    FIGURE(tries, put_count(t, f->tries, " retransmission", " retransmissions"))                   \
    FIGURE(tx, put_bytes(t, f->tx))                                                                \
    FIGURE(unacked, put_bytes(t, f->unacked))                                                      \
    FIGURE(unread, put_bytes(t, f->queued))                                                        \
    FIGURE(unsent, put_bytes(t, f->unsent))                                                        \
    FIGURE(user_timeout_ms, text_unsigned(t, f->user_timeout_ms))                                  \
    FIGURE(waited_ms, text_unsigned(t, f->waited_ms))                                              \
    FIGURE(waited, put_duration(t, (uint64_t)f->waited_ms * 1000))                                 \
    FIGURE(waiting, put_bytes(t, (uint64_t)f->unacked + f->unsent))                                \
    CLAUSE(what_ran_out)                                                                           \
    CLAUSE(who_shut)                                                                               \
    CLAUSE(why_not_resolved)                                                                       \
    CLAUSE(with_corked)                                                                            \
    CLAUSE(within_user_timeout)

#define NO_FUNCTION(name, writes)
#define CLAUSE_FUNCTION(name) template clause_##name(const struct facts *f);
PARTS(NO_FUNCTION, CLAUSE_FUNCTION)

#endif
