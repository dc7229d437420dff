/* The words of a sentence: templates with named figures. Pure, async-signal-safe,
 * and without allocation; none of it fails. */
#ifndef SOCKSHIM_SAY_H
#define SOCKSHIM_SAY_H

#include "base/facts.h"
#include "base/text.h"

/* A template is a sentence as a person reads it, with `$name` for a figure, or for a
 * clause that is a template of its own, picked by the facts. say.c has their names.
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

/* Clauses: the functions are in why_*.c. NULL for one that is not said. */
#define CLAUSES(X)                                                                                 \
    X(never_acknowledged)                                                                          \
    X(saved)                                                                                       \
    X(after_rx)                                                                                    \
    X(not_acknowledged)                                                                            \
    X(failed_since)                                                                                \
    X(how_far)                                                                                     \
    X(or_this_kernel)                                                                              \
    X(or_own_firewall)                                                                             \
    X(idle_or_between)                                                                             \
    X(send_queue)                                                                                  \
    X(could_not_leave)                                                                             \
    X(timer)                                                                                       \
    X(from_peer)                                                                                   \
    X(heard)                                                                                       \
    X(in_spite_of_tries)                                                                           \
    X(within_user_timeout)                                                                         \
    X(to_peer)                                                                                     \
    X(or_ipv6_only)                                                                                \
    X(or_earlier_datagram)                                                                         \
    X(port_range)                                                                                  \
    X(taken)                                                                                       \
    X(of_len)                                                                                      \
    X(or_earlier_one)                                                                              \
    X(path_mtu)                                                                                    \
    X(send_buffer)                                                                                 \
    X(call_size)                                                                                   \
    X(what_ran_out)                                                                                \
    X(rest)                                                                                        \
    X(errno_words)

#define CLAUSE_FUNCTION(name) template clause_##name(const struct facts *f);
CLAUSES(CLAUSE_FUNCTION)

#endif
