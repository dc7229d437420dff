/* Facts to cause and sentence: pure. No system call, no state, so all of it is
 * async-signal-safe; none of it fails. */
#ifndef SOCKSHIM_CAUSE_H
#define SOCKSHIM_CAUSE_H

#include "base/facts.h"
#include "base/text.h"

/* CAUSE_other where the facts do not decide. */
enum cause cause_of(const struct facts *facts);
/* The level of this record: that of the cause, but for not-connected of shutdown and
 * setsockopt. */
enum level cause_level(const struct facts *facts, enum cause cause);
/* The `why` of the record: one or two sentences from the facts' own figures. */
void cause_sentence(struct text *t, const struct facts *facts, enum cause cause);

/* The cause that an errno value has by itself, where no other fact decides. */
enum cause cause_of_errno(int err);

/* The highest level that such a result can have, as far as these three say: if that is
 * below the level that is wanted, the kernel need not be asked anything.
 * can_time_out: whether EAGAIN may be an expired timeout. */
enum level cause_loudest(enum call call, long ret, int err, bool can_time_out);

#endif
